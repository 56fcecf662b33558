package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// claimers are how many work at once in testConcurrentClaims, by two processes.
const claimers = 8

// A crowd is the claimers. One that was given nothing waits until another has
// finished a delivery or more were added. When all wait, what is left is lost.
type crowd struct {
	mu      sync.Mutex
	changed sync.Cond
	changes int              // how often something was finished or added
	waiting int              // claimers that found nothing since
	left    int              // deliveries that are not finished
	adding  bool             // more will be added
	last    map[string]int64 // number of each stream's newest delivery handed out
}

// change says that there may be something to claim.
func (c *crowd) change(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
	c.changes++
	c.waiting = 0
	c.changed.Broadcast()
}

// look returns how often there was a change, and whether anything is left.
func (c *crowd) look() (changes int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes, c.left > 0
}

// wait waits for the next change, and reports whether there can be none.
func (c *crowd) wait(changes int) (lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return false
	}
	if c.waiting++; c.waiting == claimers && !c.adding {
		return true
	}
	for c.changes == changes {
		c.changed.Wait()
	}
	return false
}

// check checks that a delivery is the next of its stream.
func (c *crowd) check(t *testing.T, d live.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stream := d.Event.Key.Stream
	if want := c.last[stream] + 1; d.Event.Seq != want {
		t.Errorf("stream %s: event %d was handed out, want %d", stream, d.Event.Seq, want)
	}
	c.last[stream]++
}

// work claims and finishes until nothing is left.
func (c *crowd) work(t *testing.T, s store.Store) {
	defer c.change(func() {
		if t.Failed() {
			c.left = 0 // the others need not wait
		}
	})
	ctx := t.Context()
	for changes, more := c.look(); more; changes, more = c.look() {
		var claimed []live.Delivery
		err := s.Update(ctx, func(tx store.Tx) (err error) {
			claimed, err = tx.ClaimDeliveries(ctx, epoch, after(time.Hour), burst, 3, nil)
			return err
		})
		if err != nil {
			t.Error(err)
			return
		}
		for _, d := range claimed {
			c.check(t, d)
			d.State, d.Attempts = live.DeliveryDelivered, 1
			err := s.Update(ctx, func(tx store.Tx) error {
				return tx.FinishAttempt(ctx, d, live.Attempt{Number: 1, Status: 200})
			})
			if err != nil {
				t.Error(err)
				return
			}
			c.change(func() { c.left-- })
		}
		if len(claimed) == 0 && c.wait(changes) {
			t.Error("some deliveries are never handed out")
			return
		}
	}
}

func testConcurrentClaims(t *testing.T, b Backend) {
	ctx := t.Context()
	const streams, each = 10, 20
	stores := []store.Store{b.Store, b.Beside(t)}
	addTo := func(s store.Store, id int) { // to every stream
		err := s.Update(ctx, func(tx store.Tx) error {
			for i := range streams {
				key := live.StreamKey{Domain: show.Domain, App: show.App, Stream: fmt.Sprint(i)}
				if err := add(ctx, tx, key, fmt.Sprintf("%d_%d", i, id), urlA); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for i := range each / 2 {
		addTo(b.Store, i)
	}
	c := &crowd{left: streams * each, adding: true, last: make(map[string]int64)}
	c.changed.L = &c.mu
	var wg sync.WaitGroup
	wg.Go(func() { // the rest while they claim, and the URL parked now and then
		for i := each / 2; i < each; i++ {
			if err := stores[i%2].Update(ctx, func(tx store.Tx) error {
				return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: urlA, ParkedAt: epoch})
			}); err != nil {
				t.Error(err)
			}
			addTo(stores[i%2], i)
			if err := stores[1-i%2].Update(ctx, func(tx store.Tx) error { return tx.ResumeEndpoint(ctx, urlA) }); err != nil {
				t.Error(err)
			}
			c.change(func() {})
		}
		c.change(func() { c.adding = false })
	})
	for i := range claimers {
		wg.Go(func() { c.work(t, stores[i%2]) })
	}
	wg.Wait()
	claimer{t, b.Store}.nothingDue()
}
