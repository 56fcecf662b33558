package callback

import "time"

// The compatible burst (spec recording-and-callbacks 8.2): one attempt and five
// more, a second apart, with five seconds each for the receiver to answer.
const (
	burstRetries  = 5
	burstInterval = time.Second
	burstJitter   = 0.2
	burstTimeout  = 5 * time.Second
)

// The durable tail: what follows a burst in vain. Past tailIntervals the last one
// repeats, until the final attempt tailEnd after the event.
var tailIntervals = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 12 * time.Hour,
}

const (
	tailEnd     = 72 * time.Hour
	tailJitter  = 0.1
	tailTimeout = 15 * time.Second
)

// A schedule says when a delivery that failed is tried again.
type schedule struct {
	tailOff bool // the burst only, as the vendor does
}

// next returns when the attempt after made failed ones is due, or false if none
// is. The event occurred at occurred and the last attempt ended at ended; atLeast
// is what its answer asked to wait, which counts in the tail; random,
// from 0 up to 1, spreads receivers' load: intervals only grow by it.
func (s schedule) next(made int, occurred, ended time.Time, atLeast time.Duration, random float64) (due time.Time, ok bool) {
	if made <= burstRetries {
		return ended.Add(stretch(burstInterval, burstJitter*random)), true
	}
	end := occurred.Add(tailEnd)
	if s.tailOff || !ended.Before(end) {
		return time.Time{}, false
	}
	step := min(made-burstRetries-1, len(tailIntervals)-1)
	due = ended.Add(max(stretch(tailIntervals[step], tailJitter*random), atLeast))
	if due.After(end) {
		due = end
	}
	return due, true
}

// timeout returns how long the attempt after made ones may take.
func (schedule) timeout(made int) time.Duration {
	if made <= burstRetries {
		return burstTimeout
	}
	return tailTimeout
}

func stretch(d time.Duration, by float64) time.Duration {
	return d + time.Duration(float64(d)*by)
}
