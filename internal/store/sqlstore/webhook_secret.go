package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// WebhookSecrets implements store.Reader.
func (r *Reader) WebhookSecrets(ctx context.Context) ([]live.WebhookSecret, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (s live.WebhookSecret, err error) {
		err = scan(&s.Owner, &s.Secret, timeColumn{&s.CreatedAt})
		return s, err
	}, `SELECT owner, secret, created_at FROM webhook_secrets ORDER BY owner, created_at DESC, secret`)
	if err != nil {
		return nil, fmt.Errorf("webhook secrets: %w", err)
	}
	return list, nil
}

// AddWebhookSecret implements store.Tx.
func (t *Tx) AddWebhookSecret(ctx context.Context, s live.WebhookSecret) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO webhook_secrets (owner, secret, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (owner, secret) DO UPDATE SET created_at = excluded.created_at`, s.Owner, s.Secret, s.CreatedAt.UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM webhook_secrets WHERE owner = $1 AND secret NOT IN (
			SELECT secret FROM webhook_secrets WHERE owner = $1 ORDER BY created_at DESC, secret LIMIT $2)`, s.Owner, live.MaxWebhookSecrets)
	}
	if err != nil {
		return fmt.Errorf("add webhook secret of %s: %w", s.Owner, err)
	}
	return nil
}

// DeleteWebhookSecret implements store.Tx.
func (t *Tx) DeleteWebhookSecret(ctx context.Context, s live.WebhookSecret) error {
	err := change(ctx, t.conn, live.ErrNotFound, `DELETE FROM webhook_secrets WHERE owner = $1 AND secret = $2`, s.Owner, s.Secret)
	if err != nil {
		return fmt.Errorf("delete webhook secret of %s: %w", s.Owner, err)
	}
	return nil
}
