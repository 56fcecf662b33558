package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

func openStore(t *testing.T, dir string) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func accessKey(t *testing.T, st store.Store, id string) (key live.AccessKey, err error) {
	t.Helper()
	err = st.View(t.Context(), func(tx store.Reader) error {
		key, err = tx.AccessKey(context.Background(), id)
		return err
	})
	return key, err
}

func TestFirstStartMakesAKeyAndPrintsItOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st := openStore(t, dir)
	var printed bytes.Buffer
	for range 2 {
		if err := ensureIdentity(t.Context(), st, dir, keyPair{}, time.Now(), &printed); err != nil {
			t.Fatal(err)
		}
	}
	found := regexp.MustCompile(`AccessKeyId +(\S+)\n +AccessKeySecret +(\S+)`).FindAllStringSubmatch(printed.String(), -1)
	if len(found) != 1 {
		t.Fatalf("printed %q, want one key", printed.String())
	}
	key, err := accessKey(t, st, found[0][1])
	if err != nil || key.Secret != found[0][2] || !key.Active {
		t.Errorf("stored %+v, %v", key.ID, err)
	}
	info, err := os.Stat(filepath.Join(dir, keyFileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v; want mode 0600", info, err)
	}
}

func TestGivenKeyIsTakenAndCanChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st := openStore(t, dir)
	for _, secret := range []string{"first", "second"} {
		var printed bytes.Buffer
		if err := ensureIdentity(t.Context(), st, dir, keyPair{"id", secret}, time.Now(), &printed); err != nil {
			t.Fatal(err)
		}
		if key, err := accessKey(t, st, "id"); err != nil || key.Secret != secret {
			t.Errorf("stored secret %q, %v; want %q", key.Secret, err, secret)
		}
		if printed.Len() > 0 {
			t.Errorf("printed %q, want nothing", printed.String())
		}
	}
	if err := ensureIdentity(t.Context(), st, dir, keyPair{id: "id"}, time.Now(), nil); !errors.As(err, new(usageError)) {
		t.Errorf("half a key pair: %v, want a usage error", err)
	}
}

// A rival store has another server make the account right before this one would.
type rival struct {
	store.Store
	came bool
}

func (r *rival) Update(ctx context.Context, fn func(store.Tx) error) error {
	if !r.came {
		r.came = true
		err := r.Store.Update(ctx, func(tx store.Tx) error { return tx.AddOwner(ctx, live.Account{ID: "1001"}) })
		if err != nil {
			return err
		}
	}
	return r.Store.Update(ctx, fn)
}

func TestAServerThatComesSecondTakesTheAccountOfTheFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		wanted keyPair
	}{
		{"without a key of its own", keyPair{}},
		{"with the key that it is given", keyPair{"id", "secret"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			st := openStore(t, dir)
			var printed bytes.Buffer
			if err := ensureIdentity(t.Context(), &rival{Store: st}, dir, tt.wanted, time.Now(), &printed); err != nil {
				t.Fatal(err)
			}
			if printed.Len() > 0 {
				t.Errorf("printed %q, want nothing", printed.String())
			}
			if _, err := os.Stat(filepath.Join(dir, keyFileName)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("file of a key that is not used: %v", err)
			}
			if tt.wanted.id == "" {
				return
			}
			if key, err := accessKey(t, st, tt.wanted.id); err != nil || key.AccountID != "1001" {
				t.Errorf("key is of account %q, %v; want the first server's", key.AccountID, err)
			}
		})
	}
}
