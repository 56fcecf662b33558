package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// Where an attempt is kept: the first of a delivery with the delivery, in the
// columns that begin with first_, all others in the table attempts. An older
// version kept first ones there, too.

// keptWithDelivery reports whether an attempt is kept with its delivery.
func keptWithDelivery(a live.Attempt) bool { return a.Number == 1 && !a.Replay }

// Columns of an attempt a, and of the first attempt of a delivery d.
const (
	attemptColumns      = `a.delivery_id, a.number, a.started_at, a.elapsed_ns, a.address, a.status, a.err, a.response, a.replay`
	firstAttemptColumns = `d.id, 1, d.first_started_at, d.first_elapsed_ns, d.first_address, d.first_status, d.first_err, d.first_response, FALSE`
)

// attemptDest returns where the attemptColumns go.
func attemptDest(a *live.Attempt) []any {
	return []any{&a.Delivery, &a.Number, timeColumn{&a.StartedAt}, (*int64)(&a.Elapsed), &a.Address, &a.Status, &a.Err, &a.Response, &a.Replay}
}

// Attempts implements store.Reader.
func (r *Reader) Attempts(ctx context.Context, id live.DeliveryID) ([]live.Attempt, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (a live.Attempt, err error) {
		err = scan(attemptDest(&a)...)
		return a, err
	}, `SELECT `+firstAttemptColumns+` FROM deliveries d WHERE d.id = $1 AND d.first_status IS NOT NULL
		UNION ALL SELECT `+attemptColumns+` FROM attempts a WHERE a.delivery_id = $1 ORDER BY 2`, string(id))
	if err != nil {
		return nil, fmt.Errorf("attempts of delivery %s: %w", id, err)
	}
	return list, nil
}
