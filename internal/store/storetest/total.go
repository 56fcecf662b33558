package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testStoredTotals(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		var errs []error
		for i, f := range []live.RecordFile{
			{Key: show, State: live.FileStored, Size: 1, StartTime: epoch},
			{Key: show, State: live.FileStored, Size: 2, StartTime: after(time.Minute)},
			{Key: show, State: live.FileStored, Size: 4, StartTime: after(2 * time.Minute)},
			{Key: show, State: live.FileSealed, Size: 8, StartTime: after(2 * time.Minute)},
			{Key: show, State: live.FileStored, Size: 16},
			{Key: live.StreamKey{Domain: "other.example.com"}, State: live.FileStored, Size: 1 << 40, StartTime: after(3 * time.Minute)},
		} {
			f.ID = live.RecordFileID(fmt.Sprint("f", i))
			errs = append(errs, tx.PutRecordFile(ctx, f))
		}
		return errors.Join(errs...)
	})
	totals := func(from time.Time, limit int) []live.StoredTotal {
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.StoredTotal, error) {
			return r.StoredTotals(ctx, from, limit)
		})
	}
	other := live.StoredTotal{Domain: "other.example.com", Files: 1, Size: 1 << 40}
	equal(t, "since a minute after the first", totals(after(time.Minute), 10),
		[]live.StoredTotal{other, {Domain: show.Domain, Files: 2, Size: 6}})
	equal(t, "the newest two", totals(epoch, 2), []live.StoredTotal{other, {Domain: show.Domain, Files: 1, Size: 4}})
	equal(t, "later than all", totals(after(time.Hour), 10), nil)
	equal(t, "no more than none", totals(epoch, 0), nil)
}

func testUndeliveredTotals(t *testing.T, b Backend) {
	other := live.StreamKey{Domain: "other.example.com", App: "live", Stream: "show"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i, d := range []struct {
			key   live.StreamKey
			state live.DeliveryState
		}{
			{show, live.DeliveryPending}, {show, live.DeliveryPending}, {show, live.DeliveryDelivered}, {show, live.DeliveryDead}, {other, live.DeliveryDead},
		} {
			e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprint("evt_", i)), Key: d.key, OccurredAt: epoch})
			if err != nil {
				return err
			}
			delivery := live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: "http://example.com/", State: live.DeliveryPending, DueAt: epoch}
			if err := tx.AddDelivery(ctx, delivery); err != nil {
				return err
			}
			if d.state == live.DeliveryPending {
				continue
			}
			delivery.State = d.state
			if err := tx.FinishAttempt(ctx, delivery, live.Attempt{Delivery: delivery.ID, Number: 1, StartedAt: epoch}); err != nil {
				return err
			}
		}
		return nil
	})
	totals := func(limit int) []live.UndeliveredTotal {
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.UndeliveredTotal, error) {
			return r.UndeliveredTotals(ctx, limit)
		})
	}
	equal(t, "all", totals(10), []live.UndeliveredTotal{{Domain: other.Domain, Dead: 1}, {Domain: show.Domain, Pending: 2, Dead: 1}})
	counted := live.UndeliveredTotal{}
	for _, u := range totals(1) {
		counted.Pending += u.Pending
		counted.Dead += u.Dead
	}
	equal(t, "one of either state", counted, live.UndeliveredTotal{Pending: 1, Dead: 1})
}

func testLatestEvents(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, e := range []live.Event{
			{ID: "evt_1", Key: show, OccurredAt: after(5 * time.Second)},
			{ID: "evt_2", Key: live.StreamKey{Domain: "other.example.com"}, OccurredAt: after(2 * time.Second)},
			{ID: "evt_3", Key: show, OccurredAt: after(3 * time.Second)},
		} {
			if _, err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	latest := func(limit int) (ids string) {
		for _, e := range read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Event, error) { return r.LatestEvents(ctx, limit) }) {
			ids += string(e.ID) + " " + e.Key.Domain + "; "
		}
		return ids
	}
	show := show.Domain + "; "
	equal(t, "all, the latest first", latest(9), "evt_1 "+show+"evt_3 "+show+"evt_2 other.example.com; ")
	equal(t, "two", latest(2), "evt_3 "+show+"evt_2 other.example.com; ")
	equal(t, "none", latest(0), "")
}
