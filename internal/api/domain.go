package api

import (
	"context"
	"fmt"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domain returns a domain of the caller. To him, a domain of another account
// does not exist.
func domain(ctx context.Context, r store.Reader, c caller, name string) (live.Domain, error) {
	d, err := r.Domain(ctx, live.NormalizeDomainName(name))
	if err == nil && d.AccountID != c.account {
		err = live.ErrDomainNotFound
	}
	if err != nil {
		return live.Domain{}, fmt.Errorf("domain %.300q: %w", name, err)
	}
	return d, nil
}

// streamingDomain returns a domain of the caller that configurations can hang
// on.
func streamingDomain(ctx context.Context, r store.Reader, c caller, name string) (live.Domain, error) {
	d, err := domain(ctx, r, c, name)
	if err == nil && d.Type != live.StreamingDomain {
		err = fmt.Errorf("domain %s: %w", d.Name, live.ErrDomainType)
	}
	return d, err
}

// streamingDomain does the same in a transaction of its own. Operations that
// write call it before they validate the rest, which may take time, and check
// again in the transaction that writes.
func (s *Server) streamingDomain(ctx context.Context, c caller, name string) (d live.Domain, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err = streamingDomain(ctx, r, c, name)
		return err
	})
	return d, err
}

// ingestDomain returns a domain of the caller that pushes are addressed to.
func ingestDomain(ctx context.Context, r store.Reader, c caller, name string) (live.Domain, error) {
	d, err := domain(ctx, r, c, name)
	if err == nil && d.Type != live.IngestDomain {
		err = fmt.Errorf("domain %s: %w", d.Name, live.ErrDomainType)
	}
	return d, err
}
