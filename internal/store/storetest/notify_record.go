package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testNotifyRecords(t *testing.T, b Backend) {
	// Attempts of three streams of the domain, and of another domain, a second
	// after each other; every third fails.
	keys := []live.StreamKey{
		show,
		{Domain: show.Domain, App: show.App, Stream: "other"},
		{Domain: show.Domain, App: "game", Stream: show.Stream},
		{Domain: "other.example.com", App: show.App, Stream: show.Stream},
	}
	for i, key := range keys {
		id := fmt.Sprint(i)
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return add(ctx, tx, key, id, urlA) })
		d := read(t, b.Store, delivery(live.DeliveryID("dlv_"+id+"_0")))
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			for n := range 3 {
				d.Attempts = n + 1
				a := live.Attempt{Number: n + 1, StartedAt: after(time.Duration(4*n+i) * time.Second), Status: []int{204, 0, 299}[n]}
				if err := tx.FinishAttempt(ctx, d, a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	all := live.NotifyRecordQuery{Domain: show.Domain, From: epoch, To: after(time.Hour), Limit: 10}
	for _, test := range []struct {
		name   string
		change func(q *live.NotifyRecordQuery)
		want   string // seconds after epoch
		total  int
	}{
		{"all", func(*live.NotifyRecordQuery) {}, " 10 9 8 6 5 4 2 1 0", 9},
		{"a page", func(q *live.NotifyRecordQuery) { q.Offset, q.Limit = 2, 3 }, " 8 6 5", 9},
		{"past the end", func(q *live.NotifyRecordQuery) { q.Offset = 9 }, "", 9},
		{"no page", func(q *live.NotifyRecordQuery) { q.Limit = 0 }, "", 9},
		{"of an app", func(q *live.NotifyRecordQuery) { q.App = "game" }, " 10 6 2", 3},
		{"of a stream", func(q *live.NotifyRecordQuery) { q.Stream = "other" }, " 9 5 1", 3},
		{"of a stream elsewhere", func(q *live.NotifyRecordQuery) { q.App, q.Stream = "game", "other" }, "", 0},
		{"success", func(q *live.NotifyRecordQuery) { q.Result = live.NotifySuccess }, " 10 9 8 2 1 0", 6},
		{"failed", func(q *live.NotifyRecordQuery) { q.Result = live.NotifyFailed }, " 6 5 4", 3},
		{"from a time on", func(q *live.NotifyRecordQuery) { q.From = after(6 * time.Second) }, " 10 9 8 6", 4},
		{"before a time", func(q *live.NotifyRecordQuery) { q.To = after(2 * time.Second) }, " 1 0", 2},
		{"of an unknown domain", func(q *live.NotifyRecordQuery) { q.Domain = "nowhere.example.com" }, "", 0},
	} {
		q := all
		test.change(&q)
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.NotifyRecords(ctx, q)
			var got string
			for _, n := range page {
				got += fmt.Sprint(" ", int(n.Attempt.StartedAt.Sub(epoch)/time.Second))
			}
			if got != test.want || total != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", test.name, got, total, test.want, test.total)
			}
			return err
		})
	}
	// An entry has the delivery with its event, and the attempt, as they are read
	// one by one.
	view(t, b.Store, func(ctx context.Context, r store.Reader) error {
		page, _, err := r.NotifyRecords(ctx, all)
		if err != nil {
			return err
		}
		for i, n := range page {
			d, err := r.Delivery(ctx, n.Delivery.ID)
			if err != nil {
				return err
			}
			list, err := r.Attempts(ctx, d.ID)
			if err != nil {
				return err
			}
			equal(t, fmt.Sprint("NotifyRecord ", i), n, live.NotifyRecord{Delivery: d, Attempt: list[n.Attempt.Number-1]})
		}
		return nil
	})
}
