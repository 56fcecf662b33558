package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testDeliveries(t *testing.T, b Backend) {
	// Events of three streams, a second after each other, each owed to two URLs;
	// ids go the other way. The deliveries to urlB are dead.
	keys := []live.StreamKey{
		{Domain: show.Domain, App: "b", Stream: "s"},
		{Domain: show.Domain, App: "a", Stream: "s"},
		{Domain: "other.example.com", App: "a", Stream: "s"},
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i := range 6 {
			e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprint("evt_", 9-i)), Key: keys[i%3], OccurredAt: after(time.Duration(i) * time.Second)})
			if err != nil {
				return err
			}
			for _, d := range []live.Delivery{
				{ID: e.ID.DeliveryID(), Event: e, URL: urlA, State: live.DeliveryPending},
				{ID: e.ID.EndpointDeliveryID("end_x"), Event: e, URL: urlB, State: live.DeliveryDead, Endpoint: "end_x", Rich: true},
			} {
				if err := tx.AddDelivery(ctx, d); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, test := range []struct {
		name  string
		query live.DeliveryQuery
		want  string
	}{
		{"all", live.DeliveryQuery{}, "4 4_x 5 5_x 6 6_x 7 7_x 8 8_x 9 9_x"},
		{"an id", live.DeliveryQuery{ID: "dlv_5"}, "5"},
		{"an unknown id", live.DeliveryQuery{ID: "dlv_1"}, ""},
		{"those of an event", live.DeliveryQuery{ID: "evt_5"}, "5 5_x"},
		{"a domain", live.DeliveryQuery{Domain: show.Domain}, "5 5_x 6 6_x 8 8_x 9 9_x"},
		{"an app", live.DeliveryQuery{Domain: show.Domain, App: "b"}, "6 6_x 9 9_x"},
		{"a stream of any domain", live.DeliveryQuery{App: "a", Stream: "s"}, "4 4_x 5 5_x 7 7_x 8 8_x"},
		{"dead ones", live.DeliveryQuery{State: live.DeliveryDead}, "4_x 5_x 6_x 7_x 8_x 9_x"},
		{"pending ones of a domain", live.DeliveryQuery{Domain: show.Domain, State: live.DeliveryPending}, "5 6 8 9"},
		{"to an origin", live.DeliveryQuery{Origin: live.Origin(urlA)}, "4 5 6 7 8 9"},
		{"dead ones to an origin", live.DeliveryQuery{Origin: live.Origin(urlA), State: live.DeliveryDead}, ""},
		{"a time", live.DeliveryQuery{From: after(time.Second), To: after(3 * time.Second)}, "7 7_x 8 8_x"},
	} {
		// One page, and then pages of each size.
		for limit := 20; limit > 0; limit-- {
			var got []string
			q := test.query
			q.Limit = limit
			for {
				page := read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Delivery, error) { return r.Deliveries(ctx, q) })
				for _, d := range page {
					got = append(got, strings.TrimPrefix(string(d.ID), "dlv_"))
				}
				if len(page) < limit {
					break
				}
				q.After = &page[len(page)-1]
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s, in pages of %d: %q, want %q", test.name, limit, got, test.want)
				break
			}
		}
	}
	// They come as they are looked up.
	page := read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Delivery, error) {
		return r.Deliveries(ctx, live.DeliveryQuery{ID: "dlv_5_x", Limit: 1})
	})
	equal(t, "Deliveries", page, []live.Delivery{read(t, b.Store, delivery("dlv_5_x"))})
	if d := page[0]; d.Endpoint != "end_x" || !d.Rich {
		t.Errorf("%+v lacks its endpoint", d)
	}
}

// replay replays a delivery at a time after epoch and checks whether it was.
func (c claimer) replay(id live.DeliveryID, at time.Duration, want bool) {
	c.t.Helper()
	update(c.t, c.s, func(ctx context.Context, tx store.Tx) error {
		replayed, err := tx.ReplayDelivery(ctx, id, "newkey", after(at), burst)
		if replayed != want {
			c.t.Errorf("replay of %s at %s: %t, want %t", id, at, replayed, want)
		}
		return err
	})
}

