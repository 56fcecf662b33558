package e2e

import (
	"sync"
	"testing"
	"time"
)

// patience bounds every wait. It is longer than DelayTime can be short, on a
// machine that is busy.
const patience = 60 * time.Second

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
	c.awaitWithin(t, patience, what, found)
}

// awaitWithin is await with a patience of its own.
func (c *change) awaitWithin(t testing.TB, patience time.Duration, what string, found func() bool) {
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
	text []byte
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	o.text = append(o.text, b...)
	o.mu.Unlock()
	o.happened()
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
