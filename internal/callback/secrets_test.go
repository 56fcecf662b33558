package callback

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// blindStore can be made unreadable.
type blindStore struct {
	*sqlite.Store
	blind bool
}

func (s *blindStore) View(ctx context.Context, fn func(store.Reader) error) error {
	if s.blind {
		return store.ErrUnavailable
	}
	return s.Store.View(ctx, fn)
}

func TestSecretsAreTheNearest(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		made := 0
		add := func(owner string) wire.Secret {
			secret := wire.NewSecret()
			made++
			update(t, s, func(ctx context.Context, tx store.Tx) error {
				return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: owner, Secret: secret.Text(), CreatedAt: time.Now().Add(time.Duration(made))})
			})
			return secret
		}
		st := &blindStore{Store: s, blind: true}
		preset := wire.NewSecret()
		book := &secretBook{store: st, preset: preset}
		delivery := live.Delivery{Endpoint: "end_1", Event: live.Event{Key: live.StreamKey{Domain: "play.example.com"}}}
		expect := func(name string, want ...wire.Secret) {
			t.Helper()
			got, err := book.of(t.Context(), delivery)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s: %d secrets, %v; want %d", name, len(got), err, len(want))
			}
			for i := range want {
				if got[i].Text() != want[i].Text() {
					t.Errorf("%s: secret %d is another", name, i)
				}
			}
		}
		// Nothing is sent without a signature because the store is away.
		if _, err := book.of(t.Context(), delivery); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("at first, with a store that cannot be read: %v", err)
		}
		st.blind = false
		expect("without any of their own", preset)
		domain := add("play.example.com")
		expect("a moment later", preset)
		time.Sleep(secretsAge)
		expect("of the domain", domain)
		domain2 := add("play.example.com")
		time.Sleep(secretsAge)
		expect("of the domain, while they change", domain2, domain)
		endpoint := add("end_1")
		st.blind = true
		time.Sleep(secretsAge)
		expect("with a store that cannot be read", domain2, domain)
		st.blind = false
		time.Sleep(secretsAge)
		expect("of the endpoint", endpoint)

		book = &secretBook{store: st}
		delivery = live.Delivery{Event: live.Event{Key: live.StreamKey{Domain: "other.example.com"}}}
		expect("of nobody")
		book = &secretBook{preset: preset}
		expect("without a store", preset)
	})
}

func TestASecretThatCannotBeReadIsNotShown(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: "play", Secret: "whsec_tooshort", CreatedAt: time.Now()})
		})
		_, err := (&secretBook{store: s}).of(t.Context(), live.Delivery{})
		if got := fmt.Sprint(err); got != `read webhook secrets: of play: webhook secret has 6 bytes, 24 to 64 are allowed` &&
			got != `read webhook secrets: of play: webhook secret is not base64 after "whsec_"` {
			t.Error(got)
		}
	})
}
