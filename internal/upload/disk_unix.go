//go:build unix

package upload

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// diskFree returns how many bytes of the file system of dir may still be written,
// and how many it has in all.
func diskFree(dir string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	block := uint64(s.Bsize)
	return uint64(s.Bavail) * block, uint64(s.Blocks) * block, nil
}
