package live

import "time"

// Nonces are nonces of signed calls that may be forgotten at the same time. Each
// is a digest of an access key id and a nonce.
type Nonces struct {
	ExpiresAt time.Time
	Digests   []uint64
}
