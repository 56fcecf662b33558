package callback

import (
	"sync"

	"tallylight/internal/live"
)

// An inbox takes what was committed to the dispatcher, which empties it at once.
// Beyond maxHeld, before a Run or after it, leases are left to run out.
type inbox struct {
	signal chan struct{} // has room for one

	mu     sync.Mutex
	handed []live.Delivery
	wake   bool // the table has something new
}

func newInbox() *inbox { return &inbox{signal: make(chan struct{}, 1)} }

// put adds deliveries; those that are not leased only tell to look into the table.
func (b *inbox) put(list ...live.Delivery) {
	b.mu.Lock()
	for _, d := range list {
		if d.LeasedUntil.IsZero() || len(b.handed) >= maxHeld {
			b.wake = true
		} else {
			b.handed = append(b.handed, d)
		}
	}
	b.mu.Unlock()
	b.notify()
}

// look tells to look into the table.
func (b *inbox) look() {
	b.mu.Lock()
	b.wake = true
	b.mu.Unlock()
	b.notify()
}

func (b *inbox) notify() {
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// take empties the inbox. The deliveries go to buffer's memory next time.
func (b *inbox) take(buffer []live.Delivery) (handed []live.Delivery, wake bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	handed, wake = b.handed, b.wake
	clear(buffer)
	b.handed, b.wake = buffer[:0], false
	return handed, wake
}
