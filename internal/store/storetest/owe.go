package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// owing is an event of a stream, owed to a URL at epoch for a minute.
func owing(key live.StreamKey, id, url string) *store.Owing {
	return &store.Owing{
		Event: live.Event{ID: live.EventID("evt_" + id), Key: key},
		Deliveries: []live.Delivery{{
			ID: live.DeliveryID("dlv_" + id), URL: url, State: live.DeliveryPending, DueAt: epoch, LeasedUntil: after(time.Minute),
		}},
	}
}

// expectLeased owes and checks whether the delivery is leased.
func (c claimer) expectLeased(id, url string, want bool) {
	c.t.Helper()
	o := owing(show, id, url)
	update(c.t, c.s, func(ctx context.Context, tx store.Tx) error { return tx.Owe(ctx, o) })
	if leased := !o.Deliveries[0].LeasedUntil.IsZero(); leased != want {
		c.t.Errorf("delivery %s is leased: %v, want %v", id, leased, want)
	}
}

func testOwe(t *testing.T, b Backend) {
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
}

// testOweAgain owes again what an Update of unknown outcome had owed.
func testOweAgain(t *testing.T, b Backend) {
	c := claimer{t, b.Store}
	c.expectLeased("1", urlA, true)
	c.expectLeased("1", urlA, false)
	c.expect(0, 10, "dlv_1")
	c.finish("dlv_1", live.DeliveryPending, time.Second)
	c.expect(time.Second, 10, "dlv_1")
	c.expectLeased("1", urlA, false)
	c.expect(time.Second, 10) // it was tried: its lease is nobody else's business
}

func testOweAmongOthers(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.Owe(ctx, owing(show, "1", urlA)); err != nil {
			return err
		}
		d, err := tx.Delivery(ctx, "dlv_1")
		if err == nil && (d.Event.ID != "evt_1" || d.Event.Seq != 1) {
			t.Errorf("the Update that owed it reads %+v", d)
		}
		return err
	})
	err := b.Store.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.Owe(t.Context(), owing(show, "2", urlA)); err != nil {
			return err
		}
		return errTest
	})
	if !errors.Is(err, errTest) {
		t.Errorf("Update: %v, want %v", err, errTest)
	}
	missing(t, b.Store, live.ErrNotFound, func(ctx context.Context, r store.Reader) (live.Event, error) { return r.Event(ctx, "evt_2") })
	twice := owing(live.StreamKey{Stream: "other"}, "3", urlA) // two endpoints of one URL
	twice.Deliveries = append(twice.Deliveries, twice.Deliveries[0])
	twice.Deliveries[1].ID = "dlv_3_2"
	behind := owing(show, "4", urlA)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.Owe(ctx, behind), tx.Owe(ctx, twice))
	})
	var leased []bool
	for _, d := range append(behind.Deliveries, twice.Deliveries...) {
		leased = append(leased, !d.LeasedUntil.IsZero())
	}
	equal(t, "behind another; to a URL of its own; to that once more: leased", leased, []bool{false, true, false})
	equal(t, "Seq", behind.Event.Seq, 2)
	claimer{t, b.Store}.expect(0, 10)
}

// testOweAtOnce has many callers owe the events of a few streams. Some owe what is
// owed already, as after a commit of unknown outcome, which is nothing to those who
// share their transaction.
func testOweAtOnce(t *testing.T, b Backend) {
	const streams, callers, each = 3, 24, 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	leased := make(map[live.StreamKey]int) // of each stream to the first URL
	seqs := make(map[live.StreamKey][]int64)
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: fmt.Sprint((caller + i) % streams)}
				id := fmt.Sprintf("%d_%d", caller, i)
				again := i%4 == 3
				if again {
					id = fmt.Sprintf("%d_%d", caller, i-3) // its stream is the same: i-3 and i differ by streams
				}
				var o *store.Owing
				err := b.Store.Update(t.Context(), func(tx store.Tx) error {
					o = owing(key, id, urlA)
					o.Deliveries = append(o.Deliveries, owing(key, id+"_2", urlB).Deliveries...)
					return tx.Owe(t.Context(), o)
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if again && (!o.Deliveries[0].LeasedUntil.IsZero() || o.Event.Key != key || o.Deliveries[1].Event.Seq != o.Event.Seq) {
					t.Errorf("owed again: %+v", o)
				}
				if !again {
					seqs[key] = append(seqs[key], o.Event.Seq)
					if !o.Deliveries[0].LeasedUntil.IsZero() {
						leased[key]++
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	total := 0
	for key, got := range seqs {
		slices.Sort(got)
		for i, seq := range got {
			if seq != int64(i)+1 {
				t.Fatalf("the events of %s were numbered %v", key, got)
			}
		}
		if leased[key] != 1 {
			t.Errorf("%d deliveries of %s to one URL were leased at a time, want 1", leased[key], key)
		}
		total += len(read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Event, error) { return r.Events(ctx, key, 0, 1000) }))
	}
	if want := callers * each * 3 / 4; total != want {
		t.Errorf("%d events are stored, want %d", total, want)
	}
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
