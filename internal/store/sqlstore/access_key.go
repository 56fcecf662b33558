package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const accessKeyColumns = `id, secret, account_id, user_name, active, token_hash, expires_at, created_at`

func scanAccessKey(scan func(...any) error) (k live.AccessKey, err error) {
	err = scan(&k.ID, &k.Secret, &k.AccountID, &k.User, &k.Active, &k.TokenHash, timeColumn{&k.ExpiresAt}, timeColumn{&k.CreatedAt})
	return k, err
}

// AccessKey implements store.Reader.
func (r *Reader) AccessKey(ctx context.Context, id string) (live.AccessKey, error) {
	k, err := one(ctx, r.conn, live.ErrAccessKeyMissing, scanAccessKey,
		`SELECT `+accessKeyColumns+` FROM access_keys WHERE id = $1`, id)
	if err != nil {
		return k, fmt.Errorf("access key %s: %w", id, err)
	}
	return k, nil
}

// AccessKeys implements store.Reader.
func (r *Reader) AccessKeys(ctx context.Context, account live.AccountID) ([]live.AccessKey, error) {
	keys, err := all(ctx, r.conn, scanAccessKey,
		`SELECT `+accessKeyColumns+` FROM access_keys WHERE account_id = $1 ORDER BY created_at, id`, string(account))
	if err != nil {
		return nil, fmt.Errorf("access keys of account %s: %w", account, err)
	}
	return keys, nil
}

// PutAccessKey implements store.Tx.
func (t *Tx) PutAccessKey(ctx context.Context, k live.AccessKey) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO access_keys (`+accessKeyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, account_id = excluded.account_id,
			user_name = excluded.user_name, active = excluded.active, token_hash = excluded.token_hash,
			expires_at = excluded.expires_at, created_at = excluded.created_at`,
		k.ID, k.Secret, string(k.AccountID), k.User, k.Active, k.TokenHash, micros(k.ExpiresAt), micros(k.CreatedAt))
	if err != nil {
		return fmt.Errorf("put access key %s: %w", k.ID, err)
	}
	return nil
}

// DeleteAccessKey implements store.Tx.
func (t *Tx) DeleteAccessKey(ctx context.Context, id string) error {
	err := change(ctx, t.conn, live.ErrAccessKeyMissing, `DELETE FROM access_keys WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("delete access key %s: %w", id, err)
	}
	return nil
}
