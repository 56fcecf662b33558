package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// Node implements store.Reader.
func (r *Reader) Node(ctx context.Context) (live.Node, error) {
	n, err := one(ctx, r.conn, live.ErrNotFound, func(scan func(...any) error) (n live.Node, err error) {
		err = scan(&n.Name, &n.Host, &n.Place, &n.Run, timeColumn{&n.LeasedUntil})
		return n, err
	}, `SELECT name, host, place, run, leased_until FROM nodes WHERE name = $1`, r.node)
	if err != nil {
		return n, fmt.Errorf("node %s: %w", r.node, err)
	}
	return n, nil
}

// NodeOf implements store.Reader.
func (r *Reader) NodeOf(ctx context.Context, key live.StreamKey, now time.Time) (node string, err error) {
	for _, query := range []string{
		`SELECT n.name FROM publishers p JOIN nodes n ON n.name = p.node
			WHERE p.domain = $1 AND p.app = $2 AND p.stream = $3 AND n.leased_until > $4`,
		`SELECT n.name FROM recordings r JOIN nodes n ON n.name = r.node
			WHERE r.state <> 'closed' AND r.domain = $1 AND r.app = $2 AND r.stream = $3 AND n.leased_until > $4
			ORDER BY r.started_at DESC, r.id DESC LIMIT 1`,
	} {
		node, err = one(ctx, r.conn, live.ErrNotFound, value[string], query, key.Domain, key.App, key.Stream, now.UnixMicro())
		if !errors.Is(err, live.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("node of stream %s: %w", key, err)
	}
	return node, nil
}

// EnterNode implements store.Tx.
func (t *Tx) EnterNode(ctx context.Context, n live.Node, now time.Time) error {
	if err := t.enterNode(ctx, n, now); err != nil {
		return fmt.Errorf("enter node %s: %w", t.node, err)
	}
	return nil
}

func (t *Tx) enterNode(ctx context.Context, n live.Node, now time.Time) error {
	known, err := one(ctx, t.conn, nil, value[int], `SELECT count(*) FROM nodes`)
	if err != nil {
		return err
	}
	err = change(ctx, t.conn, live.ErrNodeTaken, `INSERT INTO nodes (name, host, place, run, leased_until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET host = excluded.host, place = excluded.place, run = excluded.run, leased_until = excluded.leased_until
		WHERE nodes.leased_until <= $6 OR nodes.run = excluded.run OR (nodes.place = excluded.place AND nodes.place <> '')`,
		t.node, n.Host, n.Place, n.Run, n.LeasedUntil.UnixMicro(), now.UnixMicro())
	if err != nil {
		return err
	}
	if _, err := t.conn.Exec(ctx, `DELETE FROM orders WHERE node = $1`, t.node); err != nil || known > 0 {
		return err
	}
	for _, table := range []string{"recordings", "sessions", "announced_publishes"} {
		if _, err := t.conn.Exec(ctx, `UPDATE `+table+` SET node = $1 WHERE node = ''`, t.node); err != nil {
			return err
		}
	}
	return nil
}

// LockConfigs implements store.Tx.
func (t *Tx) LockConfigs(ctx context.Context) error {
	if t.dialect.lockConfigs == "" {
		return nil
	}
	if _, err := t.conn.Exec(ctx, t.dialect.lockConfigs); err != nil {
		return fmt.Errorf("lock configs: %w", err)
	}
	return nil
}

// RenewNode implements store.Tx.
func (t *Tx) RenewNode(ctx context.Context, run string, until time.Time) error {
	err := change(ctx, t.conn, live.ErrNodeTaken,
		`UPDATE nodes SET leased_until = $3 WHERE name = $1 AND run = $2`, t.node, run, until.UnixMicro())
	if err != nil {
		return fmt.Errorf("renew node %s: %w", t.node, err)
	}
	return nil
}
