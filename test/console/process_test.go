package console

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A change is something that others wait for.
type change struct {
	mu      sync.Mutex
	happens chan struct{}
}

// next returns what is closed when the next change happens.
func (c *change) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.happens == nil {
		c.happens = make(chan struct{})
	}
	return c.happens
}

// happened wakes all who wait.
func (c *change) happened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.happens != nil {
		close(c.happens)
		c.happens = nil
	}
}

// await returns when found reports true, and asks it again after each change.
func (c *change) await(t testing.TB, what string, found func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		next := c.next()
		if found() {
			return
		}
		select {
		case <-next:
		case <-deadline:
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}

// An output keeps what a process prints.
type output struct {
	change
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	o.text.Write(b)
	o.mu.Unlock()
	o.happened()
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// A process is a program that a test runs.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{}
}

// start runs a program in the background and ends it with the test.
func start(t testing.TB, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.exited)
		p.stdout.happened()
	}()
	t.Cleanup(func() {
		p.end()
		if t.Failed() {
			t.Logf("%s printed\n%s%s", p.cmd, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// end ends the process, which may have ended, and returns when it is gone.
func (p *process) end() {
	p.cmd.Process.Kill() // fails only where it has exited
	<-p.exited
}

// command runs a command of the program under test to its end and returns what
// it printed.
func (s *server) command(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append(args, "--data", s.data)...)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return string(printed)
}
