package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// burst is how many failed attempts keep a delivery in its burst.
const burst = 2

const (
	urlA  = "https://a.example.com/notify"
	urlA2 = "https://a.example.com:443/other" // of the same origin
	urlB  = "http://b.example.com/notify"
)

func delivery(id live.DeliveryID) func(context.Context, store.Reader) (live.Delivery, error) {
	return func(ctx context.Context, r store.Reader) (live.Delivery, error) { return r.Delivery(ctx, id) }
}

func attempts(id live.DeliveryID) func(context.Context, store.Reader) ([]live.Attempt, error) {
	return func(ctx context.Context, r store.Reader) ([]live.Attempt, error) { return r.Attempts(ctx, id) }
}

func testDelivery(t *testing.T, b Backend) {
	e := live.Event{
		ID: "evt_1", Type: live.EventRecordError, Key: show, Recording: "rec_1", OccurredAt: epoch,
		Detail: live.EventDetail{Error: &live.ErrorStreamFormat},
	}
	d := live.Delivery{ID: "dlv_1", URL: urlA, SignKey: "0123456789abcdef", State: live.DeliveryPending, Attempts: 1, DueAt: epoch}
	missing(t, b.Store, live.ErrNotFound, delivery(d.ID))
	update(t, b.Store, func(ctx context.Context, tx store.Tx) (err error) {
		if e, err = tx.AddEvent(ctx, e); err != nil {
			return err
		}
		d.Event = live.Event{ID: e.ID} // the rest is known
		return tx.AddDelivery(ctx, d)
	})
	d.Event = e
	equal(t, "Delivery", read(t, b.Store, delivery(d.ID)), d)
	equal(t, "attempts of a delivery that has none", read(t, b.Store, attempts(d.ID)), nil)
}

func testDeliveryAddedTwice(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA); err != nil {
			return err
		}
		again := live.Delivery{ID: "dlv_1_0", Event: live.Event{ID: "evt_1"}, URL: urlB, State: live.DeliveryDead}
		if err := tx.AddDelivery(ctx, again); err != nil {
			return err
		}
		return refused(tx.AddDelivery(ctx, live.Delivery{ID: "dlv_2", Event: live.Event{ID: "evt_2"}}), live.ErrNotFound)
	})
	d := read(t, b.Store, delivery("dlv_1_0"))
	if d.URL != urlA || d.State != live.DeliveryPending {
		t.Errorf("adding a delivery again changed it to %+v", d)
	}
}

func testAttempts(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return add(ctx, tx, show, "1", urlA) })
	d := read(t, b.Store, delivery("dlv_1_0"))
	want := []live.Attempt{
		{Delivery: d.ID, Number: 1, StartedAt: epoch, Elapsed: 5 * time.Second, Err: "timeout"},
		{Delivery: d.ID, Number: 2, StartedAt: after(6 * time.Second), Elapsed: time.Nanosecond, Address: "192.0.2.1:443", Status: 503, Response: "busy é"},
		{Delivery: d.ID, Number: 10, StartedAt: after(time.Minute), Address: "[2001:db8::1]:443", Status: 204},
	}
	finish := func(state live.DeliveryState, due time.Time, a live.Attempt) {
		t.Helper()
		d.State, d.Attempts, d.DueAt = state, a.Number, due
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.FinishAttempt(ctx, d, a) })
		equal(t, "Delivery", read(t, b.Store, delivery(d.ID)), d)
	}
	finish(live.DeliveryPending, after(time.Second), want[0])
	finish(live.DeliveryPending, after(time.Minute), live.Attempt{Number: 2})
	finish(live.DeliveryPending, after(time.Minute), want[1]) // the same again
	finish(live.DeliveryDelivered, time.Time{}, want[2])
	equal(t, "Attempts", read(t, b.Store, attempts(d.ID)), want)

	err := b.Store.Update(t.Context(), func(tx store.Tx) error {
		return tx.FinishAttempt(t.Context(), live.Delivery{ID: "dlv_none"}, live.Attempt{Number: 1})
	})
	if err := refused(err, live.ErrNotFound); err != nil {
		t.Error(err)
	}
}

// A claimer claims from a store at times after epoch, for a minute.
type claimer struct {
	t *testing.T
	s store.Store
}

