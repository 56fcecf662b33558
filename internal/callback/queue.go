package callback

import (
	"time"

	"tallylight/internal/live"
)

// A claim is a delivery that this server holds.
type claim struct {
	live.Delivery
	origin  string    // live.Origin of its URL
	startBy time.Time // after that an attempt could outlast the lease
}

// A queue holds claims until a worker is free for them. Every origin has a line
// of its own and at most perOrigin workers, so that one that hangs occupies no
// more than these. One goroutine owns the queue.
type queue struct {
	workers   int
	perOrigin int

	origins map[string]*line // those with claims
	turns   []*line          // those that could start a claim, in turn
	held    map[live.DeliveryID]struct{}
	running int
}

// A line is the claims of one origin.
type line struct {
	waiting []claim
	running int
	hasTurn bool // stands in queue.turns
}

func newQueue(workers, perOrigin int) *queue {
	return &queue{
		workers:   workers,
		perOrigin: perOrigin,
		origins:   make(map[string]*line),
		held:      make(map[live.DeliveryID]struct{}),
	}
}

// add appends a claim to the line of its origin. A delivery that is held already
// is left out: its lease ran out, or was given back by an Update that seemed to
// fail, before its worker was done with it.
func (q *queue) add(c claim) {
	if _, ok := q.held[c.ID]; ok {
		return
	}
	q.held[c.ID] = struct{}{}
	l := q.origins[c.origin]
	if l == nil {
		l = new(line)
		q.origins[c.origin] = l
	}
	l.waiting = append(l.waiting, c)
	q.giveTurn(l)
}

// next returns the claim to start now, or false if none can be. Origins take
// turns. Claims whose startBy has passed are dropped: their lease runs out and
// they are claimed again.
func (q *queue) next(now time.Time) (claim, bool) {
	for q.running < q.workers && len(q.turns) > 0 {
		l := q.turns[0]
		q.turns = q.turns[1:]
		l.hasTurn = false
		c := l.waiting[0]
		l.waiting = l.waiting[1:]
		if now.After(c.startBy) {
			q.drop(c, l)
			q.giveTurn(l)
			continue
		}
		l.running++
		q.running++
		q.giveTurn(l)
		return c, true
	}
	return claim{}, false
}

// done takes back a claim that next returned.
func (q *queue) done(c claim) {
	l := q.origins[c.origin]
	l.running--
	q.running--
	q.drop(c, l)
	q.giveTurn(l)
}

func (q *queue) drop(c claim, l *line) {
	delete(q.held, c.ID)
	if l.running == 0 && len(l.waiting) == 0 {
		delete(q.origins, c.origin)
	}
}

func (q *queue) giveTurn(l *line) {
	if !l.hasTurn && len(l.waiting) > 0 && l.running < q.perOrigin {
		l.hasTurn = true
		q.turns = append(q.turns, l)
	}
}

// busy returns the origins whose claims keep all their workers busy, so that no
// more of theirs are needed now.
func (q *queue) busy() []string {
	var busy []string
	for origin, l := range q.origins {
		if l.running+len(l.waiting) >= q.perOrigin {
			busy = append(busy, origin)
		}
	}
	return busy
}
