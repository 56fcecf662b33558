package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// Attempts implements store.Reader.
func (r *Reader) Attempts(ctx context.Context, id live.DeliveryID) ([]live.Attempt, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (a live.Attempt, err error) {
		err = scan(&a.Delivery, &a.Number, timeColumn{&a.StartedAt}, (*int64)(&a.Elapsed), &a.Address, &a.Status, &a.Err, &a.Response)
		return a, err
	}, `SELECT delivery_id, number, started_at, elapsed_ns, address, status, err, response
		FROM attempts WHERE delivery_id = $1 ORDER BY number`, string(id))
	if err != nil {
		return nil, fmt.Errorf("attempts of delivery %s: %w", id, err)
	}
	return list, nil
}

// putAttempt records an attempt. One that was recorded before, by an Update
// whose outcome was unknown, is written over.
func (t *Tx) putAttempt(ctx context.Context, id live.DeliveryID, a live.Attempt) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO attempts
		(delivery_id, number, started_at, elapsed_ns, address, status, err, response)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (delivery_id, number) DO UPDATE SET
			started_at = excluded.started_at, elapsed_ns = excluded.elapsed_ns, address = excluded.address,
			status = excluded.status, err = excluded.err, response = excluded.response`,
		string(id), a.Number, micros(a.StartedAt), int64(a.Elapsed), a.Address, a.Status, a.Err, a.Response)
	return err
}
