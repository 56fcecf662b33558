package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// OrderAnswer implements store.Reader.
func (r *Reader) OrderAnswer(ctx context.Context, id live.OrderID) (string, error) {
	answer, err := one(ctx, r.conn, live.ErrNotFound, value[string], `SELECT answer FROM orders WHERE id = $1`, string(id))
	if err != nil {
		return "", fmt.Errorf("order %s: %w", id, err)
	}
	return answer, nil
}

// AddOrder implements store.Tx.
func (t *Tx) AddOrder(ctx context.Context, o live.Order, now time.Time) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM orders WHERE node = $1 AND expires_at <= $2`,
		o.Node, now.Add(-live.NodeLease).UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO orders (id, node, domain, app, stream, command, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			string(o.ID), o.Node, o.Key.Domain, o.Key.App, o.Key.Stream, string(o.Command), o.ExpiresAt.UnixMicro())
	}
	if err != nil {
		return fmt.Errorf("add order %s to node %s: %w", o.ID, o.Node, err)
	}
	return nil
}

// TakeOrders implements store.Tx.
func (t *Tx) TakeOrders(ctx context.Context, now time.Time) ([]live.Order, error) {
	list, err := all(ctx, t.conn, func(scan func(...any) error) (o live.Order, err error) {
		err = scan(&o.ID, &o.Node, &o.Key.Domain, &o.Key.App, &o.Key.Stream, &o.Command, timeColumn{&o.ExpiresAt})
		return o, err
	}, `UPDATE orders SET taken = TRUE WHERE node = $1 AND NOT taken AND expires_at > $2
		RETURNING id, node, domain, app, stream, command, expires_at`, t.node, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("take orders to node %s: %w", t.node, err)
	}
	return list, nil
}

// AnswerOrder implements store.Tx.
func (t *Tx) AnswerOrder(ctx context.Context, id live.OrderID, answer string) error {
	if _, err := t.conn.Exec(ctx, `UPDATE orders SET answer = $2 WHERE id = $1`, string(id), answer); err != nil {
		return fmt.Errorf("answer order %s: %w", id, err)
	}
	return nil
}

// DeleteOrder implements store.Tx.
func (t *Tx) DeleteOrder(ctx context.Context, id live.OrderID) error {
	if _, err := t.conn.Exec(ctx, `DELETE FROM orders WHERE id = $1`, string(id)); err != nil {
		return fmt.Errorf("delete order %s: %w", id, err)
	}
	return nil
}
