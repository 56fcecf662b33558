package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

const healthColumns = `origin, node, unanswered, probe_wait_ns, probe_at, concurrency, succeeded_at, failed_at, failed_status, failed_err`

// scanHealth reads healthColumns.
func scanHealth(scan func(...any) error) (h live.ReceiverHealth, err error) {
	err = scan(&h.Origin, &h.Node, &h.Unanswered, &h.ProbeWait, timeColumn{&h.ProbeAt}, &h.Concurrency,
		timeColumn{&h.SucceededAt}, timeColumn{&h.FailedAt}, &h.FailedStatus, &h.FailedErr)
	return h, err
}

// ReceiverHealth implements store.Reader.
func (r *Reader) ReceiverHealth(ctx context.Context) ([]live.ReceiverHealth, error) {
	list, err := all(ctx, r.conn, scanHealth, `SELECT `+healthColumns+` FROM receiver_health ORDER BY origin, node`)
	if err != nil {
		return nil, fmt.Errorf("health of receivers: %w", err)
	}
	return list, nil
}

// OwnReceiverHealth implements store.Tx.
func (t *Tx) OwnReceiverHealth(ctx context.Context) ([]live.ReceiverHealth, error) {
	list, err := all(ctx, t.conn, scanHealth, `SELECT `+healthColumns+` FROM receiver_health WHERE node = $1 ORDER BY origin`, t.node)
	if err != nil {
		return nil, fmt.Errorf("own health of receivers: %w", err)
	}
	return list, nil
}

// PutReceiverHealth implements store.Tx.
func (t *Tx) PutReceiverHealth(ctx context.Context, h live.ReceiverHealth) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO receiver_health (`+healthColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (origin, node) DO UPDATE SET
			unanswered = excluded.unanswered, probe_wait_ns = excluded.probe_wait_ns, probe_at = excluded.probe_at,
			concurrency = excluded.concurrency, succeeded_at = excluded.succeeded_at, failed_at = excluded.failed_at,
			failed_status = excluded.failed_status, failed_err = excluded.failed_err`,
		h.Origin, t.node, h.Unanswered, int64(h.ProbeWait), micros(h.ProbeAt), h.Concurrency,
		micros(h.SucceededAt), micros(h.FailedAt), h.FailedStatus, h.FailedErr)
	if err != nil {
		return fmt.Errorf("put health of receiver %s: %w", h.Origin, err)
	}
	return nil
}

// DeleteReceiverHealth implements store.Tx.
func (t *Tx) DeleteReceiverHealth(ctx context.Context, before time.Time) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM receiver_health WHERE coalesce(succeeded_at, 0) < $1 AND coalesce(failed_at, 0) < $1`, before.UnixMicro())
	if err != nil {
		return fmt.Errorf("delete health of receivers: %w", err)
	}
	return nil
}
