package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// StreamsNotifyConfig implements store.Reader.
func (r *Reader) StreamsNotifyConfig(ctx context.Context, domain string) (live.StreamsNotifyConfig, error) {
	c, err := one(ctx, r.conn, live.ErrConfigNotFound, func(scan func(...any) error) (c live.StreamsNotifyConfig, err error) {
		err = scan(&c.Domain, &c.NotifyURL, &c.NotifyReqAuth, &c.NotifyAuthKey)
		return c, err
	}, `SELECT domain, notify_url, notify_req_auth, notify_auth_key FROM streams_notify_configs WHERE domain = $1`, domain)
	if err != nil {
		return c, fmt.Errorf("streams notify config of domain %s: %w", domain, err)
	}
	return c, nil
}

// PutStreamsNotifyConfig implements store.Tx.
func (t *Tx) PutStreamsNotifyConfig(ctx context.Context, c live.StreamsNotifyConfig) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO streams_notify_configs (domain, notify_url, notify_req_auth, notify_auth_key)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain) DO UPDATE SET notify_url = excluded.notify_url,
			notify_req_auth = excluded.notify_req_auth, notify_auth_key = excluded.notify_auth_key`,
		c.Domain, c.NotifyURL, c.NotifyReqAuth, c.NotifyAuthKey)
	if err != nil {
		return fmt.Errorf("put streams notify config of domain %s: %w", c.Domain, err)
	}
	return nil
}

// DeleteStreamsNotifyConfig implements store.Tx.
func (t *Tx) DeleteStreamsNotifyConfig(ctx context.Context, domain string) error {
	err := change(ctx, t.conn, live.ErrConfigNotFound, `DELETE FROM streams_notify_configs WHERE domain = $1`, domain)
	if err != nil {
		return fmt.Errorf("delete streams notify config of domain %s: %w", domain, err)
	}
	return nil
}

// AnnouncedPublishes implements store.Reader.
func (r *Reader) AnnouncedPublishes(ctx context.Context) ([]live.AnnouncedPublish, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (a live.AnnouncedPublish, err error) {
		err = scan(&a.Key.Domain, &a.Key.App, &a.Key.Stream, &a.URL, &a.SignKey, jsonColumn{&a.Detail})
		return a, err
	}, `SELECT domain, app, stream, url, sign_key, detail FROM announced_publishes WHERE node = $1 ORDER BY session_id`, r.node)
	if err != nil {
		return nil, fmt.Errorf("announced publishes: %w", err)
	}
	return list, nil
}

// PutAnnouncedPublish implements store.Tx.
func (t *Tx) PutAnnouncedPublish(ctx context.Context, a live.AnnouncedPublish) error {
	detail, err := encode(a.Detail)
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO announced_publishes (session_id, domain, app, stream, url, sign_key, detail, node)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (session_id) DO UPDATE SET domain = excluded.domain, app = excluded.app, stream = excluded.stream,
				url = excluded.url, sign_key = excluded.sign_key, detail = excluded.detail`,
			string(a.Detail.Session), a.Key.Domain, a.Key.App, a.Key.Stream, a.URL, a.SignKey, detail, t.node)
	}
	if err != nil {
		return fmt.Errorf("put announced publish %s: %w", a.Detail.Session, err)
	}
	return nil
}

// DeleteAnnouncedPublish implements store.Tx.
func (t *Tx) DeleteAnnouncedPublish(ctx context.Context, id live.SessionID) error {
	if _, err := t.conn.Exec(ctx, `DELETE FROM announced_publishes WHERE session_id = $1`, string(id)); err != nil {
		return fmt.Errorf("delete announced publish %s: %w", id, err)
	}
	return nil
}
