package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// PushAuth implements store.Reader.
func (r *Reader) PushAuth(ctx context.Context, domain string) (live.PushAuth, error) {
	a, err := one(ctx, r.conn, live.ErrConfigNotFound, func(scan func(...any) error) (a live.PushAuth, err error) {
		err = scan(&a.ID, &a.Domain, &a.Type, &a.Key1, &a.Key2, (*int64)(&a.Validity), &a.PlaylistAuth)
		return a, err
	}, `SELECT id, domain, type, key1, key2, validity_ns, playlist_auth FROM push_auths WHERE domain = $1`, domain)
	if err != nil {
		return a, fmt.Errorf("push auth of domain %s: %w", domain, err)
	}
	return a, nil
}

// PutPushAuth implements store.Tx.
func (t *Tx) PutPushAuth(ctx context.Context, a live.PushAuth) error {
	_, err := t.conn.Exec(ctx,
		`INSERT INTO push_auths (domain, type, key1, key2, validity_ns, playlist_auth) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (domain) DO UPDATE SET type = excluded.type, key1 = excluded.key1, key2 = excluded.key2,
			validity_ns = excluded.validity_ns, playlist_auth = excluded.playlist_auth`,
		a.Domain, string(a.Type), a.Key1, a.Key2, int64(a.Validity), a.PlaylistAuth)
	if err != nil {
		return fmt.Errorf("put push auth of domain %s: %w", a.Domain, err)
	}
	return nil
}

// DeletePushAuth implements store.Tx.
func (t *Tx) DeletePushAuth(ctx context.Context, domain string) error {
	if _, err := t.conn.Exec(ctx, `DELETE FROM push_auths WHERE domain = $1`, domain); err != nil {
		return fmt.Errorf("delete push auth of domain %s: %w", domain, err)
	}
	return nil
}
