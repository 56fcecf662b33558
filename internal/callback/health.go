package callback

import (
	"time"

	"tallylight/internal/live"
)

const (
	// What changes little is saved that often, a receiver's at most once.
	saveInterval = 30 * time.Second
	// saveBatch bounds what one round saves.
	saveBatch = 128
	// healthIdle is after how long without an attempt a receiver that answers is
	// forgotten in memory.
	healthIdle = 10 * time.Minute
)

// A healthBook knows how receivers do, and what of it is to be saved: at once that a
// receiver is probed from now on or no more, and the first time in an interval that
// it fails or does no more; everything else together at the end of the interval. So
// what is written does not grow with the number of deliveries.
type healthBook struct {
	receivers map[string]*health
	due       []*health // to be saved by the next round
	sweepAt   time.Time // when the rest is; zero: nothing was ever attempted
}

// A health is what is known of one receiver.
type health struct {
	live.ReceiverHealth
	changed bool // since it was saved
	queued  bool // it stands in due
	turned  bool // it was queued for a failure or a success since the last sweep
}

func newHealthBook() *healthBook { return &healthBook{receivers: make(map[string]*health)} }

// attempted takes in the outcome of an attempt at the receiver of a line.
func (b *healthBook) attempted(l *line, a live.Attempt, now time.Time) {
	h := b.receivers[l.origin]
	if h == nil {
		h = &health{ReceiverHealth: live.ReceiverHealth{Origin: l.origin}}
		b.receivers[l.origin] = h
	}
	before, first := h.ReceiverHealth, h.SucceededAt.IsZero() && h.FailedAt.IsZero()
	if succeeded(a) {
		h.SucceededAt = now
	} else {
		h.FailedAt, h.FailedStatus, h.FailedErr = now, a.Status, a.Err
	}
	h.Unanswered, h.ProbeWait, h.ProbeAt = l.breaker.unanswered, l.breaker.wait, l.breaker.probeAt
	h.Concurrency = l.pace.cap
	h.changed = true
	if b.sweepAt.IsZero() {
		b.sweepAt = now.Add(saveInterval)
	}
	turned := (first || h.Fails() != before.Fails()) && !h.turned
	if turned || h.Probed() != before.Probed() {
		h.turned = h.turned || turned
		b.queue(h)
	}
}

func (b *healthBook) queue(h *health) {
	if !h.queued {
		h.queued = true
		b.due = append(b.due, h)
	}
}

// sweep queues what has changed if it is time at now, and reports whether it was.
func (b *healthBook) sweep(now time.Time) bool {
	if b.sweepAt.IsZero() || now.Before(b.sweepAt) {
		return false
	}
	b.sweepAt = now.Add(saveInterval)
	for origin, h := range b.receivers {
		h.turned = false
		switch {
		case h.changed:
			b.queue(h)
		case !h.Probed() && now.Sub(lastAttempt(h.ReceiverHealth)) > healthIdle:
			delete(b.receivers, origin)
		}
	}
	if len(b.receivers) == 0 {
		b.sweepAt = time.Time{}
	}
	return true
}

// flush queues all that has changed.
func (b *healthBook) flush() {
	for _, h := range b.receivers {
		if h.changed {
			b.queue(h)
		}
	}
}

// take returns what a round is to save.
func (b *healthBook) take() (list []live.ReceiverHealth) {
	n := min(len(b.due), saveBatch)
	for _, h := range b.due[:n] {
		h.changed, h.queued = false, false
		list = append(list, h.ReceiverHealth)
	}
	b.due = append(b.due[:0], b.due[n:]...)
	return list
}

// unsaved takes back what a round did not save.
func (b *healthBook) unsaved(list []live.ReceiverHealth) {
	for _, saved := range list {
		if h := b.receivers[saved.Origin]; h != nil {
			h.changed = true
			b.queue(h)
		}
	}
}
