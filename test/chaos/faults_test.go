package chaos

import (
	"sync"
	"testing"
)

// maxFaults bounds what is said of a run that goes wrong.
const maxFaults = 30

// faults say what is wrong. Any goroutine may call fault.
type faults struct {
	t testing.TB

	mu    sync.Mutex
	count int
}

// fault fails the test and says why; after maxFaults of them it is silent.
func (f *faults) fault(format string, args ...any) {
	f.t.Helper()
	f.mu.Lock()
	f.count++
	n := f.count
	f.mu.Unlock()
	switch {
	case n < maxFaults:
		f.t.Errorf(format, args...)
	case n == maxFaults:
		f.t.Error("further faults are not shown")
	}
}
