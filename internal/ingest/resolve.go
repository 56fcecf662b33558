package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

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
		live.ErrAuthKeyMissing, live.ErrAuthKeyInvalid, live.ErrAuthKeyExpired, live.ErrStreamForbidden,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// admit returns the domain that a push is addressed to, and the streaming domain
// that it belongs to, if the push may start at now.
func (r *Registry) admit(ctx context.Context, req Request, now time.Time) (domain, streaming string, err error) {
	if domain, err = r.addressed(req.Host); err != nil {
		return "", "", err
	}
	err = r.cfg.Store.View(ctx, func(tx store.Reader) error {
		if streaming, err = streamingDomain(ctx, tx, domain); err != nil {
			return err
		}
		if err := authorise(ctx, tx, domain, req, now); err != nil {
			return err
		}
		return allowed(ctx, tx, live.StreamKey{Domain: streaming, App: req.App, Stream: req.Stream}, now)
	})
	return domain, streaming, err
}

// authorise checks a push by what the domain that it is addressed to demands.
func authorise(ctx context.Context, tx store.Reader, domain string, req Request, now time.Time) error {
	auth, err := tx.PushAuth(ctx, domain)
	if errors.Is(err, live.ErrConfigNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read push auth of domain %s: %w", domain, err)
	}
	return auth.Check("/"+req.App+"/"+req.Stream, req.Args.Get(live.AuthKeyArg), now)
}

// allowed reports whether a stream is not forbidden.
func allowed(ctx context.Context, tx store.Reader, key live.StreamKey, now time.Time) error {
	b, err := tx.Block(ctx, key)
	switch {
	case errors.Is(err, live.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read block of stream %s: %w", key, err)
	case b.Holds(now):
		return fmt.Errorf("%w until %s: %s; allow it with ResumeLiveStream", live.ErrStreamForbidden, b.Until.UTC().Format(time.RFC3339), key)
	}
	return nil
}

// addressed returns the domain that a push to host is addressed to.
func (r *Registry) addressed(host string) (string, error) {
	domain := live.NormalizeDomainName(host)
	if !canBeDomain(domain) {
		if domain = live.NormalizeDomainName(r.cfg.DefaultDomain); domain == "" {
			return "", fmt.Errorf("%w: host %q is none; add ?vhost=DOMAIN to the URL, or set ingest.default_domain on the server", ErrNoDomain, host)
		}
	}
	if err := live.ValidateDomainName(domain); err != nil {
		return "", fmt.Errorf("%w: %w", live.ErrDomainNotFound, err)
	}
	return domain, nil
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
