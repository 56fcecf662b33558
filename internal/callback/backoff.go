package callback

import "time"

// Waits after a store has failed: doubled each time, between these.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// A backoff counts failures in a row; its zero value stands before the first.
type backoff struct{ last time.Duration }

// next returns how long to wait after one more failure.
func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, minBackoff), maxBackoff)
	return b.last
}
