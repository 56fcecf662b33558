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
	// apierr.Throttling if there is no room. With keep, the nonce is durable when
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
type nonceSet struct {
	limit int

	mu          sync.Mutex
	generations map[generation]map[uint64]struct{}
	count       int
}

func newNonceSet(limit int) *nonceSet {
	return &nonceSet{limit: limit, generations: make(map[generation]map[uint64]struct{})}
}

// use adds a digest, with the errors of nonceStore. A full set refuses rather
// than forgets: what it forgot could be sent again.
func (s *nonceSet) use(digest uint64, g generation, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	for _, digests := range s.generations {
		if _, used := digests[digest]; used {
			return apierr.SignatureNonceUsed
		}
	}
	if s.count >= s.limit {
		return apierr.Throttling
	}
	s.add(digest, g)
	return nil
}

// restore adds digests of an earlier run.
func (s *nonceSet) restore(digests []uint64, g generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range digests {
		s.add(d, g)
	}
}

// add needs the lock.
func (s *nonceSet) add(digest uint64, g generation) {
	digests := s.generations[g]
	if digests == nil {
		digests = make(map[uint64]struct{})
		s.generations[g] = digests
	}
	if _, ok := digests[digest]; !ok {
		digests[digest] = struct{}{}
		s.count++
	}
}

// forget drops the generations that have expired. It needs the lock.
func (s *nonceSet) forget(now time.Time) {
	for g, digests := range s.generations {
		if !now.Before(g.end()) {
			s.count -= len(digests)
			delete(s.generations, g)
		}
	}
}