func testReplay(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []string{"1", "2", "3", "4"} {
			if err := add(ctx, tx, show, id, urlA); err != nil {
				return err
			}
		}
		return nil
	})
	c.replay("dlv_none", 0, false)
	c.replay("dlv_1_0", 0, false) // it waits for its first attempt
	c.finish("dlv_1_0", live.DeliveryDelivered, 0)
	for range burst + 1 {
		c.finish("dlv_2_0", live.DeliveryPending, time.Hour)
	}
	c.finish("dlv_2_0", live.DeliveryDead, 0)
	c.expect(0, 10, "dlv_3_0")
	c.replay("dlv_3_0", 0, false) // held

	// Replays neither wait for the third nor does the fourth for them, but they keep
	// their own order.
	c.replay("dlv_2_0", time.Minute, true)
	c.replay("dlv_1_0", time.Minute, true)
	c.replay("dlv_1_0", time.Minute, false) // as before its first attempt
	d := read(t, b.Store, delivery("dlv_2_0"))
	if d.State != live.DeliveryPending || d.Attempts != 0 || d.Earlier != burst+2 || d.NextAttempt() != burst+3 ||
		d.SignKey != "newkey" || !d.DueAt.Equal(after(time.Minute)) || !d.ReplayedAt.Equal(d.DueAt) {
		t.Errorf("replayed: %+v", d)
	}
	c.finish("dlv_3_0", live.DeliveryPending, time.Hour)
	c.expect(time.Minute, 10, "dlv_1_0")
	c.finish("dlv_3_0", live.DeliveryDelivered, 0)
	c.expect(time.Minute, 10, "dlv_4_0")
	c.finish("dlv_1_0", live.DeliveryDelivered, 0)
	c.expect(time.Minute, 10, "dlv_2_0")
	for range burst + 1 {
		c.finish("dlv_2_0", live.DeliveryPending, time.Hour)
	}
	c.finish("dlv_4_0", live.DeliveryDelivered, 0)
	c.expect(time.Hour, 10, "dlv_2_0")
	c.replay("dlv_2_0", time.Hour, false) // held, in its tail
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.ReleaseClaims(ctx) })
	c.replay("dlv_2_0", 90*time.Second, true) // from its tail
	d = read(t, b.Store, delivery("dlv_2_0"))
	if d.Attempts != 0 || d.Earlier != 2*burst+3 || !d.ReplayedAt.Equal(after(90*time.Second)) {
		t.Errorf("replayed twice: %+v", d)
	}
	c.expect(90*time.Second, 10, "dlv_2_0")

	// The log has the attempts of replays among the others, and marks them.
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		d.State = live.DeliveryDelivered
		d.Attempts = 1
		return tx.FinishAttempt(ctx, d, live.Attempt{Number: d.Earlier + 1, StartedAt: after(time.Hour), Status: 200, Replay: true})
	})
	view(t, b.Store, func(ctx context.Context, r store.Reader) error {
		page, total, err := r.NotifyRecords(ctx, live.NotifyRecordQuery{Domain: show.Domain, From: after(time.Hour), To: after(2 * time.Hour), Limit: 10})
		if total != 1 || len(page) != 1 || page[0].Delivery.ID != d.ID || !page[0].Attempt.Replay {
			t.Errorf("%d records: %+v", total, page)
		}
		return err
	})
}

func testForget(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA); err != nil {
			return err
		}
		return add(ctx, tx, show, "2", urlA)
	})
	c.finish("dlv_1_0", live.DeliveryDead, 0)
	forget := func(id live.DeliveryID, want bool) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			forgotten, err := tx.ForgetDelivery(ctx, id)
			if forgotten != want {
				t.Errorf("forget %s: %t, want %t", id, forgotten, want)
			}
			return err
		})
	}
	forget("dlv_1_0", true)
	forget("dlv_1_0", false)
	forget("dlv_2_0", false) // it is pending
	missing(t, b.Store, live.ErrNotFound, delivery("dlv_1_0"))
	equal(t, "its attempts", read(t, b.Store, attempts("dlv_1_0")), nil)
	c.expect(0, 10, "dlv_2_0")
}

