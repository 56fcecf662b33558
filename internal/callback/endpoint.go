package callback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var (
	// ErrTooManyEndpoints is why an endpoint is not added: its domain has
	// live.MaxEndpoints.
	ErrTooManyEndpoints = errors.New("domain has as many endpoints as are allowed")
	// ErrEventOfDomain is why one is not: it is to be told of events that a domain
	// of that type does not have.
	ErrEventOfDomain = errors.New("domain has no such events")
)

// AddEndpoint has an endpoint told of its domain's events, signed with secret if
// that is not nil. Its URL has been checked by a Guard. It fails with
// live.ErrDomainNotFound, ErrTooManyEndpoints and ErrEventOfDomain.
func AddEndpoint(ctx context.Context, tx store.Tx, e live.Endpoint, secret wire.Secret) error {
	d, err := tx.Domain(ctx, e.Domain)
	if err != nil {
		return err
	}
	for _, t := range e.Events {
		if d.Type == live.IngestDomain && !t.OfPushes() {
			return fmt.Errorf("%w: %s is an ingest domain, which has no %s", ErrEventOfDomain, d.Name, t)
		}
	}
	others, err := tx.Endpoints(ctx, d.Name)
	if err != nil {
		return err
	}
	if len(others) >= live.MaxEndpoints {
		return fmt.Errorf("%w: %s has %d", ErrTooManyEndpoints, d.Name, len(others))
	}
	if err := tx.AddEndpoint(ctx, e); err != nil || secret == nil {
		return err
	}
	return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: string(e.ID), Secret: secret.Text(), CreatedAt: e.CreatedAt})
}

// SecretsOf returns the secrets of an owner, the newest first.
func SecretsOf(ctx context.Context, r store.Reader, owner string) (list []live.WebhookSecret, err error) {
	all, err := r.WebhookSecrets(ctx)
	for _, s := range all {
		if s.Owner == owner {
			list = append(list, s)
		}
	}
	return list, err
}

// ErrNoSecretBefore is why DropSecrets drops nothing.
var ErrNoSecretBefore = errors.New("there is no secret before the new one")

// DropSecrets stops signing with the secret before the newest, or with all, and
// returns how many that were. It fails with ErrNoSecretBefore if it is not to drop
// all and there is only one.
func DropSecrets(ctx context.Context, tx store.Tx, owner string, all bool) (int, error) {
	list, err := SecretsOf(ctx, tx, owner)
	if err != nil {
		return 0, err
	}
	if !all {
		if len(list) < 2 {
			return 0, ErrNoSecretBefore
		}
		list = list[1:]
	}
	for _, secret := range list {
		if err := tx.DeleteWebhookSecret(ctx, secret); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// NewEndpoint returns an endpoint that is told of events of a domain from now on;
// no events stand for all. It stores nothing.
func NewEndpoint(domain, url string, events []live.EventType, rich bool, now time.Time) live.Endpoint {
	return live.Endpoint{ID: live.NewEndpointID(now), Domain: domain, URL: url, Events: events, Rich: rich, CreatedAt: now}
}
