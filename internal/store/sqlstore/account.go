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

// AccessKey implements store.Reader.
func (r *Reader) AccessKey(ctx context.Context, id string) (live.AccessKey, error) {
	k, err := one(ctx, r.conn, live.ErrAccessKeyMissing, func(scan func(...any) error) (k live.AccessKey, err error) {
		err = scan(&k.ID, &k.Secret, &k.AccountID, &k.Active, timeColumn{&k.CreatedAt})
		return k, err
	}, `SELECT id, secret, account_id, active, created_at FROM access_keys WHERE id = $1`, id)
	if err != nil {
		return k, fmt.Errorf("access key %s: %w", id, err)
	}
	return k, nil
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

// PutAccessKey implements store.Tx.
func (t *Tx) PutAccessKey(ctx context.Context, k live.AccessKey) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO access_keys (id, secret, account_id, active, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, account_id = excluded.account_id,
			active = excluded.active, created_at = excluded.created_at`,
		k.ID, k.Secret, string(k.AccountID), k.Active, micros(k.CreatedAt))
	if err != nil {
		return fmt.Errorf("put access key %s: %w", k.ID, err)
	}
	return nil
}
