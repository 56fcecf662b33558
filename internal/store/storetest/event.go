package storetest

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// add writes an event of a stream and the deliveries owed for it, one a URL, due
// at epoch. Their ids are made from id.
func add(ctx context.Context, tx store.Tx, key live.StreamKey, id string, urls ...string) error {
	e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID("evt_" + id), Type: live.EventRecordStarted, Key: key, OccurredAt: epoch})
	if err != nil {
		return err
	}
	for i, url := range urls {
		d := live.Delivery{ID: live.DeliveryID(fmt.Sprintf("dlv_%s_%d", id, i)), Event: e, URL: url, State: live.DeliveryPending, DueAt: epoch}
		if err := tx.AddDelivery(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func events(key live.StreamKey, after int64, limit int) func(context.Context, store.Reader) ([]live.Event, error) {
	return func(ctx context.Context, r store.Reader) ([]live.Event, error) {
		return r.Events(ctx, key, after, limit)
	}
}

func testEventSequence(t *testing.T, b Backend) {
	keys := []live.StreamKey{show, {Domain: "other.example.com", App: show.App, Stream: show.Stream},
		{Domain: show.Domain, App: "other", Stream: show.Stream}, {Domain: show.Domain, App: show.App, Stream: "other"}}
	for i := range 3 {
		for j, key := range keys {
			update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
				e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprint("evt_", j, i)), Key: key})
				if want := int64(i + 1); e.Seq != want {
					t.Errorf("event %d of %s has number %d", want, key, e.Seq)
				}
				return err
			})
		}
	}
}

func testEventAddedTwice(t *testing.T, b Backend) {
	first := live.Event{
		ID: "evt_1", Type: live.EventFileCreated, Key: show, Recording: "rec_1", OccurredAt: epoch,
		Detail: live.EventDetail{File: &live.FileDetail{
			ID: "file_1", Format: live.FormatFLV, Bucket: "shows", ObjectKey: `a/"<é>.flv`,
			StartTime: epoch, StopTime: after(time.Minute), Duration: time.Minute, Size: 1 << 40,
			PushArgs: live.Args{{Name: "callback_a", Value: "1"}},
			SHA256:   "0f", Gaps: live.Gaps{List: []live.Gap{{From: epoch, To: after(time.Second), At: time.Minute}}},
		}},
	}
	want := first
	want.Seq = 1
	for _, e := range []live.Event{
		first, first,
		{ID: first.ID, Type: live.EventRecordError, Key: live.StreamKey{Domain: "other.example.com"}, Detail: live.EventDetail{Error: &live.ErrorSegmenter}},
	} {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			got, err := tx.AddEvent(ctx, e)
			equal(t, "AddEvent", got, want)
			return err
		})
	}
	equal(t, "Events", read(t, b.Store, events(show, 0, 10)), []live.Event{want})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: "evt_2", Key: show})
		equal(t, "number of the event after one added twice", e.Seq, 2)
		return err
	})
}

func testEvents(t *testing.T, b Backend) {
	other := live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i := range 5 {
			if err := add(ctx, tx, show, fmt.Sprint("show", 9-i)); err != nil {
				return err
			}
			if err := add(ctx, tx, other, fmt.Sprint("other", i)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		after int64
		limit int
		want  []int64
	}{
		{0, 10, []int64{1, 2, 3, 4, 5}},
		{0, 2, []int64{1, 2}},
		{2, 2, []int64{3, 4}},
		{4, 2, []int64{5}},
		{5, 2, nil},
		{0, 0, nil},
	} {
		var got []int64
		for _, e := range read(t, b.Store, events(show, test.after, test.limit)) {
			if e.Key != show {
				t.Errorf("an event of %s among those of %s", e.Key, show)
			}
			got = append(got, e.Seq)
		}
		equal(t, fmt.Sprintf("at most %d events after %d", test.limit, test.after), got, test.want)
	}
	// Many, with others between them and with some that were there already.
	const many = 200
	var want []int64
	for i := range many {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			for _, id := range []string{fmt.Sprint("many", i), fmt.Sprint("show", i%5+5)} {
				if _, err := tx.AddEvent(ctx, live.Event{ID: live.EventID("evt_" + id), Key: show}); err != nil {
					return err
				}
			}
			return add(ctx, tx, other, fmt.Sprint("more", i))
		})
		want = append(want, int64(6+i))
	}
	for _, limit := range []int{1, 7, 58, 59, 60, 64, many, math.MaxInt} {
		var got []int64
		for after := int64(5); ; after = got[len(got)-1] {
			page := read(t, b.Store, events(show, after, limit))
			for _, e := range page {
				got = append(got, e.Seq)
			}
			if len(page) > limit {
				t.Fatalf("%d events in a page of %d", len(page), limit)
			}
			if len(page) < limit || len(got) > many {
				break
			}
		}
		equal(t, fmt.Sprintf("all, %d at a time", limit), got, want)
	}
	equal(t, "events behind the last number", read(t, b.Store, events(show, math.MaxInt64, 10)), nil)
	equal(t, "events of an unknown stream", read(t, b.Store, events(live.StreamKey{Domain: "none"}, 0, 10)), nil)
}

func testFileEvents(t *testing.T, b Backend) {
	event := func(ctx context.Context, r store.Reader) (live.Event, error) { return r.Event(ctx, "evt_3") }
	missing(t, b.Store, live.ErrNotFound, event)
	var files []live.Event
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, e := range []live.Event{
			{ID: "evt_3", Type: live.EventFileCreated, Key: show, Detail: live.EventDetail{File: &live.FileDetail{ID: "file_3"}}},
			{ID: "evt_2", Type: live.EventRecordPaused, Key: show},
			{ID: "evt_1", Type: live.EventFileCreated, Key: live.StreamKey{Domain: "other.example.com"}},
		} {
			e, err := tx.AddEvent(ctx, e)
			if err != nil {
				return err
			}
			if e.Type == live.EventFileCreated {
				files = append([]live.Event{e}, files...)
			}
		}
		return nil
	})
	equal(t, "Event", read(t, b.Store, event), files[1])
	page := func(after live.EventID, limit int) []live.Event {
		t.Helper()
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Event, error) {
			return r.FileEvents(ctx, after, limit)
		})
	}
	equal(t, "all", page("", 10), files)
	equal(t, "a page", page("", 1), files[:1])
	equal(t, "behind the first", page("evt_1", 10), files[1:])
	equal(t, "behind the last", page("evt_3", 10), nil)
	equal(t, "no page", page("", 0), nil)
}
