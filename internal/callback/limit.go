package callback

import (
	"container/heap"
	"math"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"tallylight/internal/live"
)

// AnyReceiver is the Match of the Limit for receivers that have none of their own.
const AnyReceiver = "*"

// A Limit bounds the attempts at a receiver. Each receiver that it matches has it for
// itself.
type Limit struct {
	// Match is a host, at every port and by either scheme; an origin such as
	// https://example.com:8443; or AnyReceiver. An origin goes before its host, and
	// that before AnyReceiver; only one Limit counts.
	Match string
	// Concurrency is how many attempts run at a time; 0: Config.PerOrigin. A receiver
	// that is slow has fewer.
	Concurrency int
	// Rate is how many attempts start a second; 0: as many as there are.
	Rate float64
	// Burst is how many attempts may start at once when there were none for long; 0:
	// a tenth of what Rate allows in a second, one at least.
	Burst int
}

// limiter returns what enforces the rate, nil if there is none.
func (l Limit) limiter() *rate.Limiter {
	if l.Rate <= 0 {
		return nil
	}
	burst := l.Burst
	if burst <= 0 {
		burst = max(int(math.Ceil(l.Rate/10)), 1)
	}
	return rate.NewLimiter(rate.Limit(l.Rate), burst)
}

// limits are the limits by what they match.
type limits map[string]Limit

func newLimits(list []Limit) limits {
	m := make(limits, len(list))
	for _, l := range list {
		m[matchKey(l.Match)] = l
	}
	return m
}

// matchKey returns the one form of a Match.
func matchKey(match string) string {
	if strings.Contains(match, "://") {
		return live.Origin(match)
	}
	return strings.Trim(strings.ToLower(match), "[]")
}

// of returns the limit of an origin, the zero Limit if there is none.
func (m limits) of(origin string) Limit {
	if len(m) == 0 {
		return Limit{}
	}
	if l, ok := m[origin]; ok {
		return l
	}
	if u, err := url.Parse(origin); err == nil {
		if l, ok := m[u.Hostname()]; ok {
			return l
		}
	}
	return m[AnyReceiver]
}

// concurrency returns the highest of the limits, and of others where there is none.
func (m limits) concurrency(others int) int {
	for _, l := range m {
		others = max(others, l.Concurrency)
	}
	return others
}

// limitedAhead is for how long ahead a line whose rate is limited holds deliveries:
// less than a lease, so that they start before it ends.
const limitedAhead = 20 * time.Second

// minEnough is the least that may wait in a line, so that the next is there when one
// is started.
const minEnough = 2

// limitedTo is how many deliveries the limit of a line can do with.
func (l *line) limitedTo() int {
	if l.limiter == nil {
		return maxWaiting
	}
	ahead := float64(l.limiter.Limit())*limitedAhead.Seconds() + float64(l.limiter.Burst())
	return int(min(max(ahead, minEnough), maxWaiting))
}

// rested reports whether a new limiter would do as well.
func (l *line) rested() bool {
	return l.limiter == nil || !l.paused && l.limiter.Tokens() >= float64(l.limiter.Burst())
}

// admit counts an attempt against the limit of a line, or pauses the line until there
// can be one.
func (q *queue) admit(l *line, now time.Time) bool {
	if l.limiter == nil {
		return true
	}
	r := l.limiter.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return true
	}
	r.CancelAt(now)
	l.paused, l.resumeAt = true, now.Add(wait)
	heap.Push(&q.paused, l)
	return false
}

// resume gives their turns to the lines whose pause is over at now.
func (q *queue) resume(now time.Time) {
	for len(q.paused) > 0 && !now.Before(q.paused[0].resumeAt) {
		l := heap.Pop(&q.paused).(*line)
		l.paused = false
		q.giveTurn(l)
	}
}

// untilResume returns how long after now the next pause is over, idlePoll if there is
// none.
func (q *queue) untilResume(now time.Time) time.Duration {
	if len(q.paused) == 0 {
		return idlePoll
	}
	return q.paused[0].resumeAt.Sub(now)
}

// pauses are the paused lines, the one that resumes next first. It implements
// heap.Interface.
type pauses []*line

func (p pauses) Len() int           { return len(p) }
func (p pauses) Less(i, j int) bool { return p[i].resumeAt.Before(p[j].resumeAt) }
func (p pauses) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pauses) Push(x any)        { *p = append(*p, x.(*line)) }

func (p *pauses) Pop() any {
	last := len(*p) - 1
	l := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	return l
}