// claim claims and returns the ids.
func (c claimer) claim(at time.Duration, limit int, skip ...string) []live.DeliveryID {
	c.t.Helper()
	var ids []live.DeliveryID
	update(c.t, c.s, func(ctx context.Context, tx store.Tx) error {
		list, err := tx.ClaimDeliveries(ctx, after(at), after(at+time.Minute), burst, limit, skip)
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		return err
	})
	return ids
}

// expect claims and checks what it is given.
func (c claimer) expect(at time.Duration, limit int, want ...live.DeliveryID) {
	c.t.Helper()
	equal(c.t, fmt.Sprintf("claim of %d at %s", limit, at), c.claim(at, limit), want)
}

// finish ends an attempt of a delivery.
func (c claimer) finish(id live.DeliveryID, state live.DeliveryState, due time.Duration) {
	c.t.Helper()
	update(c.t, c.s, func(ctx context.Context, tx store.Tx) error {
		d, err := tx.Delivery(ctx, id)
		if err != nil {
			return err
		}
		d.State, d.Attempts, d.DueAt = state, d.Attempts+1, after(due)
		return tx.FinishAttempt(ctx, d, live.Attempt{Delivery: id, Number: d.Attempts})
	})
}

// nextDue checks when a claim would be given something.
func (c claimer) nextDue(want time.Duration, skip ...string) {
	c.t.Helper()
	view(c.t, c.s, func(ctx context.Context, r store.Reader) error {
		due, ok, err := r.NextDue(ctx, burst, skip)
		if !ok || !due.Equal(after(want)) {
			c.t.Errorf("next due %s %t, want %s", due, ok, after(want))
		}
		return err
	})
}

// nothingDue checks that nothing will be due.
func (c claimer) nothingDue(skip ...string) {
	c.t.Helper()
	view(c.t, c.s, func(ctx context.Context, r store.Reader) error {
		due, ok, err := r.NextDue(ctx, burst, skip)
		if ok {
			c.t.Errorf("next due %s, want nothing", due)
		}
		return err
	})
}

func testBurstOrder(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	c.nothingDue()
	other := live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "z", urlA); err != nil {
			return err
		}
		if err := add(ctx, tx, show, "y", urlA, urlB); err != nil {
			return err
		}
		if err := add(ctx, tx, show, "x", urlA, urlA); err != nil {
			return err
		}
		return add(ctx, tx, other, "o", urlA)
	})
	c.nextDue(0)
	c.expect(-time.Microsecond, 10) // none is due yet
	c.expect(0, 0)
	c.expect(0, -1)
	// One of each stream and URL.
	c.expect(0, 1, "dlv_z_0")
	c.expect(0, 10, "dlv_y_1", "dlv_o_0")
	c.nextDue(time.Minute) // when the leases end
	c.expect(0, 10)
	// A retry keeps its place, held or not.
	c.finish("dlv_z_0", live.DeliveryPending, time.Second)
	c.nextDue(time.Second)
	c.expect(0, 10)
	c.expect(time.Second, 10, "dlv_z_0")
	c.expect(time.Second, 10)
	c.finish("dlv_z_0", live.DeliveryDelivered, 0)
	c.nextDue(0)
	c.expect(time.Second, 10, "dlv_y_0")
	c.finish("dlv_y_0", live.DeliveryDead, 0)
	// Two of one event are in the order in which they were added.
	c.expect(time.Second, 10, "dlv_x_0")
	c.expect(time.Second, 10)
	c.finish("dlv_x_0", live.DeliveryDelivered, 0)
	c.expect(time.Second, 10, "dlv_x_1")
	c.finish("dlv_x_1", live.DeliveryDelivered, 0)
	c.finish("dlv_y_1", live.DeliveryDelivered, 0)
	c.finish("dlv_o_0", live.DeliveryDelivered, 0)
	c.expect(time.Hour, 10)
	c.nothingDue()
}

