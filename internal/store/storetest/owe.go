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

// owe adds an event of a stream and owes it to a URL at epoch, for a minute.
func owe(ctx context.Context, tx store.Tx, key live.StreamKey, id, url string) (live.Delivery, error) {
	e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID("evt_" + id), Key: key})
	if err != nil {
		return live.Delivery{}, err
	}
	return tx.OweDelivery(ctx, live.Delivery{
		ID: live.DeliveryID("dlv_" + id), Event: e, URL: url, State: live.DeliveryPending, DueAt: epoch, LeasedUntil: after(time.Minute),
	})
}

// expectLeased owes and checks whether the delivery is leased.
func (c claimer) expectLeased(id, url string, want bool) {
	c.t.Helper()
	update(c.t, c.s, func(ctx context.Context, tx store.Tx) error {
		d, err := owe(ctx, tx, show, id, url)
		if leased := !d.LeasedUntil.IsZero(); err == nil && leased != want {
			c.t.Errorf("delivery %s is leased: %v, want %v", id, leased, want)
		}
		return err
	})
}

func testOweDelivery(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	c.expectLeased("1", urlA, true)
	c.expectLeased("2", urlA, false) // behind the first
	c.expectLeased("3", urlB, true)
	c.expect(0, 10)
	c.finish("dlv_1", live.DeliveryDelivered, 0)
	c.expectLeased("4", urlA, false) // behind the second
	c.expect(0, 10, "dlv_2")
	c.finish("dlv_2", live.DeliveryDelivered, 0)
	c.expect(0, 10, "dlv_4")
	c.finish("dlv_4", live.DeliveryDelivered, 0)
	c.expectLeased("5", urlA, true)
	c.expect(time.Minute, 10, "dlv_3", "dlv_5") // whoever had them did nothing

	err := b.Store.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.OweDelivery(t.Context(), live.Delivery{ID: "dlv_none", Event: live.Event{ID: "evt_none"}, LeasedUntil: epoch})
		return err
	})
	if err := refused(err, live.ErrNotFound); err != nil {
		t.Error(err)
	}
}

// testOweDeliveryAgain owes again what an Update of unknown outcome had owed.
func testOweDeliveryAgain(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	c.expectLeased("1", urlA, true)
	c.expectLeased("1", urlA, false)
	c.expect(0, 10, "dlv_1")
	c.finish("dlv_1", live.DeliveryPending, time.Second)
	c.expect(time.Second, 10, "dlv_1")
	c.expectLeased("1", urlA, false)
	c.expect(time.Second, 10) // it was tried: its lease is nobody else's business
}

func testReleaseDeliveries(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	c.expectLeased("1", urlA, true)
	c.expectLeased("2", urlB, true)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.ReleaseDeliveries(ctx, nil), tx.ReleaseDeliveries(ctx, []live.DeliveryID{"dlv_2", "dlv_none"}))
	})
	c.expect(0, 10, "dlv_2")
	c.finish("dlv_2", live.DeliveryDelivered, 0)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return tx.ReleaseDeliveries(ctx, []live.DeliveryID{"dlv_2"})
	})
	c.expect(0, 10)
}

func testClaimOf(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i, url := range []string{urlB, urlA, urlA2, urlA} {
			if err := add(ctx, tx, show, fmt.Sprint(i), url); err != nil {
				return err
			}
		}
		return nil
	})
	claim := func(origin string, limit int) (ids []live.DeliveryID) {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			list, err := tx.ClaimOf(ctx, epoch, after(time.Minute), burst, limit, origin)
			for _, d := range list {
				ids = append(ids, d.ID)
			}
			return err
		})
		return ids
	}
	equal(t, "claim of one of A", claim(live.Origin(urlA), 1), []live.DeliveryID{"dlv_1_0"})
	equal(t, "claim of the rest of A", claim(live.Origin(urlA), 10), []live.DeliveryID{"dlv_2_0"})
	equal(t, "claim of nobody's", claim("https://none.example.com", 10), nil)
	claimer{t, b.Store}.expect(0, 10, "dlv_0_0")
}

func testFinishAttempts(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(add(ctx, tx, show, "1", urlA, urlB), add(ctx, tx, show, "2", urlA))
	})
	c.expect(0, 10, "dlv_1_0", "dlv_1_1")
	finish := func(ids ...live.DeliveryID) (freed bool, err error) {
		var list []store.FinishedAttempt
		for _, id := range ids {
			d := live.Delivery{ID: id, State: live.DeliveryDelivered, Attempts: 1}
			list = append(list, store.FinishedAttempt{Delivery: d, Attempt: live.Attempt{Delivery: id, Number: 1, StartedAt: epoch, Status: 200}})
		}
		err = b.Store.Update(t.Context(), func(tx store.Tx) (err error) {
			freed, err = tx.FinishAttempts(t.Context(), list)
			return err
		})
		return freed, err
	}
	if _, err := finish("dlv_1_0", "dlv_none"); !errors.Is(err, live.ErrNotFound) {
		t.Errorf("finishing one that is not there: %v, want %v", err, live.ErrNotFound)
	}
	c.expect(0, 10) // nothing of it was written
	if freed, err := finish("dlv_1_1"); err != nil || freed {
		t.Errorf("freed %v, error %v; nothing waits for it", freed, err)
	}
	if freed, err := finish("dlv_1_0"); err != nil || !freed {
		t.Errorf("freed %v, error %v; want the delivery behind it freed", freed, err)
	}
	c.expect(0, 10, "dlv_2_0")
	equal(t, "Attempts", read(t, b.Store, attempts("dlv_1_0")), []live.Attempt{{Delivery: "dlv_1_0", Number: 1, StartedAt: epoch, Status: 200}})
}
