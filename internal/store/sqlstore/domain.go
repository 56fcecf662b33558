package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// Domain implements store.Reader.
func (r *Reader) Domain(ctx context.Context, name string) (live.Domain, error) {
	d, err := one(ctx, r.conn, live.ErrDomainNotFound, func(scan func(...any) error) (d live.Domain, err error) {
		err = scan(&d.Name, &d.AccountID, &d.Type, &d.Status, &d.Region, &d.Scope, timeColumn{&d.CreatedAt})
		return d, err
	}, `SELECT name, account_id, type, status, region, scope, created_at FROM domains WHERE name = $1`, name)
	if err != nil {
		return d, fmt.Errorf("domain %s: %w", name, err)
	}
	return d, nil
}

// DomainMapping implements store.Reader.
func (r *Reader) DomainMapping(ctx context.Context, pushDomain string) (live.DomainMapping, error) {
	m, err := one(ctx, r.conn, live.ErrNotFound, func(scan func(...any) error) (m live.DomainMapping, err error) {
		err = scan(&m.PushDomain, &m.PullDomain, timeColumn{&m.CreatedAt})
		return m, err
	}, `SELECT push_domain, pull_domain, created_at FROM domain_mappings WHERE push_domain = $1`, pushDomain)
	if err != nil {
		return m, fmt.Errorf("mapping of domain %s: %w", pushDomain, err)
	}
	return m, nil
}

// AddDomain implements store.Tx.
func (t *Tx) AddDomain(ctx context.Context, d live.Domain) error {
	err := change(ctx, t.conn, live.ErrDomainExists,
		`INSERT INTO domains (name, account_id, type, status, region, scope, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING`,
		d.Name, string(d.AccountID), string(d.Type), string(d.Status), d.Region, d.Scope, micros(d.CreatedAt))
	if err != nil {
		return fmt.Errorf("add domain %s: %w", d.Name, err)
	}
	return nil
}

// SetDomainStatus implements store.Tx.
func (t *Tx) SetDomainStatus(ctx context.Context, name string, s live.DomainStatus) error {
	err := change(ctx, t.conn, live.ErrDomainNotFound,
		`UPDATE domains SET status = $1 WHERE name = $2`, string(s), name)
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
