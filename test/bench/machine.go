//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// tick is the unit of /proc/stat: USER_HZ is 100 on every architecture that Go
// knows.
const tick = 10 * time.Millisecond

// A machine is what the figures depend on.
type machine struct {
	Processor  string `json:"processor"`
	Cores      int    `json:"cores"`
	MemoryMiB  int64  `json:"memory_mib"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	Tallylight string `json:"tallylight"`
	Nginx      string `json:"nginx"`
}

// lookAround describes this machine. What it cannot find out stays "unknown".
func lookAround(ctx context.Context, binary string) machine {
	m := machine{
		Processor:  "unknown",
		Cores:      runtime.NumCPU(),
		Kernel:     strings.TrimSpace(readText("/proc/sys/kernel/osrelease")),
		Go:         runtime.Version(),
		Tallylight: says(ctx, binary, "version"),
		Nginx:      strings.TrimPrefix(says(ctx, "/usr/sbin/nginx", "-v"), "nginx version: "),
	}
	for line := range strings.Lines(readText("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	if kib, err := statusField(readText("/proc/meminfo"), "MemTotal"); err == nil {
		m.MemoryMiB = kib / 1024
	}
	return m
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d MiB; Linux %s; %s; %s; nginx %s",
		m.Processor, m.Cores, m.MemoryMiB, m.Kernel, m.Go, m.Tallylight, m.Nginx)
}

// machineClock returns the CPU time of all that has run since the start, of all
// cores, in steps of 10 ms.
func machineClock() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var user, nice, system, idle, wait, irq, softirq int64
	if _, err := fmt.Sscanf(string(text), "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &wait, &irq, &softirq); err != nil {
		return 0, fmt.Errorf("read /proc/stat: %w", err)
	}
	return time.Duration(user+nice+system+irq+softirq) * tick, nil
}

func readText(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return string(b)
}

// says returns the first line that a command prints.
func says(ctx context.Context, name string, args ...string) string {
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(output), "\n")
	return line
}
