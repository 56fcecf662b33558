package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// OwnerAccount implements store.Reader.
func (r *Reader) OwnerAccount(ctx context.Context) (live.Account, error) {
	a, err := one(ctx, r.conn, live.ErrAccountNotFound, func(scan func(...any) error) (a live.Account, err error) {
		err = scan(&a.ID, timeColumn{&a.CreatedAt})
		return a, err
	}, `SELECT id, created_at FROM accounts ORDER BY position LIMIT 1`)
	if err != nil {
		return a, fmt.Errorf("owner account: %w", err)
	}
	return a, nil
}

// AddOwner implements store.Tx.
func (t *Tx) AddOwner(ctx context.Context, a live.Account) error {
	if err := t.LockConfigs(ctx); err != nil {
		return err
	}
	err := change(ctx, t.conn, live.ErrAccountExists,
		`INSERT INTO accounts (id, created_at) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM accounts)`, string(a.ID), micros(a.CreatedAt))
	if err != nil {
		return fmt.Errorf("add owner %s: %w", a.ID, err)
	}
	return nil
}

// AddAccount implements store.Tx.
func (t *Tx) AddAccount(ctx context.Context, a live.Account) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO accounts (id, created_at) VALUES ($1, $2)`,
		string(a.ID), micros(a.CreatedAt))
	if err != nil {
		return fmt.Errorf("add account %s: %w", a.ID, err)
	}
	return nil
}
