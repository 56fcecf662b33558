package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// How a claim stays fast however many deliveries wait behind an earlier one of
// their stream and URL: the claim that first finds one waiting marks it so,
// which takes it out of the index that claims read. Whatever can end the wait of
// the first in line, that is every finished attempt of its stream and URL, takes
// that mark back, and the next claim looks again.
//
// Where Updates run side by side, the end of the attempt ahead may be committed
// between the look and the mark, and nobody would take the mark back. So the mark
// is made under a lock of the delivery ahead: its attempt ends either before, and
// then there is no mark, or after, and then it finds the mark. So it is with the row
// of a parked URL and its end.

// A candidate is a delivery that is due and not held.
type candidate struct {
	delivery live.Delivery
	waits    bool // behind an earlier one, or for its URL to be resumed
}

func scanCandidate(scan func(...any) error) (c candidate, err error) {
	err = scan(append(deliveryDest(&c.delivery), &c.waits)...)
	return c, err
}

// ClaimDeliveries implements store.Tx.
func (t *Tx) ClaimDeliveries(ctx context.Context, now, lease time.Time, burst, limit int, skip []string) ([]live.Delivery, error) {
	skipped, err := encodeStrings(skip)
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return t.claimDeliveries(ctx, now, lease, burst, limit, t.dialect.candidates, skipped)
}

// ClaimOf implements store.Tx.
func (t *Tx) ClaimOf(ctx context.Context, now, lease time.Time, burst, limit int, origin string) ([]live.Delivery, error) {
	return t.claimDeliveries(ctx, now, lease, burst, limit, t.dialect.candidatesOf, origin)
}

// claimDeliveries claims what query selects by origins.
func (t *Tx) claimDeliveries(ctx context.Context, now, lease time.Time, burst, limit int, query, origins string) ([]live.Delivery, error) {
	if lease.UnixMicro() <= now.UnixMicro() {
		return nil, fmt.Errorf("claim deliveries: the lease ends at %s, which is not after %s", lease, now)
	}
	var claimed []live.Delivery
	for len(claimed) < limit {
		candidates, err := all(ctx, t.conn, scanCandidate, query, burst, now.UnixMicro(), limit-len(claimed), origins)
		if err != nil {
			return nil, fmt.Errorf("claim deliveries: %w", err)
		}
		if len(candidates) == 0 {
			break
		}
		var handedOut, waiting []string
		for _, c := range candidates {
			if c.waits {
				waiting = append(waiting, string(c.delivery.ID))
			} else {
				handedOut = append(handedOut, string(c.delivery.ID))
				claimed = append(claimed, c.delivery)
			}
		}
		if err := t.claim(ctx, handedOut, lease); err != nil {
			return nil, fmt.Errorf("claim %d deliveries: %w", len(handedOut), err)
		}
		marked, err := t.markWaiting(ctx, waiting, burst)
		if err != nil {
			return nil, fmt.Errorf("pass over %d deliveries: %w", len(waiting), err)
		}
		if marked < len(waiting) { // they are about to be free, and would come again
			break
		}
	}
	return claimed, nil
}

// claim leases deliveries.
func (t *Tx) claim(ctx context.Context, ids []string, lease time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := encodeStrings(ids)
	if err == nil {
		_, err = t.conn.Exec(ctx, t.dialect.claim, list, micros(lease), t.node)
	}
	return err
}

// markWaiting marks deliveries that wait, but for those whose wait is about to end,
// and returns how many it has marked.
func (t *Tx) markWaiting(ctx context.Context, ids []string, burst int) (marked int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	list, err := encodeStrings(ids)
	if err != nil {
		return 0, err
	}
	if t.dialect.sideBySide {
		behind, err := all(ctx, t.conn, value[string], t.dialect.lockAhead, burst, list)
		if err != nil {
			return 0, err
		}
		toParked, err := all(ctx, t.conn, value[string], t.dialect.lockParked, list)
		if err != nil {
			return 0, err
		}
		if list, err = encodeStrings(append(behind, toParked...)); err != nil {
			return 0, err
		}
	}
	n, err := t.conn.Exec(ctx, t.dialect.markWaiting, list)
	return int(n), err
}

// ReleaseDeliveries implements store.Tx.
func (t *Tx) ReleaseDeliveries(ctx context.Context, ids []live.DeliveryID) error {
	list, err := encodeStrings(ids)
	if err == nil {
		_, err = t.conn.Exec(ctx, t.dialect.release, list, t.node)
	}
	if err != nil {
		return fmt.Errorf("release %d deliveries: %w", len(ids), err)
	}
	return nil
}

// ReleaseClaims implements store.Tx.
func (t *Tx) ReleaseClaims(ctx context.Context) error {
	// What waits for its URL to be resumed, which can be much, stays marked.
	_, err := t.conn.Exec(ctx, `UPDATE deliveries SET waiting = FALSE WHERE state = 'pending' AND waiting
		AND (url NOT IN (SELECT url FROM parked_endpoints) OR leased_until IS NOT NULL AND claimed_by = $1)`, t.node)
	if err == nil {
		_, err = t.conn.Exec(ctx, `UPDATE deliveries SET leased_until = NULL
			WHERE state = 'pending' AND NOT waiting AND leased_until IS NOT NULL AND claimed_by = $1`, t.node)
	}
	if err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	return nil
}
