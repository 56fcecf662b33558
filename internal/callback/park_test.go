package callback

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const otherHook = "http://93.184.216.34/other"

// oweTo owes an event of a stream to a URL and hands it over.
func oweTo(t *testing.T, b *bench, s *sqlite.Store, stream, url string) live.Delivery {
	t.Helper()
	d := oweURLOnSQLite(t, s, stream, url)
	b.d.HandOver(d)
	return d
}

func resumeURL(t *testing.T, b *bench, s *sqlite.Store, url string) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.ResumeEndpoint(ctx, url) })
	b.d.Wake()
}

func parkedURLs(t *testing.T, s *sqlite.Store) (list []live.ParkedEndpoint) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) (err error) {
		list, err = r.ParkedEndpoints(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// goneSink answers 410 at hook while gone.
func goneSink() (s *sink, gone *atomic.Bool) {
	gone = new(atomic.Bool)
	gone.Store(true)
	return &sink{answer: func(r received) int {
		if gone.Load() && r.stream == "/hook" {
			return http.StatusGone
		}
		return http.StatusOK
	}}, gone
}

func at(list []received, path string) (n int) {
	for _, c := range list {
		if c.stream == path {
			n++
		}
	}
	return n
}

func TestAURLThatIsGoneIsParkedUntilItIsResumed(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		net := newPipeNet()
		sink, gone := goneSink()
		defer net.serve(sinkAddress, sink)()
		b := run(t, s, net, Config{ParkOnGone: true})
		first := oweTo(t, b, s, "a", hook)
		start := time.Now()
		wait(time.Second)
		if list := parkedURLs(t, s); len(list) != 1 || list[0] != (live.ParkedEndpoint{URL: hook, ParkedAt: start.UTC(), Delivery: first.ID, Status: 410}) {
			t.Fatalf("parked: %+v", list)
		}
		var owed []live.Delivery
		for i := range 20 {
			owed = append(owed, oweTo(t, b, s, fmt.Sprint("s", i%7), hook))
			oweTo(t, b, s, fmt.Sprint("s", i%7), otherHook)
			wait(time.Second)
		}
		wait(100 * time.Hour) // longer than anything is tried
		if n, other := at(sink.all(), "/hook"), at(sink.all(), "/other"); n != 1 || other != 20 {
			t.Errorf("%d requests at the URL that is gone, want 1; %d at another of its server, want 20", n, other)
		}
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}

		b = run(t, s, net, Config{ParkOnGone: true}) // a restart
		wait(time.Hour)
		oweTo(t, b, s, "late", hook)
		wait(time.Hour)
		if n := at(sink.all(), "/hook"); n != 1 {
			t.Errorf("%d requests after a restart, want none more", n)
		}
		for _, d := range append(owed, first) {
			if got := deliveryOf(t, s, d.ID); got.State != live.DeliveryPending {
				t.Errorf("delivery = %+v, want pending however long it is parked", got)
			}
		}

		gone.Store(false)
		resumeURL(t, b, s, hook)
		wait(time.Second)
		if n := at(sink.all(), "/hook"); n != 1+22 {
			t.Errorf("%d requests after it was resumed, want 22 more", n)
		}
		checkFirstArrivals(t, sink.all()[21:], owed)
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatIsOwedToAParkedURLIsTriedOnceMoreHoweverOldItIs(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		net := newPipeNet()
		var status atomic.Int64
		status.Store(http.StatusServiceUnavailable)
		sink := sink{answer: func(received) int { return int(status.Load()) }}
		defer net.serve(sinkAddress, &sink)()
		b := run(t, s, net, Config{ParkOnGone: true})
		d := oweTo(t, b, s, "a", hook)
		wait(71 * time.Hour)
		status.Store(http.StatusGone) // the last attempt is due an hour later
		wait(2 * time.Hour)
		if got := deliveryOf(t, s, d.ID); got.State != live.DeliveryPending || len(parkedURLs(t, s)) != 1 {
			t.Fatalf("after a last attempt that was answered by 410: %+v, want it pending and its URL parked", got)
		}
		status.Store(http.StatusOK)
		resumeURL(t, b, s, hook)
		wait(time.Second)
		if got := deliveryOf(t, s, d.ID); got.State != live.DeliveryDelivered {
			t.Errorf("after it was resumed: %+v", got)
		}
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestGoneIsARefusalAsAnyOtherUnlessTheOperatorChoseToPark(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		net := newPipeNet()
		sink, _ := goneSink()
		defer net.serve(sinkAddress, sink)()
		b := run(t, s, net, Config{TailOff: true})
		d := oweTo(t, b, s, "a", hook)
		wait(time.Minute)
		if got := deliveryOf(t, s, d.ID); got.State != live.DeliveryDead || len(parkedURLs(t, s)) != 0 || len(sink.all()) != 6 {
			t.Errorf("after %d attempts: %+v, parked %+v", len(sink.all()), got, parkedURLs(t, s))
		}
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestWhatWaitsInMemoryIsNotSentToAURLThatIsGone has far more in memory than may run
// at a time when the first answer comes.
func TestWhatWaitsInMemoryIsNotSentToAURLThatIsGone(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		net := newPipeNet()
		sink, gone := goneSink()
		defer net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(100 * time.Millisecond)
			sink.ServeHTTP(w, r)
		}))()
		b := run(t, s, net, Config{PerOrigin: 2, ParkOnGone: true})
		for i := range 50 {
			oweTo(t, b, s, fmt.Sprint("s", i), hook)
			oweTo(t, b, s, fmt.Sprint("s", i), otherHook)
		}
		wait(time.Minute)
		if n, other := at(sink.all(), "/hook"), at(sink.all(), "/other"); n > 2 || other != 50 {
			t.Errorf("%d requests at the URL that is gone, want those that ran; %d at another, want 50", n, other)
		}
		gone.Store(false)
		resumeURL(t, b, s, hook)
		wait(time.Minute)
		if n := at(sink.all(), "/hook"); n < 50 || n > 52 {
			t.Errorf("%d requests after it was resumed", n)
		}
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnotherProcessParksAndResumes(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		net := newPipeNet()
		var sink sink
		defer net.serve(sinkAddress, &sink)()
		b := run(t, s, net, Config{})
		wait(time.Minute)
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: hook, ParkedAt: time.Now()})
		})
		oweTo(t, b, s, "a", hook)
		wait(time.Hour)
		if n := len(sink.all()); n != 0 {
			t.Errorf("%d requests at a URL that is parked", n)
		}
		update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.ResumeEndpoint(ctx, hook) })
		wait(idlePoll)
		if n := len(sink.all()); n != 1 {
			t.Errorf("%d requests within %v, want 1", n, idlePoll)
		}
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestParkingSurvivesAStoreThatFails has the Update fail that records the answer of
// which a URL is parked.
func TestParkingSurvivesAStoreThatFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		written bool
	}{
		{"failed, not written", store.ErrUnavailable, false},
		{"failed, yet written", store.ErrUncertain, true},
		{"failed for good, then written alone", errors.New("constraint"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{ParkOnGone: true})
				defer b.stop()
				sink, _ := goneSink()
				defer b.net.serve(sinkAddress, sink)()
				failed := 0
				b.store.setFault(func(tx *memTx) (error, bool) {
					if len(tx.parked) == 0 || failed == 1 {
						return nil, false
					}
					failed++
					return tt.err, tt.written
				})
				for i := range 4 {
					b.owe(fmt.Sprint("s", i), hook)
				}
				wait(time.Hour)
				if p := b.store.parked[hook]; failed != 1 || p.Status != 410 || len(sink.all()) != 4 || b.store.pending() != 4 {
					t.Errorf("after %d failures and %d requests: parked %+v, %d pending", failed, len(sink.all()), p, b.store.pending())
				}
			})
		})
	}
}
