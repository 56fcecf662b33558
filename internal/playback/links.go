package playback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// How long a link can be good for.
const (
	MinLinkLifetime = time.Minute
	MaxLinkLifetime = 7 * 24 * time.Hour
)

// Errors of links.
var (
	// ErrLinkInvalid means that a link was not signed here, or not with a key that is
	// good still.
	ErrLinkInvalid = errors.New("link is not valid")
	// ErrLinkExpired means that a link was good once.
	ErrLinkExpired = errors.New("link has expired")
	// ErrLinkLifetime means that a link would not be good for MinLinkLifetime to
	// MaxLinkLifetime.
	ErrLinkLifetime = fmt.Errorf("a link is good for %v to %v", MinLinkLifetime, MaxLinkLifetime)
	// ErrNoLinkKey means that no key can sign a link.
	ErrNoLinkKey = errors.New("the account has no active access key to sign links with")
)

// Links signs URLs of record files and verifies them. They are signed with the
// account's oldest active access key, and good as long as the key is: whoever
// disables it takes all its links back. All nodes accept them.
type Links struct {
	store playbackStore
	now   func() time.Time
}

// NewLinks returns Links.
func NewLinks(st playbackStore, now func() time.Time) *Links { return &Links{st, now} }

// linkPath begins the paths of links, linkSuffix ends them.
const (
	linkPath   = "/recordings/"
	linkSuffix = ".mp4"
)

// Sign returns path and query of a link to a record file, which is not looked up.
// The link expires at a time, in whole seconds. Errors are ErrLinkLifetime and
// ErrNoLinkKey, or those of the store.
func (l *Links) Sign(ctx context.Context, id live.RecordFileID, expires time.Time) (string, error) {
	if lifetime := expires.Sub(l.now()); lifetime < MinLinkLifetime || lifetime > MaxLinkLifetime {
		return "", ErrLinkLifetime
	}
	keys, err := l.keys(ctx)
	if err != nil {
		return "", fmt.Errorf("sign link: %w", err)
	}
	if len(keys) == 0 {
		return "", ErrNoLinkKey
	}
	until := strconv.FormatInt(expires.Unix(), 10)
	query := url.Values{
		"expires":   {until},
		"signature": {base64.RawURLEncoding.EncodeToString(linkSignature(keys[0], id, until))},
	}
	return linkPath + url.PathEscape(string(id)) + linkSuffix + "?" + query.Encode(), nil
}

// Verify checks the query of a link to a record file. Errors are ErrLinkInvalid and
// ErrLinkExpired, or those of the store.
func (l *Links) Verify(ctx context.Context, id live.RecordFileID, query url.Values) error {
	until := query.Get("expires")
	expires, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return ErrLinkInvalid
	}
	given, err := base64.RawURLEncoding.DecodeString(query.Get("signature"))
	if err != nil {
		return ErrLinkInvalid
	}
	keys, err := l.keys(ctx)
	if err != nil {
		return fmt.Errorf("verify link: %w", err)
	}
	for _, key := range keys {
		if !hmac.Equal(given, linkSignature(key, id, until)) {
			continue
		}
		if l.now().Unix() >= expires {
			return ErrLinkExpired
		}
		return nil
	}
	return ErrLinkInvalid
}

// linkSignature signs a link with the secret of an access key. What is signed begins
// with words of its own, so that it cannot be the signature of anything else that the
// secret signs.
func linkSignature(secret string, id live.RecordFileID, expires string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "tallylight recording link\n%s\n%s", id, expires)
	return mac.Sum(nil)
}

// keys returns the secrets of the account's own active keys, the oldest first.
func (l *Links) keys(ctx context.Context) (secrets []string, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		secrets = nil
		account, err := r.OwnerAccount(ctx)
		if err != nil {
			return err
		}
		keys, err := r.AccessKeys(ctx, account.ID)
		for _, k := range keys {
			if k.Active && k.User == "" && !k.Temporary() {
				secrets = append(secrets, k.Secret)
			}
		}
		return err
	})
	return secrets, err
}
