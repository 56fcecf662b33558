package api

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"tallylight/internal/api/apierr"
)

// A nonceStore remembers which nonces were used, so that no request can be sent
// twice.
type nonceStore interface {
	// Use records a nonce of an access key until expires. It fails with
	// apierr.SignatureNonceUsed if the nonce is recorded already, and with
	// apierr.Throttling if there is no room.
	Use(ctx context.Context, accessKeyID, nonce string, now, expires time.Time) error
}

const (
	// maxNonces bounds the nonces in memory. It allows a thousand calls a second
	// over the half hour for which a nonce can count, in some 60 MB.
	maxNonces = 2 << 20

	// generationSpan is how much expiry time one generation of nonces covers.
	generationSpan = 5 * time.Minute
)

// memoryNonces is a nonceStore in memory. Nonces that expire about the same time
// make a generation, which is forgotten as a whole: no nonce is ever looked at
// again in order to forget it.
type memoryNonces struct {
	seed  maphash.Seed
	limit int

	mu          sync.Mutex
	generations map[int64]map[uint64]struct{} // by expiry time
	count       int
}

func newMemoryNonces(limit int) *memoryNonces {
	return &memoryNonces{
		seed:        maphash.MakeSeed(),
		limit:       limit,
		generations: make(map[int64]map[uint64]struct{}),
	}
}

// Use implements nonceStore. A full store refuses rather than forgets: what it
// forgot could be sent again.
func (m *memoryNonces) Use(_ context.Context, accessKeyID, nonce string, now, expires time.Time) error {
	hash := m.hash(accessKeyID, nonce)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now)
	for _, generation := range m.generations {
		if _, used := generation[hash]; used {
			return apierr.SignatureNonceUsed
		}
	}
	if m.count >= m.limit {
		return apierr.Throttling
	}
	i := generationOf(expires)
	generation := m.generations[i]
	if generation == nil {
		generation = make(map[uint64]struct{})
		m.generations[i] = generation
	}
	generation[hash] = struct{}{}
	m.count++
	return nil
}

// hash stands for a nonce. Two of a full store share one with a probability of
// one in 10^13, and the secret seed keeps it from being forced.
func (m *memoryNonces) hash(accessKeyID, nonce string) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(accessKeyID)
	h.WriteByte(0)
	h.WriteString(nonce)
	return h.Sum64()
}

// forget drops the generations that have expired as a whole.
func (m *memoryNonces) forget(now time.Time) {
	current := generationOf(now)
	for i, generation := range m.generations {
		if i < current {
			m.count -= len(generation)
			delete(m.generations, i)
		}
	}
}

func generationOf(t time.Time) int64 { return t.Unix() / int64(generationSpan/time.Second) }
