package storetest

import (
	"context"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func endpoints(domain string) func(context.Context, store.Reader) ([]live.Endpoint, error) {
	return func(ctx context.Context, r store.Reader) ([]live.Endpoint, error) { return r.Endpoints(ctx, domain) }
}

func webhookSecrets(ctx context.Context, r store.Reader) ([]live.WebhookSecret, error) {
	return r.WebhookSecrets(ctx)
}

func testEndpoints(t *testing.T, b Backend) {
	first := live.Endpoint{ID: "end_1", Domain: show.Domain, URL: urlA, Events: []live.EventType{live.EventFileCreated, live.EventRecordError}, CreatedAt: epoch}
	second := live.Endpoint{ID: "end_2", Domain: show.Domain, URL: urlB, Rich: true, CreatedAt: after(time.Second)}
	elsewhere := live.Endpoint{ID: "end_3", Domain: "other.example.com", URL: urlA, CreatedAt: epoch}
	equal(t, "Endpoints at first", read(t, b.Store, endpoints(show.Domain)), nil)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, e := range []live.Endpoint{second, elsewhere, first} {
			if err := tx.AddEndpoint(ctx, e); err != nil {
				return err
			}
		}
		for _, owner := range []string{string(first.ID), string(second.ID)} {
			if err := tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: owner, Secret: "s", CreatedAt: epoch}); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "Endpoints", read(t, b.Store, endpoints(show.Domain)), []live.Endpoint{first, second})
	equal(t, "Endpoint", read(t, b.Store, func(ctx context.Context, r store.Reader) (live.Endpoint, error) { return r.Endpoint(ctx, second.ID) }), second)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteEndpoint(ctx, first.ID); err != nil {
			return err
		}
		return refused(tx.DeleteEndpoint(ctx, first.ID), live.ErrNotFound)
	})
	missing(t, b.Store, live.ErrNotFound, func(ctx context.Context, r store.Reader) (live.Endpoint, error) { return r.Endpoint(ctx, first.ID) })
	equal(t, "Endpoints after one was deleted", read(t, b.Store, endpoints(show.Domain)), []live.Endpoint{second})
	equal(t, "secrets after one was deleted", read(t, b.Store, webhookSecrets), []live.WebhookSecret{{Owner: "end_2", Secret: "s", CreatedAt: epoch}})

	// What is of a domain goes with it.
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddDomain(ctx, live.Domain{Name: show.Domain}); err != nil {
			return err
		}
		if err := tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: show.Domain, Secret: "s", CreatedAt: epoch}); err != nil {
			return err
		}
		return tx.DeleteDomain(ctx, show.Domain)
	})
	equal(t, "Endpoints of a domain that was deleted", read(t, b.Store, endpoints(show.Domain)), nil)
	equal(t, "Endpoints of another", read(t, b.Store, endpoints(elsewhere.Domain)), []live.Endpoint{elsewhere})
	equal(t, "secrets of a domain that was deleted", read(t, b.Store, webhookSecrets), nil)
}

func testWebhookSecrets(t *testing.T, b Backend) {
	secret := func(owner, text string, at time.Duration) live.WebhookSecret {
		return live.WebhookSecret{Owner: owner, Secret: text, CreatedAt: after(at)}
	}
	add := func(s live.WebhookSecret) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.AddWebhookSecret(ctx, s) })
	}
	add(secret("b", "1", 0))
	add(secret("b", "2", time.Second))
	add(secret("a", "1", 0))
	equal(t, "WebhookSecrets", read(t, b.Store, webhookSecrets),
		[]live.WebhookSecret{secret("a", "1", 0), secret("b", "2", time.Second), secret("b", "1", 0)})
	add(secret("b", "3", 2*time.Second)) // the oldest goes
	equal(t, "WebhookSecrets after a third", read(t, b.Store, webhookSecrets),
		[]live.WebhookSecret{secret("a", "1", 0), secret("b", "3", 2*time.Second), secret("b", "2", time.Second)})
	add(secret("b", "2", 3*time.Second)) // again
	equal(t, "WebhookSecrets after one came again", read(t, b.Store, webhookSecrets),
		[]live.WebhookSecret{secret("a", "1", 0), secret("b", "2", 3*time.Second), secret("b", "3", 2*time.Second)})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteWebhookSecret(ctx, secret("b", "3", 0)); err != nil {
			return err
		}
		return refused(tx.DeleteWebhookSecret(ctx, secret("b", "3", 0)), live.ErrNotFound)
	})
	equal(t, "WebhookSecrets after one was deleted", read(t, b.Store, webhookSecrets),
		[]live.WebhookSecret{secret("a", "1", 0), secret("b", "2", 3*time.Second)})
}
