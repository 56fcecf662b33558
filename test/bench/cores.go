//go:build linux

package main

import (
	"context"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pinned returns a command that runs on the given cores only, a list as taskset
// takes it; on any, if the list is empty. The process is the program's own, since
// taskset becomes it.
func pinned(ctx context.Context, cores, name string, args ...string) *exec.Cmd {
	if cores == "" {
		return exec.CommandContext(ctx, name, args...)
	}
	return exec.CommandContext(ctx, "taskset", append([]string{"--cpu-list", cores, name}, args...)...)
}

// usableCores returns the numbers of the cores that this process may run on.
func usableCores() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, err
	}
	var cores []int
	for i := 0; len(cores) < set.Count(); i++ {
		if set.IsSet(i) {
			cores = append(cores, i)
		}
	}
	return cores, nil
}

// coreList writes cores as taskset takes them.
func coreList(cores []int) string {
	words := make([]string, len(cores))
	for i, core := range cores {
		words[i] = strconv.Itoa(core)
	}
	return strings.Join(words, ",")
}
