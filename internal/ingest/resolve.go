package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Why a push has no domain, beside the errors of package live.
var (
	ErrNoDomain  = errors.New("push names no domain")
	ErrNotMapped = errors.New("ingest domain is not mapped to a streaming domain")
)

// Refused reports whether err is about the push and not about the server, so
// that its text may be shown to the encoder.
func Refused(err error) bool {
	for _, reason := range []error{
		ErrNoDomain, ErrNotMapped,
		live.ErrStreamName, live.ErrDomainNotFound, live.ErrDomainStopped, live.ErrStreamBusy,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// resolve returns the domain that a push to host is for, and the streaming
// domain that it belongs to: the one that an ingest domain is mapped to, or the
// domain itself.
func (r *Registry) resolve(ctx context.Context, host string) (domain, streaming string, err error) {
	domain = live.NormalizeDomainName(host)
	if !canBeDomain(domain) {
		if domain = live.NormalizeDomainName(r.cfg.DefaultDomain); domain == "" {
			return "", "", fmt.Errorf("%w: host %q is none; add ?vhost=DOMAIN to the URL, or set ingest.default_domain on the server", ErrNoDomain, host)
		}
	}
	if err := live.ValidateDomainName(domain); err != nil {
		return "", "", fmt.Errorf("%w: %w", live.ErrDomainNotFound, err)
	}
	err = r.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		streaming, err = streamingDomain(ctx, tx, domain)
		return err
	})
	return domain, streaming, err
}

// canBeDomain reports whether host could have been added as a domain. IP
// addresses cannot, nor can names of one label such as localhost.
func canBeDomain(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && strings.Contains(host, ".")
}

// streamingDomain returns the streaming domain of an online domain.
func streamingDomain(ctx context.Context, tx store.Reader, name string) (string, error) {
	d, err := onlineDomain(ctx, tx, name)
	if err != nil || d.Type == live.StreamingDomain {
		return d.Name, err
	}
	m, err := tx.DomainMapping(ctx, name)
	if errors.Is(err, live.ErrNotFound) {
		return "", fmt.Errorf("%w: %s; map it with AddLiveDomainMapping", ErrNotMapped, name)
	}
	if err != nil {
		return "", fmt.Errorf("read mapping of domain %s: %w", name, err)
	}
	d, err = onlineDomain(ctx, tx, m.PullDomain)
	return d.Name, err
}

func onlineDomain(ctx context.Context, tx store.Reader, name string) (live.Domain, error) {
	d, err := tx.Domain(ctx, name)
	switch {
	case errors.Is(err, live.ErrDomainNotFound):
		return live.Domain{}, fmt.Errorf("%w: %s; add it with AddLiveDomain, or name another one by ?vhost=DOMAIN", live.ErrDomainNotFound, name)
	case err != nil:
		return live.Domain{}, fmt.Errorf("read domain %s: %w", name, err)
	case d.Status != live.DomainOnline:
		return live.Domain{}, fmt.Errorf("%w: %s; start it with StartLiveDomain", live.ErrDomainStopped, name)
	}
	return d, nil
}
