package live

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// An Account owns domains and access keys.
type Account struct {
	ID        AccountID
	CreatedAt time.Time
}

// An AccessKey is a pair with which a client signs. The secret is never logged.
//
// A temporary key counts only together with its security token, and until it
// expires.
type AccessKey struct {
	ID        string
	Secret    string
	AccountID AccountID
	User      string // of the account, whose policies bind the key; empty: the account itself
	Active    bool
	TokenHash string    // SHA-256 of the security token in hex; empty: not temporary
	ExpiresAt time.Time // of a temporary key
	CreatedAt time.Time
}

// TokenHash returns what an AccessKey keeps of its security token.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Temporary reports whether the key needs a security token.
func (k AccessKey) Temporary() bool { return k.TokenHash != "" }
