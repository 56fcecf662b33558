package upload

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// diskFree returns how many bytes of the file system of dir may still be written,
// and how many it has in all.
func diskFree(dir string) (free, total uint64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(path, &free, &total, nil)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	return free, total, nil
}
