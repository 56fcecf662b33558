package storetest

import (
	"context"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func parkedEndpoints(ctx context.Context, r store.Reader) ([]live.ParkedEndpoint, error) {
	return r.ParkedEndpoints(ctx)
}

func backlogs(ctx context.Context, r store.Reader) ([]live.Backlog, error) { return r.Backlogs(ctx) }

func park(t *testing.T, s store.Store, p live.ParkedEndpoint) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.ParkEndpoint(ctx, p) })
}

func resume(t *testing.T, s store.Store, url string) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.ResumeEndpoint(ctx, url) })
}

func testParkedEndpoints(t *testing.T, b Backend) {
	byAnswer := live.ParkedEndpoint{URL: urlB, ParkedAt: epoch, Delivery: "dlv_1", Status: 410}
	byOperator := live.ParkedEndpoint{URL: urlA, ParkedAt: after(time.Second)}
	equal(t, "ParkedEndpoints at first", read(t, b.Store, parkedEndpoints), nil)
	park(t, b.Store, byAnswer)
	park(t, b.Store, byOperator)
	park(t, b.Store, live.ParkedEndpoint{URL: urlB, ParkedAt: after(time.Hour)})                                // it is
	equal(t, "ParkedEndpoints", read(t, b.Store, parkedEndpoints), []live.ParkedEndpoint{byAnswer, byOperator}) // http before https
	// Nothing of the stream is pending, and yet it is not leased.
	claimer{t, b.Store}.expectLeased("1", urlB, false)
	resume(t, b.Store, urlB)
	claimer{t, b.Store}.expect(0, 10, "dlv_1")
	claimer{t, b.Store}.finish("dlv_1", live.DeliveryDelivered, 0)
	claimer{t, b.Store}.expectLeased("2", urlB, true)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return refused(tx.ResumeEndpoint(ctx, urlB), live.ErrNotFound)
	})
	equal(t, "ParkedEndpoints after one was resumed", read(t, b.Reopen(t), parkedEndpoints), []live.ParkedEndpoint{byOperator})
}

func testParkedDeliveries(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	other := live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []string{"1", "2"} {
			if err := add(ctx, tx, show, id, urlA, urlB); err != nil {
				return err
			}
		}
		return add(ctx, tx, other, "3", urlA2)
	})
	c.expect(0, 1, "dlv_1_0") // is held when its URL is parked
	park(t, b.Store, live.ParkedEndpoint{URL: urlA, ParkedAt: epoch})
	c.nextDue(0)
	c.expect(0, 10, "dlv_1_1", "dlv_3_0") // the same origin is not the same URL
	c.expectLeased("4", urlA, false)
	c.finish("dlv_1_0", live.DeliveryPending, time.Second)
	c.finish("dlv_1_1", live.DeliveryDelivered, 0)
	c.finish("dlv_3_0", live.DeliveryDelivered, 0)
	c.expect(time.Hour, 10, "dlv_2_1")
	c.finish("dlv_2_1", live.DeliveryDelivered, 0)
	c.nothingDue()
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.ReleaseClaims(ctx) })
	c.nothingDue()

	// Another process resumes it.
	resume(t, b.Beside(t), urlA)
	c.nextDue(time.Second)
	c.expect(time.Hour, 10, "dlv_1_0")
	c.finish("dlv_1_0", live.DeliveryDelivered, 0)
	c.expect(time.Hour, 10, "dlv_2_0")
	c.finish("dlv_2_0", live.DeliveryDelivered, 0)
	c.expect(time.Hour, 10, "dlv_4")
}

func testParkedTail(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []string{"1", "2"} {
			if err := add(ctx, tx, show, id, urlA); err != nil {
				return err
			}
		}
		return nil
	})
	for range burst + 1 {
		c.finish("dlv_1_0", live.DeliveryPending, 0)
		c.finish("dlv_2_0", live.DeliveryPending, 0)
	}
	park(t, b.Store, live.ParkedEndpoint{URL: urlA, ParkedAt: epoch})
	c.expect(time.Hour, 10)
	s := b.Reopen(t)
	c = claimer{t, s}
	c.nothingDue()
	c.expect(time.Hour, 10)
	resume(t, s, urlA)
	c.expect(time.Hour, 10, "dlv_1_0", "dlv_2_0")
}

func testGiveUp(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	giveUp := func(want int) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			n, err := tx.GiveUpDeliveries(ctx, urlA)
			equal(t, "deliveries given up", n, want)
			return err
		})
	}
	giveUp(0)
	equal(t, "Backlogs at first", read(t, b.Store, backlogs), nil)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []string{"1", "2", "3"} {
			if err := add(ctx, tx, show, id, urlA, urlB); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "Backlogs", read(t, b.Store, backlogs), []live.Backlog{{URL: urlB, Pending: 3}, {URL: urlA, Pending: 3}})
	c.expect(0, 10, "dlv_1_0", "dlv_1_1")
	park(t, b.Store, live.ParkedEndpoint{URL: urlA, ParkedAt: epoch})
	c.finish("dlv_1_1", live.DeliveryDelivered, 0)
	giveUp(2) // the first is held
	equal(t, "Backlogs afterwards", read(t, b.Store, backlogs), []live.Backlog{{URL: urlB, Pending: 2}, {URL: urlA, Pending: 1, Dead: 2}})
	if d := read(t, b.Store, delivery("dlv_2_0")); d.State != live.DeliveryDead || !d.DueAt.IsZero() {
		t.Errorf("what was given up is %+v", d)
	}
	resume(t, b.Store, urlA)
	c.finish("dlv_1_0", live.DeliveryDelivered, 0)
	c.expectLeased("4", urlA, true)
}
