package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const endpointColumns = `id, domain, url, events, rich, created_at`

// scanEndpoint reads endpointColumns.
func scanEndpoint(scan func(...any) error) (e live.Endpoint, err error) {
	err = scan(&e.ID, &e.Domain, &e.URL, jsonColumn{&e.Events}, &e.Rich, timeColumn{&e.CreatedAt})
	return e, err
}

// Endpoint implements store.Reader.
func (r *Reader) Endpoint(ctx context.Context, id live.EndpointID) (live.Endpoint, error) {
	e, err := one(ctx, r.conn, live.ErrNotFound, scanEndpoint,
		`SELECT `+endpointColumns+` FROM endpoints WHERE id = $1`, string(id))
	if err != nil {
		return e, fmt.Errorf("endpoint %s: %w", id, err)
	}
	return e, nil
}

// Endpoints implements store.Reader.
func (r *Reader) Endpoints(ctx context.Context, domain string) ([]live.Endpoint, error) {
	list, err := all(ctx, r.conn, scanEndpoint,
		`SELECT `+endpointColumns+` FROM endpoints WHERE domain = $1 ORDER BY id`, domain)
	if err != nil {
		return nil, fmt.Errorf("endpoints of domain %s: %w", domain, err)
	}
	return list, nil
}

// AddEndpoint implements store.Tx.
func (t *Tx) AddEndpoint(ctx context.Context, e live.Endpoint) error {
	events, err := encode(e.Events)
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO endpoints (`+endpointColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
			string(e.ID), e.Domain, e.URL, events, e.Rich, micros(e.CreatedAt))
	}
	if err != nil {
		return fmt.Errorf("add endpoint %s of domain %s: %w", e.ID, e.Domain, err)
	}
	return nil
}

// DeleteEndpoint implements store.Tx.
func (t *Tx) DeleteEndpoint(ctx context.Context, id live.EndpointID) error {
	err := change(ctx, t.conn, live.ErrNotFound, `DELETE FROM endpoints WHERE id = $1`, string(id))
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM webhook_secrets WHERE owner = $1`, string(id))
	}
	if err != nil {
		return fmt.Errorf("delete endpoint %s: %w", id, err)
	}
	return nil
}