func testTail(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA); err != nil {
			return err
		}
		if err := add(ctx, tx, show, "2", urlA); err != nil {
			return err
		}
		return add(ctx, tx, show, "3", urlA)
	})
	for i := range burst + 1 { // the first one's burst
		at := time.Duration(i) * time.Second
		c.expect(at, 10, "dlv_1_0")
		c.expect(at, 10)
		due := at + time.Second
		if i == burst {
			due = time.Hour
		}
		c.finish("dlv_1_0", live.DeliveryPending, due)
	}
	// In its tail it makes room for the second, and does not wait for it.
	c.expect(time.Minute, 10, "dlv_2_0")
	c.expect(time.Minute, 10)
	for range burst + 1 {
		c.finish("dlv_2_0", live.DeliveryPending, time.Hour)
	}
	c.expect(time.Minute, 10, "dlv_3_0")
	c.finish("dlv_3_0", live.DeliveryPending, 2*time.Hour)
	c.nextDue(time.Hour)
	c.expect(time.Hour, 10, "dlv_1_0", "dlv_2_0")
	c.finish("dlv_1_0", live.DeliveryPending, 3*time.Hour)
	c.expect(2*time.Hour, 10, "dlv_2_0", "dlv_3_0") // the second's lease has ended
	c.expect(3*time.Hour, 10, "dlv_2_0", "dlv_3_0", "dlv_1_0")
}

// A server may start with another burst than the one before it.
func testBurstChanges(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA); err != nil {
			return err
		}
		return add(ctx, tx, show, "2", urlA)
	})
	c.finish("dlv_1_0", live.DeliveryPending, 0)
	c.expect(0, 10, "dlv_1_0")
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.ReleaseClaims(ctx); err != nil {
			return err
		}
		list, err := tx.ClaimDeliveries(ctx, epoch, after(time.Minute), 0, 10, nil)
		if len(list) != 2 { // one attempt ends the burst now
			t.Errorf("%d deliveries claimed, want 2", len(list))
		}
		return err
	})
}

// An attempt can end after its lease, when the delivery is no longer its
// caller's and waits in line again.
func testLateAttempt(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []string{"1", "2", "3", "4"} {
			if err := add(ctx, tx, show, id, urlA); err != nil {
				return err
			}
		}
		return nil
	})
	c.expect(0, 10, "dlv_1_0")
	late := read(t, b.Store, delivery("dlv_4_0"))
	late.Attempts = burst + 1
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return tx.FinishAttempt(ctx, late, live.Attempt{Number: late.Attempts})
	})
	c.expect(0, 10, "dlv_4_0") // it is in its tail
	c.finish("dlv_1_0", live.DeliveryDelivered, 0)
	c.expect(0, 10, "dlv_2_0")
}

func testLease(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA); err != nil {
			return err
		}
		return add(ctx, tx, show, "2", urlA)
	})
	c.expect(0, 10, "dlv_1_0")
	c.expect(time.Minute-time.Microsecond, 10)
	c.expect(time.Minute, 10, "dlv_1_0")
	c.nextDue(2 * time.Minute)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.ReleaseClaims(ctx) })
	c.nextDue(0)
	c.expect(0, 10, "dlv_1_0")
	c.expect(0, 10)

	err := b.Store.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.ClaimDeliveries(t.Context(), epoch, epoch.Add(time.Nanosecond), burst, 1, nil)
		return err
	})
	if err == nil {
		t.Error("a lease that ends in the microsecond in which it begins was given")
	}
}

func testSkip(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	originA, originB := live.Origin(urlA), live.Origin(urlB)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := add(ctx, tx, show, "1", urlA, urlA2, urlB); err != nil {
			return err
		}
		return add(ctx, tx, show, "2", urlA, urlA2, urlB)
	})
	c.nextDue(0, originA)
	equal(t, "claim but of A", c.claim(0, 10, originA, "https://none.example.com"), []live.DeliveryID{"dlv_1_2"})
	c.nextDue(time.Minute, originA)
	c.nextDue(0, originB)
	c.nothingDue(originB, originA)
	equal(t, "claim of nothing", c.claim(0, 10, originB, originA), nil)
	equal(t, "claim but of B", c.claim(0, 10, originB), []live.DeliveryID{"dlv_1_0", "dlv_1_1"})
	c.expect(0, 10)
	c.finish("dlv_1_2", live.DeliveryDelivered, 0)
	equal(t, "claim but of B", c.claim(0, 10, originB), nil)
	c.nextDue(0, `"`, "")
	c.expect(0, 10, "dlv_2_2")
}
