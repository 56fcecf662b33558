package callback

import (
	"time"

	"tallylight/internal/live"
)

// A breaker opens after breakAfter attempts in a row that got no answer: more
// than one delivery's burst, so that a delivery that is alone is tried as
// the vendor would. From then on a single delivery probes the origin, after
// firstProbe and then after twice the time, up to lastProbe, until one is answered.
const (
	breakAfter = 10
	firstProbe = time.Second
	lastProbe  = 5 * time.Minute
)

// A breaker keeps an origin that does not answer from costing more than its
// probes. Any answer, be it a refusal, closes it. The zero breaker is closed.
type breaker struct {
	unanswered int           // attempts in a row
	wait       time.Duration // before the next probe; 0: the breaker is closed
	probeAt    time.Time
	probing    bool // a probe is claimed or runs
}

func (b *breaker) closed() bool { return b.wait == 0 }

// answered closes the breaker, and reports whether it was open.
func (b *breaker) answered() bool {
	open := !b.closed()
	*b = breaker{}
	return open
}

// silent is told at now of an attempt that got no answer, and reports whether the
// breaker opened by it.
func (b *breaker) silent(now time.Time) bool {
	b.unanswered++
	if !b.closed() {
		if b.probing { // others were under way when it opened
			b.wait = min(2*b.wait, lastProbe)
			b.later(now)
		}
		return false
	}
	if b.unanswered < breakAfter {
		return false
	}
	b.wait = firstProbe
	b.later(now)
	return true
}

// later puts the next probe off.
func (b *breaker) later(now time.Time) { b.probeAt, b.probing = now.Add(b.wait), false }

// due reports whether a probe is due at now.
func (b *breaker) due(now time.Time) bool { return !b.closed() && !now.Before(b.probeAt) }

// probe notes that a delivery is claimed to probe the origin. If nothing is heard
// of it, the next is due when its lease is over.
func (b *breaker) probe(now time.Time) { b.probeAt, b.probing = now.Add(live.DeliveryLease), true }

// restore goes on where a breaker was that h tells of.
func (b *breaker) restore(h live.ReceiverHealth, now time.Time) {
	b.unanswered = h.Unanswered
	if h.Probed() {
		b.wait = min(max(h.ProbeWait, firstProbe), lastProbe)
		b.probeAt = minTime(h.ProbeAt, now.Add(b.wait)) // the clock may have been set back
	}
}
