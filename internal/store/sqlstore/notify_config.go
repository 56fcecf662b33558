package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// NotifyConfig implements store.Reader.
func (r *Reader) NotifyConfig(ctx context.Context, domain string) (live.NotifyConfig, error) {
	c, err := one(ctx, r.conn, live.ErrConfigNotFound, func(scan func(...any) error) (c live.NotifyConfig, err error) {
		err = scan(&c.Domain, &c.NotifyURL, &c.OnDemandURL, &c.NeedStatusNotify, &c.NotifyReqAuth, &c.NotifyAuthOff, &c.NotifyAuthKey)
		return c, err
	}, `SELECT domain, notify_url, on_demand_url, need_status_notify, notify_req_auth, notify_auth_off, notify_auth_key
		FROM notify_configs WHERE domain = $1`, domain)
	if err != nil {
		return c, fmt.Errorf("notify config of domain %s: %w", domain, err)
	}
	return c, nil
}

// AddNotifyConfig implements store.Tx.
func (t *Tx) AddNotifyConfig(ctx context.Context, c live.NotifyConfig) error {
	err := change(ctx, t.conn, live.ErrConfigExists,
		`INSERT INTO notify_configs
		(domain, notify_url, on_demand_url, need_status_notify, notify_req_auth, notify_auth_off, notify_auth_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (domain) DO NOTHING`,
		c.Domain, c.NotifyURL, c.OnDemandURL, c.NeedStatusNotify, c.NotifyReqAuth, c.NotifyAuthOff, c.NotifyAuthKey)
	if err != nil {
		return fmt.Errorf("add notify config of domain %s: %w", c.Domain, err)
	}
	return nil
}

// SetNotifyConfig implements store.Tx.
func (t *Tx) SetNotifyConfig(ctx context.Context, c live.NotifyConfig) error {
	err := change(ctx, t.conn, live.ErrConfigNotFound,
		`UPDATE notify_configs SET notify_url = $2, on_demand_url = $3, need_status_notify = $4,
			notify_req_auth = $5, notify_auth_off = $6, notify_auth_key = $7 WHERE domain = $1`,
		c.Domain, c.NotifyURL, c.OnDemandURL, c.NeedStatusNotify, c.NotifyReqAuth, c.NotifyAuthOff, c.NotifyAuthKey)
	if err != nil {
		return fmt.Errorf("set notify config of domain %s: %w", c.Domain, err)
	}
	return nil
}

// DeleteNotifyConfig implements store.Tx.
func (t *Tx) DeleteNotifyConfig(ctx context.Context, domain string) error {
	err := change(ctx, t.conn, live.ErrConfigNotFound, `DELETE FROM notify_configs WHERE domain = $1`, domain)
	if err != nil {
		return fmt.Errorf("delete notify config of domain %s: %w", domain, err)
	}
	return nil
}
