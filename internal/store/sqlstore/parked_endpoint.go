package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// How claims pass over what is owed to a parked URL: as what waits behind an earlier
// delivery it is marked as waiting by the claim that first finds it, and costs no
// claim after that anything. ResumeEndpoint takes the marks back.

// parked is the condition that the URL of a delivery d is parked.
const parked = `EXISTS (SELECT 1 FROM parked_endpoints p WHERE p.url = d.url)`

// ParkedEndpoints implements store.Reader.
func (r *Reader) ParkedEndpoints(ctx context.Context) ([]live.ParkedEndpoint, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (p live.ParkedEndpoint, err error) {
		err = scan(&p.URL, timeColumn{&p.ParkedAt}, &p.Delivery, &p.Status)
		return p, err
	}, `SELECT url, parked_at, delivery_id, status FROM parked_endpoints ORDER BY url`)
	if err != nil {
		return nil, fmt.Errorf("parked endpoints: %w", err)
	}
	return list, nil
}

// ParkEndpoint implements store.Tx.
func (t *Tx) ParkEndpoint(ctx context.Context, p live.ParkedEndpoint) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO parked_endpoints (url, parked_at, delivery_id, status) VALUES ($1, $2, $3, $4)
		ON CONFLICT (url) DO NOTHING`, p.URL, micros(p.ParkedAt), string(p.Delivery), p.Status)
	if err != nil {
		return fmt.Errorf("park endpoint of %s: %w", live.Origin(p.URL), err)
	}
	return nil
}

// ResumeEndpoint implements store.Tx. The row goes first: where Updates run side by
// side, a claim marks deliveries under a lock of it, so that all marks are there to be
// taken back.
func (t *Tx) ResumeEndpoint(ctx context.Context, url string) error {
	err := change(ctx, t.conn, live.ErrNotFound, `DELETE FROM parked_endpoints WHERE url = $1`, url)
	if err == nil {
		_, err = t.conn.Exec(ctx, `UPDATE deliveries SET waiting = FALSE WHERE state = 'pending' AND waiting AND url = $1`, url)
	}
	if err != nil {
		return fmt.Errorf("resume endpoint of %s: %w", live.Origin(url), err)
	}
	return nil
}

// GiveUpDeliveries implements store.Tx.
func (t *Tx) GiveUpDeliveries(ctx context.Context, url string) (int, error) {
	n, err := t.conn.Exec(ctx, `UPDATE deliveries SET state = 'dead', due_at = NULL, waiting = FALSE
		WHERE state = 'pending' AND url = $1 AND leased_until IS NULL`, url)
	if err != nil {
		return 0, fmt.Errorf("give up deliveries to %s: %w", live.Origin(url), err)
	}
	return int(n), nil
}

// Backlogs implements store.Reader.
func (r *Reader) Backlogs(ctx context.Context) ([]live.Backlog, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (b live.Backlog, err error) {
		err = scan(&b.URL, &b.Pending, &b.Dead)
		return b, err
	}, `SELECT url, CAST(sum(pending) AS BIGINT), CAST(sum(dead) AS BIGINT) FROM (
			SELECT url, count(*) AS pending, 0 AS dead FROM deliveries WHERE state = 'pending' GROUP BY url
			UNION ALL SELECT url, 0, count(*) FROM deliveries WHERE state = 'dead' GROUP BY url) p
		GROUP BY url ORDER BY url`)
	if err != nil {
		return nil, fmt.Errorf("backlogs: %w", err)
	}
	return list, nil
}
