package storetest

import (
	"context"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func receiverHealth(ctx context.Context, r store.Reader) ([]live.ReceiverHealth, error) {
	return r.ReceiverHealth(ctx)
}

func testReceiverHealth(t *testing.T, b Backend) {
	originA, originB := live.Origin(urlA), live.Origin(urlB)
	well := live.ReceiverHealth{Origin: originA, Concurrency: 32, SucceededAt: epoch}
	ill := live.ReceiverHealth{
		Origin: originB, Unanswered: 12, ProbeWait: 4 * time.Second, ProbeAt: after(3 * time.Second), Concurrency: 1,
		SucceededAt: epoch, FailedAt: after(time.Second), FailedErr: "no answer within 5s",
	}
	put := func(list ...live.ReceiverHealth) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			for _, h := range list {
				if err := tx.PutReceiverHealth(ctx, h); err != nil {
					return err
				}
			}
			return nil
		})
	}
	equal(t, "ReceiverHealth at first", read(t, b.Store, receiverHealth), nil)
	put(ill, well)
	equal(t, "ReceiverHealth", read(t, b.Store, receiverHealth), []live.ReceiverHealth{ill, well})
	well.FailedAt, well.FailedStatus = after(time.Minute), 503
	put(well)
	want := []live.ReceiverHealth{ill, well}
	equal(t, "ReceiverHealth after one was put again", read(t, b.Store, receiverHealth), want)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		own, err := tx.OwnReceiverHealth(ctx)
		equal(t, "OwnReceiverHealth", own, want)
		return err
	})
	if !ill.Probed() || well.Probed() || !well.Fails() {
		t.Error("health is misread")
	}
	s := b.Reopen(t)
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.DeleteReceiverHealth(ctx, after(time.Second)) })
	equal(t, "ReceiverHealth when none is old", read(t, s, receiverHealth), want)
	update(t, s, func(ctx context.Context, tx store.Tx) error { return tx.DeleteReceiverHealth(ctx, after(time.Minute)) })
	equal(t, "ReceiverHealth after the old was deleted", read(t, s, receiverHealth), want[1:])
}
