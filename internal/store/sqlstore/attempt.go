package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// Columns of an attempt a.
const attemptColumns = `a.delivery_id, a.number, a.started_at, a.elapsed_ns, a.address, a.status, a.err, a.response, a.replay`

// attemptDest returns where the attemptColumns go.
func attemptDest(a *live.Attempt) []any {
	return []any{&a.Delivery, &a.Number, timeColumn{&a.StartedAt}, (*int64)(&a.Elapsed), &a.Address, &a.Status, &a.Err, &a.Response, &a.Replay}
}

// Attempts implements store.Reader.
func (r *Reader) Attempts(ctx context.Context, id live.DeliveryID) ([]live.Attempt, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (a live.Attempt, err error) {
		err = scan(attemptDest(&a)...)
		return a, err
	}, `SELECT `+attemptColumns+` FROM attempts a WHERE a.delivery_id = $1 ORDER BY a.number`, string(id))
	if err != nil {
		return nil, fmt.Errorf("attempts of delivery %s: %w", id, err)
	}
	return list, nil
}

// putAttempt records an attempt at a delivery. One that was recorded before, by an
// Update whose outcome was unknown, is written over.
func (t *Tx) putAttempt(ctx context.Context, id live.DeliveryID, a live.Attempt) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO attempts
		(delivery_id, number, stream_id, started_at, elapsed_ns, address, status, err, response, replay)
		SELECT d.id, $2, abs(d.stream_id), $3, $4, $5, $6, $7, $8, $9 FROM deliveries d WHERE d.id = $1
		ON CONFLICT (delivery_id, number) DO UPDATE SET
			started_at = excluded.started_at, elapsed_ns = excluded.elapsed_ns, address = excluded.address,
			status = excluded.status, err = excluded.err, response = excluded.response`,
		string(id), a.Number, micros(a.StartedAt), int64(a.Elapsed), a.Address, a.Status, a.Err, a.Response, a.Replay)
	return err
}
