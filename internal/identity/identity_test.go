package identity

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const account = live.AccountID("1001")

var now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// update runs fn in a transaction of a store that has the account with the user
// lena, and another account.
func update(t *testing.T, fn func(ctx context.Context, tx store.Tx)) {
	t.Helper()
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
	err = st.Update(ctx, func(tx store.Tx) error {
		err := errors.Join(
			tx.AddAccount(ctx, live.Account{ID: account, CreatedAt: now}),
			tx.AddAccount(ctx, live.Account{ID: "1002", CreatedAt: now.Add(time.Second)}),
			tx.AddUser(ctx, live.User{AccountID: account, Name: "lena", CreatedAt: now}))
		if err == nil {
			fn(ctx, tx)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeysAreMadeUpAnew(t *testing.T) {
	t.Parallel()
	a, b := NewKey(account, "lena", now), NewKey(account, "lena", now)
	if a.ID == b.ID || a.Secret == b.Secret || len(a.ID) != 24 || len(a.Secret) != 30 || !a.Active || a.Temporary() {
		t.Errorf("keys %+v and %+v", a, b)
	}
	key, token := NewTemporaryKey(account, "", now, time.Hour)
	if key.TokenHash != live.TokenHash(token) || !key.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("temporary key %+v with the token %s", key, token)
	}
}

func TestAKeyNeedsItsUser(t *testing.T) {
	t.Parallel()
	update(t, func(ctx context.Context, tx store.Tx) {
		if err := AddKey(ctx, tx, NewKey(account, "nobody", now)); !errors.Is(err, live.ErrUserNotFound) {
			t.Errorf("a key of nobody: %v", err)
		}
		for _, user := range []string{"", "lena"} {
			if err := AddKey(ctx, tx, NewKey(account, user, now)); err != nil {
				t.Errorf("a key of %q: %v", user, err)
			}
		}
	})
}

func TestTemporaryKeysAreForgottenADayAfterTheirEnd(t *testing.T) {
	t.Parallel()
	update(t, func(ctx context.Context, tx store.Tx) {
		add := func(at time.Time) live.AccessKey {
			key, _ := NewTemporaryKey(account, "", at, time.Hour)
			if err := AddKey(ctx, tx, key); err != nil {
				t.Fatal(err)
			}
			return key
		}
		old, recent := add(now.Add(-26*time.Hour)), add(now.Add(-24*time.Hour))
		add(now)
		if _, err := tx.AccessKey(ctx, old.ID); !errors.Is(err, live.ErrAccessKeyMissing) {
			t.Errorf("the old key: %v", err)
		}
		if _, err := tx.AccessKey(ctx, recent.ID); err != nil {
			t.Errorf("the recent key: %v", err)
		}
	})
}

func TestKeysOfAnotherAccountAreOutOfReach(t *testing.T) {
	t.Parallel()
	update(t, func(ctx context.Context, tx store.Tx) {
		key := NewKey("1002", "", now)
		if err := tx.PutAccessKey(ctx, key); err != nil {
			t.Fatal(err)
		}
		if _, err := Key(ctx, tx, account, key.ID); !errors.Is(err, live.ErrAccessKeyMissing) {
			t.Errorf("read: %v", err)
		}
		if err := SetKeyActive(ctx, tx, account, key.ID, false); !errors.Is(err, live.ErrAccessKeyMissing) {
			t.Errorf("deactivate: %v", err)
		}
		if err := DeleteKey(ctx, tx, account, key.ID); !errors.Is(err, live.ErrAccessKeyMissing) {
			t.Errorf("delete: %v", err)
		}
	})
}

func TestTheLastKeyOfAnAccountIsKept(t *testing.T) {
	t.Parallel()
	inactive := NewKey(account, "", now)
	inactive.Active = false
	temporary, _ := NewTemporaryKey(account, "", now, time.Hour)
	for _, tt := range []struct {
		name   string
		key    live.AccessKey
		others []live.AccessKey
		want   error
	}{
		{"alone", NewKey(account, "", now), nil, ErrLastKey},
		{"beside one that is not active", NewKey(account, "", now), []live.AccessKey{inactive}, ErrLastKey},
		{"beside a temporary one", NewKey(account, "", now), []live.AccessKey{temporary}, ErrLastKey},
		{"beside one of a user", NewKey(account, "", now), []live.AccessKey{NewKey(account, "lena", now)}, ErrLastKey},
		{"beside one of another account", NewKey(account, "", now), []live.AccessKey{NewKey("1002", "", now)}, ErrLastKey},
		{"beside another", NewKey(account, "", now), []live.AccessKey{NewKey(account, "", now)}, nil},
		{"one that is not active", inactive, nil, nil},
		{"one of a user", NewKey(account, "lena", now), nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			update(t, func(ctx context.Context, tx store.Tx) {
				for _, key := range append(tt.others, tt.key) {
					if err := tx.PutAccessKey(ctx, key); err != nil {
						t.Fatal(err)
					}
				}
				if err := KeepLast(ctx, tx, tt.key); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func TestCheckNamesThePolicyThatDecides(t *testing.T) {
	t.Parallel()
	update(t, func(ctx context.Context, tx store.Tx) {
		for name, statements := range map[string]string{
			"a": `{"Effect":"Allow","Action":"live:*","Resource":"*"}`,
			"b": `{"Effect":"Allow","Action":"x","Resource":"*"},{"Effect":"Deny","Action":"live:StopLiveDomain","Resource":"*"}`,
		} {
			p := live.UserPolicy{AccountID: account, User: "lena", Name: name, Document: `{"Version":"1","Statement":[` + statements + `]}`, CreatedAt: now}
			if err := tx.PutUserPolicy(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		for action, want := range map[string]struct {
			verdict   ram.Verdict
			policy    string
			statement int
		}{
			"AddLiveDomain":  {ram.Allowed, "a", 0},
			"StopLiveDomain": {ram.ExplicitDeny, "b", 1},
			"ram:ListUsers":  {ram.ImplicitDeny, "", -1},
		} {
			got, err := Check(ctx, tx, account, "lena", ram.Request{Action: Action(action), Resource: Resource(account, "play.example.com")})
			if err != nil || got.Verdict != want.verdict || got.Policy.Name != want.policy || got.Statement != want.statement {
				t.Errorf("%s: got %+v, %v; want %+v", action, got, err, want)
			}
		}
		if _, err := Check(ctx, tx, account, "nobody", ram.Request{}); !errors.Is(err, live.ErrUserNotFound) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := Policy(ctx, tx, account, "lena", "c"); !errors.Is(err, live.ErrPolicyNotFound) {
			t.Errorf("no policy: %v", err)
		}
	})
}

func TestResourcesAreDomainsOrWhatTheyAre(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Play.example.com.":         "acs:cdn:*:1001:domain/play.example.com",
		"*":                         "*",
		"acs:cdn:*:*:domain/a.b.cd": "acs:cdn:*:*:domain/a.b.cd",
	} {
		if got := Resource(account, name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
