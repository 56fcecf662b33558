package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A process is a program that a test runs.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{}
	status         int // once exited; -1 if a signal ended it
}

// start runs a program in the background and kills it when the test ends.
// environ is added to the environment.
func start(t testing.TB, environ []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), exited: make(chan struct{})}
	p.cmd.Env = append(cleanEnviron(), environ...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		p.status = p.cmd.ProcessState.ExitCode()
		close(p.exited)
		p.stdout.happened()
		p.stderr.happened()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed\n%s%s", p.cmd, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// cleanEnviron returns the environment without settings of a server.
func cleanEnviron() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TALLYLIGHT_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// kill ends the process as kill -9 does, and returns when it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill() // fails only where it has exited
	<-p.exited
}

// wait returns the exit status.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	p.stderr.await(t, p.cmd.Path+" to exit", p.hasExited)
	return p.status
}

// stop ends the process by SIGTERM, to which a server exits with status 0.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if status := p.wait(t); status != 0 {
		t.Fatalf("%s exits with status %d after SIGTERM, want 0", p.cmd.Path, status)
	}
}

// awaitLog returns the first line on standard error that holds all of parts.
func (p *process) awaitLog(t testing.TB, parts ...string) string {
	t.Helper()
	var line string
	p.stderr.await(t, "a log line with "+strings.Join(parts, " and "), func() bool {
		line = findLine(p.stderr.String(), parts)
		return line != "" || p.hasExited()
	})
	if line == "" {
		t.Fatalf("%s exited without a log line with %q", p.cmd.Path, parts)
	}
	return line
}

func findLine(text string, parts []string) string {
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			return "" // not complete yet
		}
		missing := false
		for _, part := range parts {
			missing = missing || !strings.Contains(line, part)
		}
		if !missing {
			return line
		}
	}
	return ""
}

// runToEnd runs the program under test and returns what it printed.
func runToEnd(t testing.TB, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := start(t, environ, tallylight, args...)
	status = p.wait(t)
	return status, p.stdout.String(), p.stderr.String()
}
