package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path/filepath"
	"time"

	"tallylight/internal/config"
	"tallylight/internal/durable"
	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A keyPair is an access key as somebody gives it.
type keyPair struct{ id, secret string }

// keyFromEnv returns the key pair that the environment asks for, if any.
func keyFromEnv(getenv func(string) string) keyPair {
	return keyPair{getenv(config.EnvAccessKeyID), getenv(config.EnvAccessKeySecret)}
}

// keyFileName is the file in the data folder that holds the first access key, in
// lines that a shell can read.
const keyFileName = "access-key.env"

// ensureIdentity makes sure that there is an account with an access key: the
// wanted one, if it is set. A key that it makes up is written to the data folder
// with mode 0600 and printed to w, this once. Of several servers that start at once
// on an empty database, one makes the account and the others find it.
func ensureIdentity(ctx context.Context, st store.Store, dataDir string, wanted keyPair, now time.Time, w io.Writer) error {
	if (wanted.id == "") != (wanted.secret == "") {
		return usageError{fmt.Errorf("set both %s and %s, or neither", config.EnvAccessKeyID, config.EnvAccessKeySecret)}
	}
	var account live.Account
	fresh := false
	err := st.View(ctx, func(tx store.Reader) error {
		var err error
		account, err = tx.OwnerAccount(ctx)
		return err
	})
	switch {
	case errors.Is(err, live.ErrAccountNotFound):
		fresh = true
		account = live.Account{ID: newAccountID(), CreatedAt: now}
	case err != nil:
		return fmt.Errorf("look up account: %w", err)
	}
	if !fresh && wanted == (keyPair{}) {
		return nil
	}
	key := identity.NewKey(account.ID, "", now)
	madeUp := wanted == keyPair{}
	if !madeUp {
		key.ID, key.Secret = wanted.id, wanted.secret
	} else {
		// The file first: a key that the store knows and nobody else is lost.
		if err := writeKeyFile(dataDir, key); err != nil {
			return err
		}
	}
	err = st.Update(ctx, func(tx store.Tx) error {
		if fresh {
			if err := tx.AddOwner(ctx, account); err != nil {
				return err
			}
		}
		return putKey(ctx, tx, key)
	})
	if errors.Is(err, live.ErrAccountExists) { // another server was faster
		if madeUp {
			if err := durable.Remove(filepath.Join(dataDir, keyFileName)); err != nil {
				return err
			}
		}
		return ensureIdentity(ctx, st, dataDir, wanted, now, w)
	}
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	if madeUp {
		fmt.Fprintf(w, "\nA new access key was made for this server. It is printed this once, and kept in\n%s:\n\n"+
			"    AccessKeyId      %s\n    AccessKeySecret  %s\n\n", filepath.Join(dataDir, keyFileName), key.ID, key.Secret)
	}
	return nil
}

// putKey stores a key. One that an earlier start has stored keeps its state, be it
// inactive, unless its secret is another now.
func putKey(ctx context.Context, tx store.Tx, key live.AccessKey) error {
	existing, err := tx.AccessKey(ctx, key.ID)
	if err == nil && existing.Secret == key.Secret {
		return nil
	}
	if err != nil && !errors.Is(err, live.ErrAccessKeyMissing) {
		return err
	}
	return tx.PutAccessKey(ctx, key)
}

func writeKeyFile(dataDir string, key live.AccessKey) error {
	content := fmt.Sprintf("%s=%s\n%s=%s\n", config.EnvAccessKeyID, key.ID, config.EnvAccessKeySecret, key.Secret)
	return durable.WriteFile(filepath.Join(dataDir, keyFileName), []byte(content), 0o600)
}

// newAccountID returns 16 digits, as the vendor's account ids have.
func newAccountID() live.AccountID {
	n, err := rand.Int(rand.Reader, big.NewInt(9e15))
	if err != nil {
		panic(err) // the system has no randomness
	}
	return live.AccountID(n.Add(n, big.NewInt(1e15)).String())
}
