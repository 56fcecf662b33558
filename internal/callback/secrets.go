package callback

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// secretsAge is how old what is known of the stored secrets may be. A change is
// followed within that time: the secret before it still serves, so nobody notices.
const secretsAge = 5 * time.Second

// viewer is what reading secrets needs of a store.
type viewer interface {
	View(ctx context.Context, fn func(store.Reader) error) error
}

// A secretBook knows the secrets by which deliveries are signed. Any goroutine may
// ask it.
type secretBook struct {
	store  viewer      // nil: nobody has secrets of its own
	preset wire.Secret // of those without secrets of their own; nil: none

	mu     sync.Mutex
	readAt time.Time
	owners map[string][]wire.Secret
}

// of returns the secrets that dv is signed with: those of its endpoint, else of its
// domain, else the preset one; none if there is none at all.
func (b *secretBook) of(ctx context.Context, dv live.Delivery) ([]wire.Secret, error) {
	var owners map[string][]wire.Secret
	if b.store != nil {
		var err error
		if owners, err = b.current(ctx); err != nil {
			return nil, err
		}
	}
	for _, owner := range []string{string(dv.Endpoint), dv.Event.Key.Domain} {
		if secrets := owners[owner]; len(secrets) > 0 {
			return secrets, nil
		}
	}
	if len(b.preset) == 0 {
		return nil, nil
	}
	return []wire.Secret{b.preset}, nil
}

// current returns the secrets by their owners. While the store cannot be read,
// those last read go on to serve.
func (b *secretBook) current(ctx context.Context) (map[string][]wire.Secret, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.owners != nil && now.Sub(b.readAt) < secretsAge {
		return b.owners, nil
	}
	owners, err := readSecrets(ctx, b.store)
	if err != nil && b.owners == nil {
		return nil, err
	}
	if err == nil {
		b.owners = owners
	}
	b.readAt = now
	return b.owners, nil
}

func readSecrets(ctx context.Context, st viewer) (map[string][]wire.Secret, error) {
	owners := make(map[string][]wire.Secret)
	err := st.View(ctx, func(r store.Reader) error {
		list, err := r.WebhookSecrets(ctx)
		if err != nil {
			return err
		}
		for _, s := range list {
			secret, err := wire.ParseSecret(s.Secret)
			if err != nil {
				return fmt.Errorf("of %s: %w", s.Owner, err)
			}
			owners[s.Owner] = append(owners[s.Owner], secret)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read webhook secrets: %w", err)
	}
	return owners, nil
}
