package callback

import (
	"sync/atomic"

	"tallylight/internal/live"
)

// Stats says what a Deliverer did since it was made, and what it has in hand.
type Stats struct {
	Attempts    int64 // made and recorded
	Delivered   int64 // deliveries that a receiver took
	Dead        int64 // deliveries given up
	StoreErrors int64 // Updates and Views that failed
	Running     int64 // attempts now
	Waiting     int64 // deliveries claimed and not started
	Probed      int64 // receivers that do not answer and are only probed now
}

// stats are the counters behind Stats.
type stats struct {
	attempts, delivered, dead, storeErrors, running, waiting, probed atomic.Int64
}

// recorded counts an outcome.
func (s *stats) recorded(o outcome) {
	s.attempts.Add(1)
	switch o.claim.State {
	case live.DeliveryDelivered:
		s.delivered.Add(1)
	case live.DeliveryDead:
		s.dead.Add(1)
	}
}

// Stats returns the counters as they are now.
func (d *Deliverer) Stats() Stats {
	return Stats{
		Attempts:    d.stats.attempts.Load(),
		Delivered:   d.stats.delivered.Load(),
		Dead:        d.stats.dead.Load(),
		StoreErrors: d.stats.storeErrors.Load(),
		Running:     d.stats.running.Load(),
		Waiting:     d.stats.waiting.Load(),
		Probed:      d.stats.probed.Load(),
	}
}
