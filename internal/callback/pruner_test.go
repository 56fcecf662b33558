package callback

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

func TestTheLogIsPrunedInBatches(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		const keep = 7 * 24 * time.Hour
		key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
		add := func(n int, state live.DeliveryState, at time.Time) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx store.Tx) error {
				for range n {
					e, err := tx.AddEvent(ctx, live.Event{ID: live.NewEventID(at), Type: live.EventRecordStarted, Key: key, OccurredAt: at})
					if err != nil {
						return err
					}
					if err := tx.AddDelivery(ctx, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: sinkURL, State: state}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		left := func() (n int) {
			t.Helper()
			err := s.View(t.Context(), func(r store.Reader) error {
				list, err := r.LatestEvents(t.Context(), 10_000)
				n = len(list)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		start := time.Now()
		add(2*pruneBatch+3, live.DeliveryDelivered, start.Add(-keep-tailEnd-time.Minute))
		add(2, live.DeliveryDead, start.Add(-keep-tailEnd-time.Minute))
		add(5, live.DeliveryDelivered, start.Add(-keep-tailEnd+30*time.Minute)) // old within the hour

		add(1, live.DeliveryDelivered, start.Add(-keep-2*time.Hour)) // its last attempt can be younger

		update(t, s, func(ctx context.Context, tx store.Tx) error {
			old := live.ReceiverHealth{Origin: "http://old.example.com", FailedAt: start.Add(-keep - tailEnd - time.Minute)}
			if err := tx.PutReceiverHealth(ctx, old); err != nil {
				return err
			}
			return tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: "http://young.example.com", SucceededAt: start})
		})

		failing := &failAfter{Store: s}
		failing.updates.Store(1)
		var log bytes.Buffer
		p := NewPruner(PrunerConfig{Store: failing, Keep: keep, Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- p.Run(ctx) }()
		wait(time.Minute)
		if n := left(); n != pruneBatch+11 {
			t.Errorf("after a failure: %d events are left", n)
		}
		failing.updates.Store(1000)
		wait(pruneInterval)
		if n := left(); n != 3 {
			t.Errorf("an hour later: %d events are left, want the 2 that were given up and a young one", n)
		}
		err := s.View(t.Context(), func(r store.Reader) error {
			list, err := r.ReceiverHealth(t.Context())
			if len(list) != 1 || list[0].Origin != "http://young.example.com" {
				t.Errorf("what is known of receivers: %+v", list)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if got := log.String(); !strings.Contains(got, "pruning the log of callbacks failed") || !strings.Contains(got, "events=508") {
			t.Errorf("log:\n%s", got)
		}
	})
}
