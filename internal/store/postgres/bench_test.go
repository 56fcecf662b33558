//go:build unix

package postgres

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
)

var benchTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// addBench adds an event of a stream with one delivery, which is due.
func addBench(b *testing.B, s *Store, stream int, n int64) error {
	ctx := b.Context()
	return s.Update(ctx, func(tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprintf("evt_%012d", n)), Type: live.EventRecordStarted,
			Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: fmt.Sprint(stream)}, OccurredAt: benchTime})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID(fmt.Sprintf("dlv_%012d", n)), Event: e,
			URL: "https://callback.example.com/live/notify", State: live.DeliveryPending, DueAt: benchTime})
	})
}

// share lets callers do b.N things, each caller one after the other.
func share(b *testing.B, callers int, do func(caller int, n int64) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := do(i, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkUpdate adds an event with its delivery, durably.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openTest(b, pgtest.Start(b), Options{})
			b.ResetTimer()
			share(b, callers, func(caller int, n int64) error { return addBench(b, s, caller, n) })
		})
	}
}

// BenchmarkClaimFinish takes deliveries of 1,000 streams through claim and success,
// 64 a claim, by two servers.
func BenchmarkClaimFinish(b *testing.B) {
	at := pgtest.Start(b)
	nodes := []*Store{openTest(b, at, Options{Node: "a"}), openTest(b, at, Options{Node: "b"})}
	ctx := b.Context()
	share(b, 16, func(_ int, n int64) error { return addBench(b, nodes[0], int(n%1000), n) })
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for _, s := range nodes {
		wg.Go(func() {
			for left.Load() > 0 {
				var claimed []live.Delivery
				err := s.Update(ctx, func(tx store.Tx) (err error) {
					claimed, err = tx.ClaimDeliveries(ctx, benchTime, benchTime.Add(time.Minute), 5, 64, nil)
					return err
				})
				if err != nil {
					b.Error(err)
					return
				}
				var finished []store.FinishedAttempt
				for _, d := range claimed {
					d.State, d.Attempts, d.DueAt = live.DeliveryDelivered, 1, time.Time{}
					finished = append(finished, store.FinishedAttempt{Delivery: d, Attempt: live.Attempt{
						Delivery: d.ID, Number: 1, StartedAt: benchTime, Elapsed: time.Millisecond, Address: "192.0.2.1:443", Status: 200}})
				}
				err = s.Update(ctx, func(tx store.Tx) error {
					_, err := tx.FinishAttempts(ctx, finished)
					return err
				})
				if err != nil {
					b.Error(err)
					return
				}
				left.Add(-int64(len(claimed)))
			}
		})
	}
	wg.Wait()
}

// BenchmarkOweFinish takes events of 10,000 streams through what a delivery at the
// first attempt costs: an Update that owes it, and for each 64 one that records
// their outcomes.
func BenchmarkOweFinish(b *testing.B) {
	const streams, callers, batch = 10_000, 32, 64
	s := openTest(b, pgtest.Start(b), Options{Node: "a"})
	ctx := b.Context()
	var owed [callers][]store.FinishedAttempt
	b.ResetTimer()
	share(b, callers, func(caller int, n int64) error {
		id := live.EventID(fmt.Sprintf("evt_%026d", n))
		o := store.Owing{
			Event: live.Event{ID: id, Type: live.EventRecordStarted, OccurredAt: benchTime,
				Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: fmt.Sprint(n * 7919 % streams)}},
			Deliveries: []live.Delivery{{ID: id.DeliveryID(), URL: "https://callback.example.com/live/notify",
				State: live.DeliveryPending, DueAt: benchTime, LeasedUntil: benchTime.Add(time.Minute)}},
		}
		err := s.Update(ctx, func(tx store.Tx) error { return tx.Owe(ctx, &o) })
		if err == nil {
			d := o.Deliveries[0]
			d.State, d.Attempts, d.DueAt = live.DeliveryDelivered, 1, time.Time{}
			owed[caller] = append(owed[caller], store.FinishedAttempt{Delivery: d, Attempt: live.Attempt{Delivery: d.ID, Number: 1,
				StartedAt: benchTime.Add(time.Duration(n) * time.Microsecond), Elapsed: time.Millisecond, Address: "192.0.2.1:443", Status: 200}})
		}
		if err != nil || len(owed[caller]) < batch {
			return err
		}
		list := owed[caller]
		owed[caller] = nil
		return s.Update(ctx, func(tx store.Tx) error {
			_, err := tx.FinishAttempts(ctx, list)
			return err
		})
	})
}
