package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testClosed(t *testing.T, b Backend) {
	ctx := t.Context()
	running, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := b.Store.Update(ctx, func(tx store.Tx) error {
			close(running)
			<-release
			return addDomain(ctx, tx, "a.example.com")
		})
		if err != nil {
			t.Errorf("an update that ran when the store was closed: %v", err)
		}
	})
	wg.Go(func() {
		<-running
		close(release)
		if err := b.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	for what, err := range map[string]error{
		"Update": b.Store.Update(ctx, func(store.Tx) error { return nil }),
		"View":   b.Store.View(ctx, func(store.Reader) error { return nil }),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s of a closed store: %v", what, err)
		}
	}
	if err := b.Store.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if !present(t, b.Reopen(t), "a.example.com") {
		t.Error("the update that ran when the store was closed is lost")
	}
}

func testReopen(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.AddAccount(ctx, live.Account{ID: "1", CreatedAt: epoch}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: "LTAI1", Secret: "s", AccountID: "1", Active: true}),
			addDomain(ctx, tx, show.Domain),
			tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: "push.example.com", PullDomain: show.Domain}),
			tx.AddRecordConfig(ctx, recordConfig(live.Any, live.Any, epoch)),
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: show.Domain, NotifyURL: urlA}),
			tx.PutRecording(ctx, live.Recording{ID: "rec_1", Key: show, State: live.RecordingActive}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "file_1", Key: show, State: live.FileOpen}),
			add(ctx, tx, show, "1", urlA), add(ctx, tx, show, "2", urlA),
		)
	})
	claimer{t, b.Store}.expect(0, 10, "dlv_1_0")
	s := b.Reopen(t)
	view(t, s, func(ctx context.Context, r store.Reader) error {
		_, err1 := r.OwnerAccount(ctx)
		_, err2 := r.AccessKey(ctx, "LTAI1")
		_, err3 := r.Domain(ctx, show.Domain)
		_, err4 := r.DomainMapping(ctx, "push.example.com")
		_, err5 := r.MatchRecordConfig(ctx, show)
		_, err6 := r.NotifyConfig(ctx, show.Domain)
		_, err7 := r.Recording(ctx, "rec_1")
		_, err8 := r.RecordFile(ctx, "file_1")
		return errors.Join(err1, err2, err3, err4, err5, err6, err7, err8)
	})
	equal(t, "number of events", len(read(t, s, events(show, 0, 10))), 2)
	// Claims and order outlive the server.
	c := claimer{t, s}
	c.nextDue(time.Minute)
	c.expect(0, 10)
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.ReleaseClaims(ctx) })
	c.expect(0, 10, "dlv_1_0")
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: "evt_3", Key: show})
		equal(t, "number of the next event", e.Seq, 3)
		return err
	})
}

// testCrash takes crash copies while events are written, each with its delivery.
// A copy holds what was acknowledged before it was taken, and no half of an
// Update.
func testCrash(t *testing.T, b Backend) {
	ctx := t.Context()
	const writers, each, copies = 4, 40, 3
	var mu sync.Mutex
	var acknowledged []live.EventID
	progress := make(chan struct{}, writers*each)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				id := fmt.Sprintf("%d_%d", i, j)
				if err := b.Store.Update(ctx, func(tx store.Tx) error { return add(ctx, tx, show, id, urlA) }); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, live.EventID("evt_"+id))
				mu.Unlock()
				progress <- struct{}{}
			}
		})
	}
	for range copies {
		for range writers * each / (copies + 1) {
			<-progress
		}
		mu.Lock()
		want := append([]live.EventID(nil), acknowledged...)
		mu.Unlock()
		checkCrash(t, b.Crash(t), want)
	}
	wg.Wait()
	checkCrash(t, b.Crash(t), acknowledged)
}

func checkCrash(t *testing.T, s store.Store, acknowledged []live.EventID) {
	t.Helper()
	there := make(map[live.EventID]bool)
	for i, e := range read(t, s, events(show, 0, 1<<20)) {
		there[e.ID] = true
		if e.Seq != int64(i+1) {
			t.Errorf("event %d of the copy has number %d", i+1, e.Seq)
		}
		id := live.DeliveryID("dlv_" + string(e.ID[len("evt_"):]) + "_0")
		if d := read(t, s, delivery(id)); d.Event.ID != e.ID {
			t.Errorf("event %s has no delivery in the copy", e.ID)
		}
	}
	for _, id := range acknowledged {
		if !there[id] {
			t.Errorf("event %s was acknowledged and is not in the copy", id)
		}
	}
}
