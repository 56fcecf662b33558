package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

const domainColumns = `name, account_id, type, status, region, scope, created_at, updated_at`

// scanDomain reads domainColumns.
func scanDomain(scan func(...any) error) (d live.Domain, err error) {
	err = scan(&d.Name, &d.AccountID, &d.Type, &d.Status, &d.Region, &d.Scope, timeColumn{&d.CreatedAt}, timeColumn{&d.UpdatedAt})
	return d, err
}

// Domain implements store.Reader.
func (r *Reader) Domain(ctx context.Context, name string) (live.Domain, error) {
	d, err := one(ctx, r.conn, live.ErrDomainNotFound, scanDomain,
		`SELECT `+domainColumns+` FROM domains WHERE name = $1`, name)
	if err != nil {
		return d, fmt.Errorf("domain %s: %w", name, err)
	}
	return d, nil
}

// Domains implements store.Reader.
func (r *Reader) Domains(ctx context.Context, account live.AccountID) ([]live.Domain, error) {
	list, err := all(ctx, r.conn, scanDomain,
		`SELECT `+domainColumns+` FROM domains WHERE account_id = $1 ORDER BY created_at, name`, string(account))
	if err != nil {
		return nil, fmt.Errorf("domains of account %s: %w", account, err)
	}
	return list, nil
}

// scanDomainMapping reads push_domain, pull_domain and created_at.
func scanDomainMapping(scan func(...any) error) (m live.DomainMapping, err error) {
	err = scan(&m.PushDomain, &m.PullDomain, timeColumn{&m.CreatedAt})
	return m, err
}

// DomainMapping implements store.Reader.
func (r *Reader) DomainMapping(ctx context.Context, pushDomain string) (live.DomainMapping, error) {
	m, err := one(ctx, r.conn, live.ErrNotFound, scanDomainMapping,
		`SELECT push_domain, pull_domain, created_at FROM domain_mappings WHERE push_domain = $1`, pushDomain)
	if err != nil {
		return m, fmt.Errorf("mapping of domain %s: %w", pushDomain, err)
	}
	return m, nil
}

// DomainMappings implements store.Reader.
func (r *Reader) DomainMappings(ctx context.Context, pullDomain string) ([]live.DomainMapping, error) {
	list, err := all(ctx, r.conn, scanDomainMapping,
		`SELECT push_domain, pull_domain, created_at FROM domain_mappings WHERE pull_domain = $1 ORDER BY push_domain`, pullDomain)
	if err != nil {
		return nil, fmt.Errorf("mappings to domain %s: %w", pullDomain, err)
	}
	return list, nil
}

// AddDomain implements store.Tx.
func (t *Tx) AddDomain(ctx context.Context, d live.Domain) error {
	err := change(ctx, t.conn, live.ErrDomainExists,
		`INSERT INTO domains (`+domainColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING`,
		d.Name, string(d.AccountID), string(d.Type), string(d.Status), d.Region, d.Scope, micros(d.CreatedAt), micros(d.UpdatedAt))
	if err != nil {
		return fmt.Errorf("add domain %s: %w", d.Name, err)
	}
	return nil
}

// SetDomainStatus implements store.Tx.
func (t *Tx) SetDomainStatus(ctx context.Context, name string, s live.DomainStatus, now time.Time) error {
	err := change(ctx, t.conn, live.ErrDomainNotFound,
		`UPDATE domains SET status = $2, updated_at = $3 WHERE name = $1`, name, string(s), micros(now))
	if err != nil {
		return fmt.Errorf("set status of domain %s: %w", name, err)
	}
	return nil
}

// AddDomainMapping implements store.Tx.
func (t *Tx) AddDomainMapping(ctx context.Context, m live.DomainMapping) error {
	err := change(ctx, t.conn, live.ErrMappingExists,
		`INSERT INTO domain_mappings (push_domain, pull_domain, created_at)
		VALUES ($1, $2, $3) ON CONFLICT (push_domain) DO NOTHING`,
		m.PushDomain, m.PullDomain, micros(m.CreatedAt))
	if err != nil {
		return fmt.Errorf("map domain %s: %w", m.PushDomain, err)
	}
	return nil
}

// DeleteDomainMapping implements store.Tx.
func (t *Tx) DeleteDomainMapping(ctx context.Context, pushDomain, pullDomain string) error {
	err := change(ctx, t.conn, live.ErrConfigNotFound,
		`DELETE FROM domain_mappings WHERE push_domain = $1 AND pull_domain = $2`, pushDomain, pullDomain)
	if err != nil {
		return fmt.Errorf("unmap domain %s from %s: %w", pushDomain, pullDomain, err)
	}
	return nil
}

// ofDomain deletes what goes with a domain.
var ofDomain = []string{
	`DELETE FROM domain_mappings WHERE push_domain = $1`,
	`DELETE FROM domain_mappings WHERE pull_domain = $1`,
	`DELETE FROM record_configs WHERE domain = $1`,
	`DELETE FROM notify_configs WHERE domain = $1`,
	`DELETE FROM streams_notify_configs WHERE domain = $1`,
	`DELETE FROM push_auths WHERE domain = $1`,
	`DELETE FROM webhook_secrets WHERE owner = $1`,
	`DELETE FROM webhook_secrets WHERE owner IN (SELECT id FROM endpoints WHERE domain = $1)`,
	`DELETE FROM endpoints WHERE domain = $1`,
	`DELETE FROM blocks WHERE domain = $1`,
	`DELETE FROM sessions WHERE domain = $1`,
}

// DeleteDomain implements store.Tx.
func (t *Tx) DeleteDomain(ctx context.Context, name string) error {
	err := change(ctx, t.conn, live.ErrDomainNotFound, `DELETE FROM domains WHERE name = $1`, name)
	for _, statement := range ofDomain {
		if err == nil {
			_, err = t.conn.Exec(ctx, statement, name)
		}
	}
	if err != nil {
		return fmt.Errorf("delete domain %s: %w", name, err)
	}
	return nil
}
