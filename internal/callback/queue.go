package callback

import (
	"cmp"
	"time"

	"golang.org/x/time/rate"

	"tallylight/internal/live"
)

const (
	// maxWaiting bounds the deliveries of one origin that wait in memory, maxHeld
	// those of all: the rest is in the table.
	maxWaiting = 256
	maxHeld    = 16 << 10

	// waitingPerWorker bounds what waits for each attempt that an origin may have at
	// a time, so that a slow one does not hold what it cannot take within a lease.
	waitingPerWorker = 8

	// retryShare is which part of the workers makes repeated attempts at most.
	retryShare = 4
)

// A claim is a delivery that this server holds.
type claim struct {
	live.Delivery
	origin  string    // live.Origin of its URL
	startBy time.Time // after that an attempt could outlast the lease
	retry   bool      // an attempt was made before; set by queue.add
}

// A queue holds claims until a worker is free for them. Every origin has a line
// of its own and no more workers than its pace allows, so that one that hangs
// occupies few; repeated attempts have a quarter of the workers, so that many
// that fail leave room for first ones. One goroutine owns the queue.
//
// A delivery is held until its outcome is recorded, though its worker is free
// again as soon as the attempt has ended.
type queue struct {
	workers   int
	perOrigin int
	limits    limits

	origins map[string]*line
	first   ring // lines with a first attempt to start
	again   ring // lines with a repeated one
	paused  pauses
	held    map[live.DeliveryID]struct{}

	running  int
	retrying int // of those that run
}

// A ring is the lines that could start an attempt of one kind, in turn.
type ring []*line

func (r *ring) pop() *line {
	l := (*r)[0]
	(*r)[0] = nil
	*r = (*r)[1:]
	return l
}

// A line is what is held of one origin.
type line struct {
	origin string
	first  fifo // never tried
	again  fifo // tried before
	// hasTurn and hasRetryTurn say that the line stands in the queue's rings.
	hasTurn, hasRetryTurn bool

	running int
	pace    pace
	breaker breaker
	left    bool // the table has more of it, or may have

	limiter  *rate.Limiter // nil: none
	paused   bool          // by its limiter
	resumeAt time.Time     // the end of the pause
}

// A fifo is claims, the first in first out.
type fifo []*claim

func (f *fifo) pop() *claim {
	c := (*f)[0]
	(*f)[0] = nil
	*f = (*f)[1:]
	return c
}

func newQueue(workers, perOrigin int) *queue {
	return &queue{
		workers:   workers,
		perOrigin: perOrigin,
		origins:   make(map[string]*line),
		held:      make(map[live.DeliveryID]struct{}),
	}
}

// line returns the line of an origin, a new one if there is none.
func (q *queue) line(origin string) *line {
	l := q.origins[origin]
	if l == nil {
		limit := q.limits.of(origin)
		l = &line{origin: origin, pace: newPace(cmp.Or(limit.Concurrency, q.perOrigin)), limiter: limit.limiter()}
		q.origins[origin] = l
	}
	return l
}

// holds reports whether a delivery is held. One that is may be claimed again: when
// its lease ran out, or was given back by an Update that seemed to fail, before
// its worker was done with it.
func (q *queue) holds(id live.DeliveryID) bool {
	_, ok := q.held[id]
	return ok
}

// add appends a claim, which is not held, to the line of its origin.
func (q *queue) add(c *claim) {
	q.held[c.ID] = struct{}{}
	l := q.line(c.origin)
	if c.retry = c.Attempts > 0; c.retry {
		l.again = append(l.again, c)
	} else {
		l.first = append(l.first, c)
	}
	q.giveTurn(l)
}

// next returns the claim to start now, or nil if none can be. Origins take
// turns. Claims whose startBy has passed are dropped: their lease runs out and
// they are claimed again.
func (q *queue) next(now time.Time) *claim {
	for q.running < q.workers {
		var l *line
		var c *claim
		switch {
		case len(q.again) > 0 && q.retrying < max(q.workers/retryShare, 1):
			l = q.again.pop()
			l.hasRetryTurn = false
			if !q.ready(l, &l.again, now) {
				continue
			}
			c = l.again.pop()
		case len(q.first) > 0:
			l = q.first.pop()
			l.hasTurn = false
			if !q.ready(l, &l.first, now) {
				continue
			}
			c = l.first.pop()
		default:
			return nil
		}
		l.running++
		q.running++
		if c.retry {
			q.retrying++
		}
		q.giveTurn(l)
		return c
	}
	return nil
}

// ready reports whether the first of what waits in a line may start at now, and
// counts it against the limit of the line if so.
func (q *queue) ready(l *line, waiting *fifo, now time.Time) bool {
	for len(*waiting) > 0 && now.After((*waiting)[0].startBy) {
		q.forget(waiting.pop())
	}
	return len(*waiting) > 0 && l.room() && q.admit(l, now)
}

// ended takes back the worker of a claim that next returned, and returns its line.
// The claim stays held.
func (q *queue) ended(c *claim) *line {
	l := q.origins[c.origin]
	l.running--
	q.running--
	if c.retry {
		q.retrying--
	}
	return l
}

// forget ends the holding of a claim that does not run.
func (q *queue) forget(c *claim) { delete(q.held, c.ID) }

// tidy forgets a line that has nothing to tell.
func (q *queue) tidy(l *line) {
	if l.running == 0 && l.waiting() == 0 && !l.left && l.breaker.closed() && l.pace.fresh() && l.rested() {
		delete(q.origins, l.origin)
	}
}

// clear empties a line of what waits in it and returns that.
func (q *queue) clear(l *line) []*claim {
	return q.clearIf(l, func(*claim) bool { return true })
}

// clearIf empties a line of those for which out is true and returns them.
func (q *queue) clearIf(l *line, out func(*claim) bool) (list []*claim) {
	for _, f := range []*fifo{&l.again, &l.first} {
		var rest fifo
		for _, c := range *f {
			if out(c) {
				q.forget(c)
				list = append(list, c)
			} else {
				rest = append(rest, c)
			}
		}
		*f = rest
	}
	l.left = l.left || len(list) > 0
	return list
}

func (q *queue) giveTurn(l *line) {
	if !l.room() {
		return
	}
	if !l.hasTurn && len(l.first) > 0 {
		l.hasTurn = true
		q.first = append(q.first, l)
	}
	if !l.hasRetryTurn && len(l.again) > 0 {
		l.hasRetryTurn = true
		q.again = append(q.again, l)
	}
}

func (l *line) waiting() int { return len(l.first) + len(l.again) }

// room reports whether the line may have one more attempt run.
func (l *line) room() bool { return l.running < l.pace.cap && !l.paused }

// full reports whether the line needs nothing from the table now: a claim for it
// could bring more than may wait.
func (l *line) full() bool { return !l.breaker.closed() || l.waiting() >= l.enough()/2 }

// low reports whether the line is about to run out of what waits in it.
func (l *line) low() bool { return l.breaker.closed() && l.waiting() <= l.enough()/4 }

// enough is how many may wait at the line's pace and limit.
func (l *line) enough() int { return min(l.pace.cap*waitingPerWorker, l.limitedTo()) }

// full returns the origins of which no more is needed now, and notes that the
// table may have more of them.
func (q *queue) full() []string {
	var full []string
	for origin, l := range q.origins {
		if l.full() {
			l.left = true
			full = append(full, origin)
		}
	}
	return full
}