func testPrune(t *testing.T, b Backend) {
	const day = 24 * time.Hour
	now := after(100 * day)
	states := map[live.EventID]string{}
	put := func(name string, age time.Duration, state live.DeliveryState) live.EventID {
		t.Helper()
		id := live.NewEventID(now.Add(-age))
		states[id] = name
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			e, err := tx.AddEvent(ctx, live.Event{ID: id, Key: show, OccurredAt: now.Add(-age)})
			if err != nil || state == "" {
				return err
			}
			d := live.Delivery{ID: id.DeliveryID(), Event: e, URL: urlA, State: live.DeliveryPending}
			if err := tx.AddDelivery(ctx, d); err != nil {
				return err
			}
			d.State, d.Attempts = state, 1
			return tx.FinishAttempt(ctx, d, live.Attempt{Number: 1, StartedAt: e.OccurredAt})
		})
		return id
	}
	old := put("delivered", 40*day, live.DeliveryDelivered)
	put("owed to nobody", 39*day, "")
	put("dead", 38*day, live.DeliveryDead)
	put("pending", 37*day, live.DeliveryPending)
	replayed := put("replayed since", 36*day, live.DeliveryDelivered)
	held := put("of a file", 35*day, live.DeliveryDelivered)
	gone := put("of a file that was deleted", 34*day, live.DeliveryDelivered)
	put("too young", 29*day, live.DeliveryDelivered)
	// Its id is older than it is, as that of a file that took long.
	long := live.NewEventID(now.Add(-50 * day))
	states[long] = "of a long file"
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.AddEvent(ctx, live.Event{ID: long, Key: show, OccurredAt: now.Add(-day)})
		if err != nil {
			return err
		}
		if _, err := tx.ReplayDelivery(ctx, replayed.DeliveryID(), "", now.Add(-2*day), burst); err != nil {
			return err
		}
		d := live.Delivery{ID: replayed.DeliveryID(), State: live.DeliveryDelivered, Attempts: 1}
		if err := tx.FinishAttempt(ctx, d, live.Attempt{Number: 2}); err != nil {
			return err
		}
		for id, state := range map[live.EventID]live.RecordFileState{held: live.FileStored, gone: live.FileDeleted} {
			file := live.RecordFileID("file_" + strings.TrimPrefix(string(id), live.EventIDPrefix))
			if file.EventID() != id {
				t.Errorf("the event of %s is %s, want %s", file, file.EventID(), id)
			}
			if err := tx.PutRecordFile(ctx, live.RecordFile{ID: file, State: state}); err != nil {
				return err
			}
		}
		return nil
	})

	before := now.Add(-30 * day)
	names := func(ids []live.EventID) string {
		var list []string
		for _, id := range ids {
			list = append(list, states[id])
		}
		return strings.Join(list, ", ")
	}
	prunable := func(after live.EventID, limit int) []live.EventID {
		t.Helper()
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.EventID, error) {
			return r.PrunableEvents(ctx, before, after, limit)
		})
	}
	all := prunable("", 100)
	if got, want := names(all), "delivered, owed to nobody, of a file that was deleted"; got != want {
		t.Errorf("prunable: %s; want %s", got, want)
	}
	if got, want := names(prunable(old, 1)), "owed to nobody"; got != want {
		t.Errorf("prunable behind the first: %s; want %s", got, want)
	}
	var every []live.EventID
	for id := range states {
		every = append(every, id)
	}
	prune := func(ids []live.EventID, want int) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			n, err := tx.PruneEvents(ctx, before, ids)
			if n != want {
				t.Errorf("pruned %d of %d events, want %d", n, len(ids), want)
			}
			return err
		})
	}
	prune(every, len(all)) // it looks again itself
	prune(every, 0)
	prune(nil, 0)
	missing(t, b.Store, live.ErrNotFound, delivery(old.DeliveryID()))
	equal(t, "attempts of what was pruned", read(t, b.Store, attempts(old.DeliveryID())), nil)
	left := map[live.EventID]string{}
	for id, name := range states {
		if err := b.Store.View(t.Context(), func(r store.Reader) error { _, err := r.Event(t.Context(), id); return err }); err == nil {
			left[id] = name
		}
	}
	if len(left) != len(states)-len(all) {
		t.Errorf("%d events are left, want %d: %v", len(left), len(states)-len(all), left)
	}
	// Their stream is read as far as none is missing.
	var ids []live.EventID
	for _, e := range read(t, b.Store, events(show, 0, 100)) {
		ids = append(ids, e.ID)
	}
	equal(t, "the events of the stream", names(ids), "too young, of a long file")
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return add(ctx, tx, show, "next", urlA) })
	if e := read(t, b.Store, delivery("dlv_next_0")).Event; e.Seq != int64(len(states))+1 {
		t.Errorf("the next event has the number %d, want %d: numbers go on", e.Seq, len(states)+1)
	}
}
