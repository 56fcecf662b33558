package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// addBench adds an event with one delivery, which is due.
func addBench(b *testing.B, tx store.Tx, stream, id string) error {
	ctx := b.Context()
	e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID("evt_" + id), Type: live.EventRecordStarted,
		Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream}, OccurredAt: benchTime})
	if err != nil {
		return err
	}
	return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID("dlv_" + id), Event: e,
		URL: "https://callback.example.com/live/notify", State: live.DeliveryPending, DueAt: benchTime})
}

var benchTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// BenchmarkUpdate adds an event with its delivery, durably. Concurrent callers
// share the sync of the disk.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openTest(b, filepath.Join(b.TempDir(), "store.db"))
			commits := 0
			commit := s.writer.commit
			s.writer.commit = func() error { commits++; return commit() }
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					stream := fmt.Sprint(i)
					for {
						k := n.Add(1)
						if k > int64(b.N) {
							return
						}
						err := s.Update(b.Context(), func(tx store.Tx) error {
							return addBench(b, tx, stream, fmt.Sprintf("%012d", k))
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/float64(max(commits, 1)), "updates/commit")
		})
	}
}

// BenchmarkView reads a record config, as every publish does.
func BenchmarkView(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "store.db"))
	ctx := b.Context()
	config := live.RecordConfig{Domain: "play.example.com", App: live.Any, Stream: live.Any}
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.AddRecordConfig(ctx, config) }); err != nil {
		b.Fatal(err)
	}
	key := live.StreamKey{Domain: config.Domain, App: "live", Stream: "show"}
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(ctx, func(r store.Reader) error {
			_, err := r.MatchRecordConfig(ctx, key)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaimFinish takes deliveries through claim and success, 64 at a time,
// beside so many finished ones and with 10,000 more pending: each of a stream of
// its own, or all of one stream, where one after the other gets its turn.
func BenchmarkClaimFinish(b *testing.B) {
	const pending, batch = 10_000, 64
	for _, test := range []struct {
		name     string
		finished int
		streams  int
		limit    int
	}{
		{"finished=0/streams=10000", 0, pending, batch},
		{"finished=1000000/streams=10000", 1_000_000, pending, batch},
		{"finished=0/streams=1", 0, 1, batch},
	} {
		b.Run(test.name, func(b *testing.B) {
			s := openTest(b, filepath.Join(b.TempDir(), "store.db"))
			addFinished(b, s, test.finished)
			added := 0
			fill := func(n int) {
				err := s.Update(b.Context(), func(tx store.Tx) error {
					for range n {
						if err := addBench(b, tx, fmt.Sprint(added%test.streams), fmt.Sprintf("%012d", added)); err != nil {
							return err
						}
						added++
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			fill(pending)
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; {
				n := claimFinish(b, s, test.limit)
				done += n
				b.StopTimer()
				fill(n)
				b.StartTimer()
			}
		})
	}
}

// claimFinish claims up to limit deliveries and finishes them, in one Update
// each, and returns how many.
func claimFinish(b *testing.B, s *Store, limit int) int {
	ctx := b.Context()
	var claimed []live.Delivery
	err := s.Update(ctx, func(tx store.Tx) (err error) {
		claimed, err = tx.ClaimDeliveries(ctx, benchTime, benchTime.Add(time.Minute), 5, limit, nil)
		return err
	})
	if err != nil || len(claimed) == 0 {
		b.Fatal("nothing claimed", err)
	}
	err = s.Update(ctx, func(tx store.Tx) error {
		for _, d := range claimed {
			d.State, d.Attempts, d.DueAt = live.DeliveryDelivered, 1, time.Time{}
			a := live.Attempt{Delivery: d.ID, Number: 1, StartedAt: benchTime, Elapsed: time.Millisecond, Address: "192.0.2.1:443", Status: 200}
			if err := tx.FinishAttempt(ctx, d, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return len(claimed)
}

// addFinished adds n delivered deliveries of another stream.
func addFinished(b *testing.B, s *Store, n int) {
	for _, query := range []string{
		`INSERT INTO streams (id, domain, app, stream, last_seq) VALUES (1, 'play.example.com', 'live', 'old', %[1]d)`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
			INSERT INTO events (id, stream_id, seq, previous_id, type, recording_id, occurred_at, detail)
			SELECT format('evt_%%012d', -i), 1, i, '', 'record_started', '', i, '{}' FROM n WHERE i <= %[1]d`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
			INSERT INTO deliveries (id, event_id, stream_id, seq, url, origin, sign_key, state, attempts)
			SELECT format('dlv_%%012d', -i), format('evt_%%012d', -i), 1, i, 'https://callback.example.com/live/notify',
				'https://callback.example.com', '', 'delivered', 1 FROM n WHERE i <= %[1]d`,
	} {
		if _, err := s.writer.conn.exec(fmt.Sprintf(query, n)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOweFinish takes events of 10,000 streams through what a delivery at the
// first attempt costs: 64 Updates that owe one each and share a commit, and one
// that records their outcomes.
func BenchmarkOweFinish(b *testing.B) {
	const streams, batch = 10_000, 64
	s := openTest(b, filepath.Join(b.TempDir(), "store.db"))
	ctx := b.Context()
	n := 0
	owe := func() (owed []store.FinishedAttempt) {
		var wg sync.WaitGroup
		owed = make([]store.FinishedAttempt, batch)
		for i := range batch {
			n++
			e := live.Event{ID: live.EventID(fmt.Sprintf("evt_%026d", n)), Type: live.EventRecordStarted, OccurredAt: benchTime,
				Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: fmt.Sprint(n * 7919 % streams)}}
			wg.Go(func() {
				o := store.Owing{Event: e, Deliveries: []live.Delivery{{ID: e.ID.DeliveryID(), URL: "https://callback.example.com/live/notify",
					State: live.DeliveryPending, DueAt: benchTime, LeasedUntil: benchTime.Add(time.Minute)}}}
				if err := s.Update(ctx, func(tx store.Tx) error { return tx.Owe(ctx, &o) }); err != nil {
					b.Error(err)
				}
				d := o.Deliveries[0]
				d.State, d.Attempts, d.DueAt = live.DeliveryDelivered, 1, time.Time{}
				owed[i] = store.FinishedAttempt{Delivery: d, Attempt: live.Attempt{Delivery: d.ID, Number: 1,
					StartedAt: benchTime.Add(time.Duration(o.Event.Seq) * time.Millisecond), Elapsed: time.Millisecond, Address: "192.0.2.1:443", Status: 200}}
			})
		}
		wg.Wait()
		return owed
	}
	b.ReportAllocs()
	for b.Loop() {
		owed := owe()
		err := s.Update(ctx, func(tx store.Tx) error {
			_, err := tx.FinishAttempts(ctx, owed)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/event")
}
