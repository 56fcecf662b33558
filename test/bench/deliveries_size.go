//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// measureSize returns by how many bytes the programs of stores and delivery make a
// static program larger that speaks HTTPS anyway. It is built as the product is.
func measureSize(ctx context.Context, dir string) (added int64, err error) {
	var sizes []int64
	for _, name := range []string{"bare", "delivering"} {
		path := filepath.Join(dir, name)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "tallylight/test/bench/size/"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		sizes = append(sizes, info.Size())
	}
	return sizes[1] - sizes[0], nil
}
