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

// A candidate is a delivery that is due and not held.
type candidate struct {
	delivery live.Delivery
	waits    bool // behind an earlier one
}

func scanCandidate(scan func(...any) error) (c candidate, err error) {
	err = scan(append(deliveryDest(&c.delivery), &c.waits)...)
	return c, err
}

// ClaimDeliveries implements store.Tx.
func (t *Tx) ClaimDeliveries(ctx context.Context, now, lease time.Time, burst, limit int, skip []string) ([]live.Delivery, error) {
	if lease.UnixMicro() <= now.UnixMicro() {
		return nil, fmt.Errorf("claim deliveries: the lease ends at %s, which is not after %s", lease, now)
	}
	skipped, err := encodeStrings(skip)
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	var claimed []live.Delivery
	for len(claimed) < limit {
		candidates, err := t.candidates(ctx, now, burst, limit-len(claimed), skipped)
		if err != nil {
			return nil, fmt.Errorf("claim deliveries: %w", err)
		}
		if len(candidates) == 0 {
			break
		}
		for _, c := range candidates {
			id := string(c.delivery.ID)
			if c.waits {
				_, err = t.conn.Exec(ctx, `UPDATE deliveries SET waiting = TRUE WHERE id = $1`, id)
			} else {
				_, err = t.conn.Exec(ctx, `UPDATE deliveries SET leased_until = $2 WHERE id = $1`, id, micros(lease))
				claimed = append(claimed, c.delivery)
			}
			if err != nil {
				return nil, fmt.Errorf("claim delivery %s: %w", id, err)
			}
		}
	}
	return claimed, nil
}

// candidates returns the first deliveries that a claim at now must look at.
// skipped is the JSON array of the origins to pass over.
func (t *Tx) candidates(ctx context.Context, now time.Time, burst, limit int, skipped string) ([]candidate, error) {
	return all(ctx, t.conn, scanCandidate, t.dialect.candidates, burst, now.UnixMicro(), limit, skipped)
}

// A line is the deliveries of one stream to one URL.
type line struct {
	stream int64
	url    string
}

func scanLine(scan func(...any) error) (l line, err error) {
	err = scan(&l.stream, &l.url)
	return l, err
}

// FinishAttempt implements store.Tx.
func (t *Tx) FinishAttempt(ctx context.Context, d live.Delivery, a live.Attempt) error {
	if err := t.finishAttempt(ctx, d, a); err != nil {
		return fmt.Errorf("finish attempt %d of delivery %s: %w", a.Number, d.ID, err)
	}
	return nil
}

func (t *Tx) finishAttempt(ctx context.Context, d live.Delivery, a live.Attempt) error {
	l, err := one(ctx, t.conn, live.ErrNotFound, scanLine,
		`UPDATE deliveries SET state = $2, attempts = $3, due_at = $4, leased_until = NULL, waiting = FALSE
		WHERE id = $1 RETURNING stream_id, url`,
		string(d.ID), string(d.State), d.Attempts, micros(d.DueAt))
	if err != nil {
		return err
	}
	if err := t.putAttempt(ctx, d.ID, l.stream, a); err != nil {
		return err
	}
	_, err = t.conn.Exec(ctx, `UPDATE deliveries SET waiting = FALSE WHERE id = (
			SELECT id FROM deliveries
			WHERE stream_id = $1 AND url = $2 AND state = 'pending' AND waiting ORDER BY seq, position LIMIT 1)`,
		l.stream, l.url)
	return err
}

// ReleaseClaims implements store.Tx.
func (t *Tx) ReleaseClaims(ctx context.Context) error {
	for _, query := range []string{
		`UPDATE deliveries SET waiting = FALSE WHERE state = 'pending' AND waiting`,
		`UPDATE deliveries SET leased_until = NULL WHERE state = 'pending' AND NOT waiting AND leased_until IS NOT NULL`,
	} {
		if _, err := t.conn.Exec(ctx, query); err != nil {
			return fmt.Errorf("release claims: %w", err)
		}
	}
	return nil
}
