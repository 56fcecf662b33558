package live

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A PushAuthType says how pushes prove that they are authorised.
type PushAuthType string

const (
	// PushAuthA wants auth_key=TIMESTAMP-RAND-UID-MD5 in the URL, where MD5 is
	// that of PATH-TIMESTAMP-RAND-UID-KEY.
	PushAuthA PushAuthType = "type_a"
	// PushAuthNone wants nothing.
	PushAuthNone PushAuthType = "no_auth"
)

// Limits of push authentication.
const (
	MinPushAuthKey = 8  // characters
	MaxPushAuthKey = 32 // characters

	DefaultPushAuthValidity = 30 * time.Minute
	MaxPushAuthValidity     = 365 * 24 * time.Hour
)

// AuthKeyArg is the parameter of a push URL that carries the proof.
const AuthKeyArg = "auth_key"

// A PushAuth is what a domain demands of pushes that are addressed to it (spec
// operations 3.2).
type PushAuth struct {
	ID     int64 // given by the store
	Domain string
	Type   PushAuthType
	Key1   string // either key is good
	Key2   string // or ""
	// Validity is for how long a proof is good, from its timestamp on.
	Validity time.Duration
	// PlaylistAuth is about the playlists of viewers. It is kept and shown.
	PlaylistAuth bool
}

// Check reports whether authKey, the value of the parameter, proves at now that
// the path of a URL, "/app/stream", is authorised. The error is one of
// ErrAuthKeyMissing, ErrAuthKeyInvalid and ErrAuthKeyExpired, wrapped.
func (a PushAuth) Check(path, authKey string, now time.Time) error {
	if a.Type != PushAuthA {
		return nil
	}
	if authKey == "" {
		return fmt.Errorf("%w: the URL of %s needs %s", ErrAuthKeyMissing, path, AuthKeyArg)
	}
	fields := strings.Split(authKey, "-")
	if len(fields) != 4 {
		return fmt.Errorf("%w: %s is not TIMESTAMP-RAND-UID-MD5", ErrAuthKeyInvalid, AuthKeyArg)
	}
	// No more than 10 digits: Unix seconds until the year 2286.
	seconds, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil || len(fields[0]) > 10 {
		return fmt.Errorf("%w: the timestamp is not in Unix seconds", ErrAuthKeyInvalid)
	}
	signed := path + "-" + strings.Join(fields[:3], "-")
	if !a.signed(a.Key1, signed, fields[3]) && !a.signed(a.Key2, signed, fields[3]) {
		return fmt.Errorf("%w: its hash does not fit %s", ErrAuthKeyInvalid, path)
	}
	if end := time.Unix(int64(seconds), 0).Add(a.Validity); now.After(end) {
		return fmt.Errorf("%w at %s", ErrAuthKeyExpired, end.UTC().Format(time.RFC3339))
	}
	return nil
}

// signed reports whether hash is that of text under key.
func (a PushAuth) signed(key, text, hash string) bool {
	return key != "" && subtle.ConstantTimeCompare([]byte(authHash(text, key)), []byte(hash)) == 1
}

// AuthKey returns the proof for a path, "/app/stream", that is good from t on.
func AuthKey(path string, t time.Time, random, uid, key string) string {
	proof := fmt.Sprintf("%d-%s-%s", t.Unix(), random, uid)
	return proof + "-" + authHash(path+"-"+proof, key)
}

// authHash is what the scheme prescribes; MD5 is no choice of ours.
func authHash(text, key string) string {
	sum := md5.Sum([]byte(text + "-" + key))
	return hex.EncodeToString(sum[:])
}

// ValidatePushAuthKey reports whether key has 8 to 32 letters and digits.
func ValidatePushAuthKey(key string) error {
	if len(key) < MinPushAuthKey || len(key) > MaxPushAuthKey {
		return fmt.Errorf("key has %d characters, %d to %d are allowed", len(key), MinPushAuthKey, MaxPushAuthKey)
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return fmt.Errorf("key has the character %q, letters and digits are allowed", c)
		}
	}
	return nil
}
