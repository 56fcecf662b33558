package callback

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

// handOver owes a delivery that is leased, and hands it over.
func (b *bench) handOver(stream, url string) live.Delivery {
	d := b.store.owe(stream, url, "")
	d.LeasedUntil = time.Now().Add(live.DeliveryLease)
	b.store.mu.Lock()
	r := b.store.rows[d.ID]
	r.lease = d.LeasedUntil
	b.store.rows[d.ID] = r
	b.store.mu.Unlock()
	b.d.HandOver(d)
	return d
}

func TestWhatIsHandedOverIsSentAtOnceWithoutAClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		b.handOver("other", hook)
		wait(time.Second)
		asked := b.store.timesAsked()
		start := time.Now()
		d := b.handOver("show", hook)
		b.d.HandOver(d) // as if its commit had been repeated
		wait(0)
		if got := s.all(); len(got) != 2 || got[1].at != start {
			t.Fatalf("received %+v, want one more at once", got)
		}
		wait(time.Second)
		if n := b.store.timesAsked() - asked; n != 1 {
			t.Errorf("the store was asked %d times, want once, to record the outcome", n)
		}
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDelivered {
			t.Errorf("delivery = %+v, want delivered", after)
		}
	})
}

// TestWhatFindsNoRoomIsLeftToTheTable hands over more of one receiver than is
// held: the rest must not wait for the end of its leases.
func TestWhatFindsNoRoomIsLeftToTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		var s sink
		defer b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(100 * time.Millisecond)
			s.ServeHTTP(w, r)
		}))()
		const events = 5 * maxWaiting
		for i := range events {
			b.handOver(fmt.Sprint("s", i), hook)
		}
		wait(time.Second)
		if st := b.d.Stats(); st.Waiting > maxWaiting {
			t.Errorf("%d deliveries wait in memory, want %d at most", st.Waiting, maxWaiting)
		}
		wait(10 * time.Second)
		if n := len(s.all()); n != events || b.store.pending() != 0 {
			t.Errorf("%d requests for %d events, %d pending", n, events, b.store.pending())
		}
	})
}

func TestAReceiverThatIsDownCostsProbesOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		const events = 300
		for i := range events {
			b.handOver(fmt.Sprint("s", i), hook) // nobody listens
		}
		wait(5 * time.Minute)
		// The first came before the breaker opened, then twelve probes or so.
		if n := b.net.dialled(); n > breakAfter+firstCap+12 {
			t.Errorf("%d attempts at a receiver that is down", n)
		}
		asked := b.store.timesAsked()
		wait(time.Minute)
		if n := b.store.timesAsked() - asked; n > 6 {
			t.Errorf("the store was asked %d times in a minute about a receiver that is down", n)
		}
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		wait(lastProbe + 2*time.Second)
		if n := b.store.pending(); n != 0 || len(s.all()) != events {
			t.Errorf("%d pending, %d of %d arrived after it was back", n, len(s.all()), events)
		}
	})
}

func TestShutdownGivesBackWhatWasNotStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{PerOrigin: 1})
		defer b.net.serve(sinkAddress, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) }))()
		b.handOver("a", hook)
		waiting := b.handOver("b", hook)
		wait(500 * time.Millisecond)
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
		if lease := b.store.rows[waiting.ID].lease; !lease.IsZero() {
			t.Errorf("the delivery that waited is leased until %v, want its lease given back", lease)
		}
	})
}
