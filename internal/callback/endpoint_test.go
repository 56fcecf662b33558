package callback

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

func TestEndpointsAndTheirSecrets(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	const url = "https://hooks.example.com/"
	err = st.Update(ctx, func(tx store.Tx) error {
		for name, kind := range map[string]live.DomainType{"play.example.com": live.StreamingDomain, "push.example.com": live.IngestDomain} {
			if err := tx.AddDomain(ctx, live.Domain{Name: name, AccountID: "1001", Type: kind, Status: live.DomainOnline, CreatedAt: now}); err != nil {
				return err
			}
		}
		files := []live.EventType{live.EventFileCreated}
		for name, tt := range map[string]struct {
			e    live.Endpoint
			want error
		}{
			"files of a streaming domain": {NewEndpoint("play.example.com", url, files, false, now), nil},
			"files of an ingest domain":   {NewEndpoint("push.example.com", url, files, false, now), ErrEventOfDomain},
			"pushes of an ingest domain":  {NewEndpoint("push.example.com", url, []live.EventType{live.EventPublish}, true, now), nil},
			"no domain":                   {NewEndpoint("none.example.com", url, nil, false, now), live.ErrDomainNotFound},
		} {
			if err := AddEndpoint(ctx, tx, tt.e, nil); !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", name, err, tt.want)
			}
		}
		secret := wire.NewSecret()
		e := NewEndpoint("play.example.com", url, nil, false, now)
		if err := AddEndpoint(ctx, tx, e, secret); err != nil {
			return err
		}
		if _, err := DropSecrets(ctx, tx, string(e.ID), false); !errors.Is(err, ErrNoSecretBefore) {
			t.Errorf("drop the secret before, of one: %v", err)
		}
		newer := wire.NewSecret()
		if err := tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: string(e.ID), Secret: newer.Text(), CreatedAt: now.Add(time.Minute)}); err != nil {
			return err
		}
		if n, err := DropSecrets(ctx, tx, string(e.ID), false); n != 1 || err != nil {
			t.Errorf("drop the secret before: %d, %v", n, err)
		}
		if left, err := SecretsOf(ctx, tx, string(e.ID)); err != nil || len(left) != 1 || left[0].Secret != newer.Text() {
			t.Errorf("left are %+v, %v", left, err)
		}
		if n, err := DropSecrets(ctx, tx, string(e.ID), true); n != 1 || err != nil {
			t.Errorf("drop all: %d, %v", n, err)
		}
		for range live.MaxEndpoints - 2 {
			if err := AddEndpoint(ctx, tx, NewEndpoint("play.example.com", url, nil, false, now), nil); err != nil {
				return err
			}
		}
		if err := AddEndpoint(ctx, tx, NewEndpoint("play.example.com", url, nil, false, now), nil); !errors.Is(err, ErrTooManyEndpoints) {
			t.Errorf("one too many: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestARefusedURLTellsWhatItIsAndWhatOpensIt(t *testing.T) {
	t.Parallel()
	g, err := NewGuard(GuardConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]struct {
		host, addr, what string
		settings         int
	}{
		"http://10.1.2.3/":                 {"", "10.1.2.3", "private", 2},
		"http://localhost/":                {"localhost", "127.0.0.1", "loopback", 3},
		"http://198.18.0.1/":               {"", "198.18.0.1", "in no public network", 1},
		"http://169.254.169.254/":          {"", "169.254.169.254", "link-local, where clouds keep metadata", 0},
		"http://metadata.google.internal/": {"metadata.google.internal", "invalid IP", "a name of cloud metadata", 0},
	} {
		refused, ok := errors.AsType[*live.RefusedURL](g.CheckURL(t.Context(), url))
		if !ok {
			t.Errorf("%s is not explained", url)
			continue
		}
		if refused.Host != want.host || refused.Addr.String() != want.addr || refused.What != want.what || len(refused.Settings) != want.settings {
			t.Errorf("%s: got %+v, want %+v", url, refused, want)
		}
		if !errors.Is(refused, live.ErrURLUnsafe) {
			t.Errorf("%s: %v is not ErrURLUnsafe", url, refused)
		}
	}
}
