package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"tallylight/internal/api/apierr"
)

// A nonceStore remembers which nonces were used, so that no request can be sent
// twice.
type nonceStore interface {
	// Use records a nonce of an access key until expires. It fails with
	// apierr.SignatureNonceUsed if the nonce is recorded already, and with
	// apierr.Throttling if there is no room, be it for this key alone. With keep, the nonce is durable when
	// Use returns nil.
	Use(ctx context.Context, accessKeyID, nonce string, now, expires time.Time, keep bool) error
}

const (
	// maxNonces bounds the nonces in memory. It allows a thousand calls a second
	// over the half hour for which a nonce can count, in some 60 MB.
	maxNonces = 2 << 20

	// generationSpan is how much expiry time one generation of nonces covers.
	generationSpan = 5 * time.Minute
)

// nonceDigest stands for a nonce. A fresh one has the digest of another in a full
// store with a probability of one in 10^13; that call is refused, and passes when
// it is repeated with a nonce of its own.
func nonceDigest(accessKeyID, nonce string) uint64 {
	b := make([]byte, 0, 128)
	b = append(b, accessKeyID...)
	b = append(b, 0)
	b = append(b, nonce...)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}

// A generation names nonces that expire about the same time by the Unix time at
// which all of them have.
type generation int64

func generationOf(expires time.Time) generation {
	return generation(expires.Truncate(generationSpan).Add(generationSpan).Unix())
}

func (g generation) end() time.Time { return time.Unix(int64(g), 0) }

// A nonceSet holds digests in memory. A generation is forgotten as a whole: no
// nonce is ever looked at again in order to forget it.
//
// A quarter of the room is kept from every single access key, so that nobody who has
// one, be it of a user who may do nothing, can have the calls of all others refused.
type nonceSet struct {
	limit int

	mu          sync.Mutex
	generations map[generation]*nonceGroup
	count       int
	held        map[string]int // digests of an access key
}

// A nonceGroup holds the digests of a generation.
type nonceGroup struct {
	digests map[uint64]struct{}
	held    map[string]int
}

func newNonceSet(limit int) *nonceSet {
	return &nonceSet{limit: limit, generations: make(map[generation]*nonceGroup), held: make(map[string]int)}
}

// use adds a digest of an access key, with the errors of nonceStore. A full set
// refuses rather than forgets: what it forgot could be sent again.
func (s *nonceSet) use(accessKeyID string, digest uint64, g generation, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	for _, group := range s.generations {
		if _, used := group.digests[digest]; used {
			return apierr.SignatureNonceUsed
		}
	}
	if s.count >= s.limit || s.held[accessKeyID] >= s.limit-s.limit/4 {
		return apierr.Throttling
	}
	s.add(digest, g)
	s.held[accessKeyID]++
	s.generations[g].held[accessKeyID]++
	return nil
}

// restore adds digests of an earlier run, of which nobody knows the access key.
func (s *nonceSet) restore(digests []uint64, g generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range digests {
		s.add(d, g)
	}
}

// add needs the lock.
func (s *nonceSet) add(digest uint64, g generation) {
	group := s.generations[g]
	if group == nil {
		group = &nonceGroup{digests: make(map[uint64]struct{}), held: make(map[string]int)}
		s.generations[g] = group
	}
	if _, ok := group.digests[digest]; !ok {
		group.digests[digest] = struct{}{}
		s.count++
	}
}

// forget drops the generations that have expired. It needs the lock.
func (s *nonceSet) forget(now time.Time) {
	for g, group := range s.generations {
		if now.Before(g.end()) {
			continue
		}
		s.count -= len(group.digests)
		for key, n := range group.held {
			if s.held[key] -= n; s.held[key] == 0 {
				delete(s.held, key)
			}
		}
		delete(s.generations, g)
	}
}
