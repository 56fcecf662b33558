package upload

import (
	"math/rand/v2"
	"time"
)

// How long the background waits before it tries again.
const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// A backoff gives the waits between tries: each twice the one before, with up to
// half of it left to chance, so that many do not try at the same time.
type backoff struct{ wait time.Duration }

func (b *backoff) next() time.Duration {
	b.wait = min(max(2*b.wait, 2*firstRetry), lastRetry)
	return b.wait/2 + rand.N(b.wait/2)
}
