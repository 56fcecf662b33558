package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// placeOf names a folder such that another one, a copy of it included, has another
// name, on whatever machine it is. It holds until the machine is started again; it is
// "" where it cannot be told.
func placeOf(dir string) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	info, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s/%d/%d", strings.TrimSpace(string(boot)), stat.Dev, stat.Ino)
}
