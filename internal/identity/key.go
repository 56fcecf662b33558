package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Bounds of the life of temporary keys.
const (
	MinTemporary = time.Minute
	MaxTemporary = 12 * time.Hour
)

// keepExpired is how long an expired temporary key is kept, so that its use can be
// told from that of a key that never was.
const keepExpired = 24 * time.Hour

// ErrLastKey is why the last active key of an account stays: without one, nobody
// could sign in as the account any more.
var ErrLastKey = errors.New("last active access key of the account")

// NewKey makes up an active key of a user, or of the account itself if user is
// empty. It stores nothing.
func NewKey(account live.AccountID, user string, now time.Time) live.AccessKey {
	return live.AccessKey{ID: "TL" + RandomText(22), Secret: RandomText(30), AccountID: account, User: user, Active: true, CreatedAt: now}
}

// NewTemporaryKey makes up a key that serves for a time together with the token.
func NewTemporaryKey(account live.AccountID, user string, now time.Time, life time.Duration) (key live.AccessKey, token string) {
	key = NewKey(account, user, now)
	token = RandomText(64)
	key.ID, key.TokenHash, key.ExpiresAt = "STS."+RandomText(24), live.TokenHash(token), now.Add(life)
	return key, token
}

// AddKey stores a new key, whose user has to exist; else it fails with
// live.ErrUserNotFound. With a temporary key, those are forgotten that expired
// long ago.
func AddKey(ctx context.Context, tx store.Tx, key live.AccessKey) error {
	if key.User != "" {
		if _, err := tx.User(ctx, key.AccountID, key.User); err != nil {
			return err
		}
	}
	if key.Temporary() {
		if err := deleteExpiredKeys(ctx, tx, key.AccountID, key.CreatedAt.Add(-keepExpired)); err != nil {
			return err
		}
	}
	return tx.PutAccessKey(ctx, key)
}

// deleteExpiredKeys deletes the temporary keys that expired before a time.
func deleteExpiredKeys(ctx context.Context, tx store.Tx, account live.AccountID, before time.Time) error {
	keys, err := tx.AccessKeys(ctx, account)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Temporary() && k.ExpiresAt.Before(before) {
			if err := tx.DeleteAccessKey(ctx, k.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Key returns a key of an account or of its users. One of another account is
// live.ErrAccessKeyMissing.
func Key(ctx context.Context, r store.Reader, account live.AccountID, id string) (live.AccessKey, error) {
	key, err := r.AccessKey(ctx, id)
	if err == nil && key.AccountID != account {
		return live.AccessKey{}, live.ErrAccessKeyMissing
	}
	return key, err
}

// SetKeyActive has calls with a key accepted or refused.
func SetKeyActive(ctx context.Context, tx store.Tx, account live.AccountID, id string, active bool) error {
	key, err := Key(ctx, tx, account, id)
	if err != nil {
		return err
	}
	key.Active = active
	return tx.PutAccessKey(ctx, key)
}

// DeleteKey deletes a key for good.
func DeleteKey(ctx context.Context, tx store.Tx, account live.AccountID, id string) error {
	if _, err := Key(ctx, tx, account, id); err != nil {
		return err
	}
	return tx.DeleteAccessKey(ctx, id)
}

// KeepLast fails with ErrLastKey if key is the only one with which somebody can
// sign in as the account. It is for those who cannot make another without one; the
// command line can.
func KeepLast(ctx context.Context, r store.Reader, key live.AccessKey) error {
	if key.User != "" || !key.Active || key.Temporary() {
		return nil
	}
	keys, err := r.AccessKeys(ctx, key.AccountID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.ID != key.ID && k.User == "" && k.Active && !k.Temporary() {
			return nil
		}
	}
	return ErrLastKey
}

// RandomText returns n random letters and digits.
func RandomText(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	text := make([]byte, n)
	for i := range text {
		c, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // the system has no randomness
		}
		text[i] = alphabet[c.Int64()]
	}
	return string(text)
}
