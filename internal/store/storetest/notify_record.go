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

// AttemptsOfVersion10 are statements for a database whose newest migration is
// 0010, which kept every attempt in the table attempts: a delivery that was
// delivered by its second attempt. CheckAttemptsOfVersion10 wants them as they were.
const AttemptsOfVersion10 = `
	INSERT INTO streams (domain, app, stream, last_seq) VALUES ('play.example.com', 'live', 'show', 1);
	INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		SELECT 'evt_old', id, 1, 'record_started', '', 1000000, '{}' FROM streams;
	INSERT INTO deliveries (id, event_id, stream_id, seq, url, origin, sign_key, state, attempts)
		SELECT 'dlv_old', 'evt_old', id, 1, 'http://b.example.com/notify', 'http://b.example.com', '', 'delivered', 2 FROM streams;
	INSERT INTO attempts (delivery_id, number, started_at, elapsed_ns, address, status, err, response, stream_id)
		SELECT 'dlv_old', 1, 1000000, 5, '', 0, 'timeout', '', id FROM streams;
	INSERT INTO attempts (delivery_id, number, started_at, elapsed_ns, address, status, err, response, stream_id)
		SELECT 'dlv_old', 2, 2000000, 6, '192.0.2.1:80', 200, '', 'ok', id FROM streams`

// CheckAttemptsOfVersion10 checks a store that was upgraded since.
func CheckAttemptsOfVersion10(t *testing.T, s store.Store) {
	t.Helper()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	want := []live.Attempt{
		{Delivery: "dlv_old", Number: 1, StartedAt: at(1), Elapsed: 5, Err: "timeout"},
		{Delivery: "dlv_old", Number: 2, StartedAt: at(2), Elapsed: 6, Address: "192.0.2.1:80", Status: 200, Response: "ok"},
	}
	log := func() (records []live.Attempt) {
		view(t, s, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.NotifyRecords(ctx, live.NotifyRecordQuery{Domain: show.Domain, From: at(0), To: at(60), Limit: 10})
			for _, n := range page {
				records = append(records, n.Attempt)
			}
			if total != len(page) {
				t.Errorf("%d records in all, %d of them on one page", total, len(page))
			}
			return err
		})
		return records
	}
	equal(t, "Attempts", read(t, s, attempts("dlv_old")), want)
	equal(t, "NotifyRecords", log(), []live.Attempt{want[1], want[0]})

	// A replay and a new event stand in the log beside them.
	replay := live.Attempt{Delivery: "dlv_old", Number: 3, StartedAt: at(3), Status: 200, Replay: true}
	first := live.Attempt{Delivery: "dlv_new_0", Number: 1, StartedAt: at(4), Status: 200}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.ReplayDelivery(ctx, "dlv_old", "", at(3), burst); err != nil {
			return err
		}
		if err := add(ctx, tx, show, "new", urlA); err != nil {
			return err
		}
		_, err := tx.FinishAttempts(ctx, []store.FinishedAttempt{
			{Delivery: live.Delivery{ID: "dlv_old", State: live.DeliveryDelivered, Attempts: 1}, Attempt: replay},
			{Delivery: live.Delivery{ID: "dlv_new_0", State: live.DeliveryDelivered, Attempts: 1}, Attempt: first},
		})
		return err
	})
	equal(t, "Attempts", read(t, s, attempts("dlv_old")), append(want, replay))
	equal(t, "NotifyRecords", log(), []live.Attempt{first, replay, want[1], want[0]})
}
