package callback

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A round is one Update of the dispatcher: it records outcomes, gives back
// leases, saves how receivers do, and claims what is due in the table.
type round struct {
	now, lease time.Time
	outcomes   []outcome
	released   []live.DeliveryID
	health     []live.ReceiverHealth // to be saved
	alone      bool                  // record one outcome and do nothing else
	restore    bool                  // give back the claims of an earlier run, and see what it knew
	look       bool                  // claim, whether or not the outcomes freed something
	limit      int                   // of the claims
	skip       []string              // origins of which nothing is claimed
	probes     []string              // origins of which one is claimed

	// What came of it.
	err      error
	claimed  []live.Delivery
	known    []live.ReceiverHealth // to an earlier run
	looked   bool                  // the table was looked into
	nextLook time.Time             // when to look again
}

// run makes the round. Running it again after an error does no harm.
func (r *round) run(ctx context.Context, s deliveryStore) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return s.Update(ctx, func(tx store.Tx) error {
		r.claimed, r.looked = nil, false
		freed, err := r.record(ctx, tx)
		if err != nil {
			return err
		}
		if len(r.released) > 0 {
			if err := tx.ReleaseDeliveries(ctx, r.released); err != nil {
				return err
			}
		}
		for _, h := range r.health {
			if err := tx.PutReceiverHealth(ctx, h); err != nil {
				return err
			}
		}
		if r.restore {
			if err := tx.ReleaseClaims(ctx); err != nil {
				return err
			}
			if r.known, err = tx.OwnReceiverHealth(ctx); err != nil {
				return err
			}
		}
		for _, origin := range r.probes {
			list, err := tx.ClaimOf(ctx, r.now, r.lease, burstRetries, 1, origin)
			if err != nil {
				return err
			}
			r.claimed = append(r.claimed, list...)
		}
		if r.look || freed && !r.alone {
			return r.claim(ctx, tx)
		}
		return nil
	})
}

// record records the outcomes.
func (r *round) record(ctx context.Context, tx store.Tx) (freed bool, err error) {
	if len(r.outcomes) == 0 {
		return false, nil
	}
	list := make([]store.FinishedAttempt, len(r.outcomes))
	for i, o := range r.outcomes {
		list[i] = store.FinishedAttempt{Delivery: o.claim.Delivery, Attempt: o.attempt}
		if o.parks {
			if err := tx.ParkEndpoint(ctx, o.parked()); err != nil {
				return false, err
			}
		}
	}
	return tx.FinishAttempts(ctx, list)
}

// claim claims what is due and finds out when there will be more.
func (r *round) claim(ctx context.Context, tx store.Tx) error {
	if r.limit <= 0 {
		r.looked, r.nextLook = true, r.now.Add(minPoll)
		return nil
	}
	list, err := tx.ClaimDeliveries(ctx, r.now, r.lease, burstRetries, r.limit, r.skip)
	if err != nil {
		return err
	}
	r.claimed = append(r.claimed, list...)
	r.looked, r.nextLook = true, r.now.Add(idlePoll)
	if len(list) == r.limit {
		r.nextLook = time.Time{}
		return nil
	}
	due, ok, err := tx.NextDue(ctx, burstRetries, r.skip)
	if ok && due.Before(r.nextLook) {
		r.nextLook = maxTime(due, r.now.Add(minPoll))
	}
	return err
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
