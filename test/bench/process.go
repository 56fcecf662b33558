//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long a server may take to start and to end.
const (
	startTimeout = 10 * time.Second
	stopTimeout  = 40 * time.Second
	abortTimeout = 5 * time.Second
)

// A process is a server that runs, with its children.
type process struct {
	cmd  *exec.Cmd
	log  *os.File // its standard error
	done chan error
}

// startProcess starts cmd, whose standard error goes to the file at logPath.
func startProcess(cmd *exec.Cmd, logPath string) (*process, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	// Not SIGKILL, which would leave the children of nginx behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	p := &process{cmd: cmd, log: log, done: make(chan error, 1)}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, err
	}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// startAndScan starts cmd and waits for its first line, which has words like
// name=value. It returns those.
func startAndScan(cmd *exec.Cmd, logPath string) (*process, map[string]string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	cmd.Stdout = w
	p, err := startProcess(cmd, logPath)
	w.Close()
	if err != nil {
		return nil, nil, err
	}
	r.SetReadDeadline(time.Now().Add(startTimeout))
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return nil, nil, p.abort(fmt.Errorf("read the ready line: %w", err))
	}
	said := make(map[string]string)
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			said[name] = value
		}
	}
	return p, said, nil
}

// stop asks the process to end and waits until it has.
func (p *process) stop(signal syscall.Signal) error {
	p.cmd.Process.Signal(signal) // if it has ended by itself, Wait says why
	select {
	case err := <-p.done:
		return p.explain(err)
	case <-time.After(stopTimeout):
		return p.abort(errors.New("did not end"))
	}
}

// abort ends the process because of err.
func (p *process) abort(err error) error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(abortTimeout):
		p.cmd.Process.Kill()
		<-p.done
	}
	return p.explain(err)
}

// explain closes the log and, if there is an error, adds the log's end to it. It may
// be called again when the process has ended.
func (p *process) explain(err error) error {
	p.log.Close()
	if err == nil {
		return nil
	}
	const tail = 2 << 10
	text, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("%s: %w\n%s", p.cmd.Path, err, text[max(0, len(text)-tail):])
}

// pids returns the process and its children, which nginx works with.
func (p *process) pids() ([]int, error) { return family(p.cmd.Process.Pid) }

// family returns a process and its children.
func family(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	pids := []int{pid}
	for _, word := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, nil
}

// A usage is what a process and its children have used so far and hold.
type usage struct {
	cpu      time.Duration // user and system, all threads, to the nanosecond
	resident int64         // bytes
}

func (p *process) usage() (usage, error) {
	var sum usage
	pids, err := p.pids()
	if err != nil {
		return sum, err
	}
	for _, pid := range pids {
		cpu, err := cpuClock(pid)
		if err != nil {
			return sum, fmt.Errorf("CPU clock of process %d: %w", pid, err)
		}
		resident, err := residentBytes(pid)
		if err != nil {
			return sum, err
		}
		sum.cpu += cpu
		sum.resident += resident
	}
	return sum, nil
}

// cpuClock reads the CPU clock of another process, which counts in nanoseconds;
// /proc/PID/stat counts in ticks of 10 ms.
func cpuClock(pid int) (time.Duration, error) {
	const schedulerClock = 2 // CPUCLOCK_SCHED of the kernel's posix-timers.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// residentBytes returns the resident memory of a process, page cache of files
// that it writes not included.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kib, err := statusField(string(text), "VmRSS")
	if err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return kib << 10, nil
}

// statusField returns a number of /proc/PID/status.
func statusField(status, name string) (int64, error) {
	for line := range strings.Lines(status) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("no field %s", name)
}
