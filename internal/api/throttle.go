package api

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tallylight/internal/live"
)

// A throttle limits how often an account, with all its keys, may call an
// operation. Buckets hold one second's worth of calls.
type throttle struct {
	factor float64

	mu sync.Mutex
	// buckets has one entry for each account and operation, and only callers
	// whose signature was verified make one.
	buckets map[bucketKey]*rate.Limiter
}

type bucketKey struct {
	account live.AccountID
	op      *operation
}

// newThrottle returns a throttle at the documented rates times factor, with the
// meaning of Config.QPSFactor.
func newThrottle(factor float64) *throttle {
	if factor == 0 {
		factor = 1
	}
	return &throttle{factor: factor, buckets: make(map[bucketKey]*rate.Limiter)}
}

// wait takes a token and returns 0, or returns how long the account has to wait
// for one.
func (t *throttle) wait(account live.AccountID, op *operation, now time.Time) time.Duration {
	if t.factor < 0 {
		return 0
	}
	reservation := t.bucket(account, op).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

func (t *throttle) bucket(account live.AccountID, op *operation) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := bucketKey{account, op}
	b := t.buckets[key]
	if b == nil {
		perSecond := float64(op.qps) * t.factor
		b = rate.NewLimiter(rate.Limit(perSecond), int(math.Ceil(perSecond)))
		t.buckets[key] = b
	}
	return b
}
