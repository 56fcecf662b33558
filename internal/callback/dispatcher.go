package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// claimBatch bounds how many deliveries one round claims.
	claimBatch = maxWaiting / 2
	// An attempt starts only in time to end before its lease, and to be recorded
	// within recordTime.
	recordTime = 5 * time.Second

	// Rounds that record outcomes begin companyWait apart, so that many outcomes
	// share one; company is how many need not wait.
	companyWait = 5 * time.Millisecond
	company     = 64
	// maxUnrecorded bounds the outcomes that are not recorded, which a crash would
	// have repeated: above, no attempt starts.
	maxUnrecorded = 2048
	// maxReleased bounds the leases that wait to be given back. Those beyond run
	// out.
	maxReleased = 4096

	// idlePoll is how often the table is looked into even though nothing calls for
	// it, against clocks that jump. minPoll is the least wait for a delivery that is
	// said to be due and yet was not handed out.
	idlePoll = 30 * time.Second
	minPoll  = 20 * time.Millisecond
)

// A dispatcher starts attempts as workers are free: of what is handed over as it
// is committed, and of what it claims from the table. It is the one goroutine
// that owns the queue. What it has to say to the store, it says in rounds, one
// after the other, and goes on meanwhile.
type dispatcher struct {
	store deliveryStore
	log   *slog.Logger
	stats *stats
	inbox *inbox
	// start has an attempt made, whose outcome comes from ended. The claim is not
	// touched meanwhile.
	start func(*claim)
	ended <-chan outcome

	schedule schedule
	queue    *queue
	health   *healthBook
	probed   int         // receivers that are only probed
	begun    chan *round // that are to be made
	rounds   chan *round // that are over
	buffer   []live.Delivery

	inRound  bool
	outcomes []outcome         // to be recorded
	spare    []outcome         // whose memory the next outcomes take
	roundAt  time.Time         // when the last round with outcomes began
	alone    int               // how many of these are recorded one by one, after a failure
	released []live.DeliveryID // whose leases are given back
	lookAt   time.Time         // when to look into the table
	probeAt  time.Time         // when the first probe is due; zero: none
	retryAt  time.Time         // the store has failed: no round before
	retry    backoff
	restored bool // the claims of an earlier run are given back, and what it knew is known
}

func newDispatcher(d *Deliverer, start func(*claim), ended <-chan outcome) *dispatcher {
	queue := newQueue(d.workers, d.perOrigin)
	queue.limits = d.limits
	return &dispatcher{
		store:    d.store,
		log:      d.log,
		stats:    &d.stats,
		inbox:    d.inbox,
		start:    start,
		ended:    ended,
		schedule: d.schedule,
		queue:    queue,
		health:   newHealthBook(),
		begun:    make(chan *round, 1), // there is one at a time
		rounds:   make(chan *round, 1),
	}
}

// run dispatches until ctx ends, then waits up to shutdownGrace for the attempts
// that run, records them and gives back what is held. It returns nil, or an error
// once the store is closed. Rounds run with work, which outlives ctx.
func (p *dispatcher) run(ctx, work context.Context) error {
	work, cancel := context.WithCancel(work)
	defer cancel()
	var rounds sync.WaitGroup
	rounds.Go(func() { p.makeRounds(work) })
	defer rounds.Wait()
	defer close(p.begun)
	var grace <-chan time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	stop, stopping := ctx.Done(), false
	for {
		now := time.Now()
		if !stopping {
			p.startAttempts(now)
		}
		p.beginRound(now, stopping)
		p.stats.running.Store(int64(p.queue.running))
		p.stats.waiting.Store(int64(len(p.queue.held) - p.queue.running - len(p.outcomes)))
		p.stats.probed.Store(int64(p.probed))
		if stopping && p.idle() {
			return nil
		}
		rest := p.rest(now, stopping)
		if !stopping {
			rest = min(rest, p.queue.untilResume(now))
		}
		timer.Reset(rest)
		select {
		case <-p.inbox.signal:
			p.take(stopping)
		case o := <-p.ended:
			p.attemptEnded(o)
			for len(p.ended) > 0 {
				p.attemptEnded(<-p.ended)
			}
		case r := <-p.rounds:
			if err := p.endRound(r); err != nil {
				return err
			}
		case <-timer.C:
		case <-stop:
			stop, stopping = nil, true
			grace = time.After(shutdownGrace)
			p.releaseAll()
		case <-grace:
			cancel()
			if p.inRound {
				<-p.rounds
			}
			return nil
		}
	}
}

// idle reports whether nothing is left to be done before an end.
func (p *dispatcher) idle() bool {
	return p.queue.running == 0 && !p.inRound && len(p.outcomes) == 0 && len(p.released) == 0 && len(p.health.due) == 0
}

// rest returns how long nothing is to be done, unless something happens.
func (p *dispatcher) rest(now time.Time, stopping bool) time.Duration {
	if p.inRound {
		return idlePoll
	}
	wait := idlePoll
	if len(p.outcomes) > 0 || len(p.health.due) > 0 {
		wait = p.roundAt.Add(companyWait).Sub(now)
	}
	if !p.health.sweepAt.IsZero() {
		wait = min(wait, p.health.sweepAt.Sub(now))
	}
	if !stopping {
		wait = min(wait, p.lookAt.Sub(now))
		if !p.probeAt.IsZero() {
			wait = min(wait, p.probeAt.Sub(now))
		}
	}
	return min(max(wait, p.retryAt.Sub(now), 0), idlePoll)
}

// startAttempts starts what can be started, once it is known which receivers an
// earlier run found not to answer.
func (p *dispatcher) startAttempts(now time.Time) {
	p.queue.resume(now)
	for p.restored && len(p.outcomes) < maxUnrecorded {
		c := p.queue.next(now)
		if c == nil {
			return
		}
		p.start(c)
		p.refill(p.queue.origins[c.origin])
	}
}

// refill looks into the table for an origin of which it has more.
func (p *dispatcher) refill(l *line) {
	if l.left && l.low() {
		l.left = false
		p.lookAt = time.Time{}
	}
}

// take takes what was handed over.
func (p *dispatcher) take(stopping bool) {
	handed, wake := p.inbox.take(p.buffer)
	p.buffer = handed
	if wake {
		p.lookAt = time.Time{}
	}
	for _, d := range handed {
		if p.queue.holds(d.ID) {
			continue
		}
		c := p.claimOf(d)
		l := p.queue.line(c.origin)
		switch {
		case len(p.queue.held) >= maxHeld:
			p.lookAt = minTime(p.lookAt, time.Now().Add(minPoll))
			p.release(c)
		case stopping || l.left || !l.breaker.closed() || l.waiting() >= l.limitedTo():
			l.left = true // and so has what follows it, until the table has no more
			p.release(c)
			p.refill(l)
		default:
			p.queue.add(c)
		}
	}
}

// claimOf returns the claim of a delivery that is leased to this server.
func (p *dispatcher) claimOf(d live.Delivery) *claim {
	return &claim{
		Delivery: d,
		origin:   live.Origin(d.URL),
		startBy:  d.LeasedUntil.Add(-p.schedule.timeout(d.Attempts) - responseWait - recordTime),
	}
}

// release leaves a delivery to the table. The lease that cannot be noted runs out.
func (p *dispatcher) release(c *claim) {
	if len(p.released) < maxReleased {
		p.released = append(p.released, c.ID)
	}
}

// releaseAll leaves all that waits to the table.
func (p *dispatcher) releaseAll() {
	for _, l := range p.queue.origins {
		for _, c := range p.queue.clear(l) {
			p.release(c)
		}
	}
}

// attemptEnded takes back the worker of an attempt and sees how its origin does.
func (p *dispatcher) attemptEnded(o outcome) {
	l := p.queue.ended(o.claim)
	now := time.Now()
	inUse := l.running + 1
	switch {
	case o.lost: // its lease runs out
		p.queue.forget(o.claim)
	case o.answered():
		if l.breaker.answered() {
			p.log.Info("receiver answers again", keyOrigin, l.origin)
			p.probed--
			p.lookAt = time.Time{}
		}
		if o.attempt.Elapsed < promptAnswer {
			l.pace.faster(inUse)
		}
	default:
		l.pace.slower()
		if l.breaker.silent(now) {
			p.log.Warn("receiver does not answer, it is probed from now on", keyOrigin, l.origin, keyErr, o.attempt.Err)
			p.probed++
			for _, c := range p.queue.clear(l) {
				p.release(c)
			}
		}
		p.planProbe(l)
	}
	if !o.lost {
		p.outcomes = append(p.outcomes, o)
		p.health.attempted(l, o.attempt, now)
	}
	if o.parks {
		for _, c := range p.queue.clearIf(l, func(c *claim) bool { return c.URL == o.claim.URL }) {
			p.release(c)
		}
	}
	p.queue.giveTurn(l)
	p.refill(l)
	p.queue.tidy(l)
}

// planProbe sees that the next probe of a line is not missed.
func (p *dispatcher) planProbe(l *line) {
	if b := &l.breaker; !b.closed() && (p.probeAt.IsZero() || b.probeAt.Before(p.probeAt)) {
		p.probeAt = b.probeAt
	}
}

// probes returns the origins that are to be probed at now, and plans the next.
func (p *dispatcher) probes(now time.Time) (due []string) {
	if p.probeAt.IsZero() || now.Before(p.probeAt) {
		return nil
	}
	p.probeAt = time.Time{}
	for origin, l := range p.queue.origins {
		if l.breaker.due(now) {
			l.breaker.probe(now)
			due = append(due, origin)
		}
		p.planProbe(l)
	}
	return due
}

// beginRound begins a round with the store if there is a reason for one.
func (p *dispatcher) beginRound(now time.Time, stopping bool) {
	if p.inRound || now.Before(p.retryAt) {
		return
	}
	r := &round{now: now, lease: now.Add(live.DeliveryLease)}
	p.sweep(now, stopping)
	tell := len(p.outcomes) + len(p.health.due)
	ripe := tell >= company || tell > 0 && (stopping || !now.Before(p.roundAt.Add(companyWait)))
	looking := !stopping && !now.Before(p.lookAt)
	if !stopping && p.alone == 0 {
		r.probes = p.probes(now)
	}
	if !ripe && !looking && len(p.released) == 0 && len(r.probes) == 0 {
		return
	}
	if tell > 0 {
		p.roundAt = now
	}
	r.outcomes, p.outcomes, p.spare = p.outcomes, p.spare, nil
	if p.alone > 0 && len(r.outcomes) > 0 {
		r.outcomes, p.outcomes = r.outcomes[:1:1], r.outcomes[1:]
		p.alone--
		r.alone = true
	} else {
		r.released, p.released = p.released, nil
		r.health = p.health.take()
	}
	if !stopping && !r.alone {
		r.restore = !p.restored
		r.limit = min(claimBatch, maxHeld-len(p.queue.held))
		r.skip = p.queue.full()
		if r.look = looking && p.restored; r.look {
			p.lookAt = now.Add(idlePoll)
		}
	}
	p.inRound = true
	p.begun <- r
}

// makeRounds makes the rounds that are begun, until there are no more.
func (p *dispatcher) makeRounds(ctx context.Context) {
	for r := range p.begun {
		r.err = r.run(ctx, p.store)
		p.rounds <- r
	}
}

// endRound takes in what came of a round. It fails once the store is closed.
func (p *dispatcher) endRound(r *round) error {
	p.inRound = false
	if r.err != nil {
		return p.roundFailed(r)
	}
	p.retry, p.retryAt = backoff{}, time.Time{}
	if r.restore {
		p.restore(r.known)
	}
	for _, o := range r.outcomes {
		p.queue.forget(o.claim)
		p.stats.recorded(o)
		o.report(p.log)
		if o.claim.State == live.DeliveryPending {
			p.lookAt = minTime(p.lookAt, o.claim.DueAt)
		}
	}
	clear(r.outcomes)
	p.spare = r.outcomes[:0]
	for _, d := range r.claimed {
		d.LeasedUntil = r.lease
		if !p.queue.holds(d.ID) {
			p.addClaimed(p.claimOf(d))
		}
	}
	for _, origin := range r.probes {
		if l := p.queue.origins[origin]; l != nil && l.waiting()+l.running == 0 {
			l.breaker.later(time.Now()) // nothing is due, or its lease is another's
			p.planProbe(l)
		}
	}
	if r.looked {
		p.lookAt = minTime(p.lookAt, r.nextLook)
	}
	return nil
}

// addClaimed adds a claim of the table, unless its line has what it can do with.
func (p *dispatcher) addClaimed(c *claim) {
	if l := p.queue.line(c.origin); l.limiter != nil && l.waiting() >= l.limitedTo() {
		l.left = true
		p.release(c)
		return
	}
	p.queue.add(c)
}

// restore goes on with what an earlier run knew of receivers.
func (p *dispatcher) restore(known []live.ReceiverHealth) {
	now := time.Now()
	p.releaseAll() // what was handed over meanwhile: the round gave its leases back
	for _, h := range known {
		p.health.receivers[h.Origin] = &health{ReceiverHealth: h}
		l := p.queue.line(h.Origin)
		l.pace.restore(h.Concurrency)
		l.breaker.restore(h, now)
		if !l.breaker.closed() {
			p.probed++
			p.planProbe(l)
		}
	}
	p.restored = true
}

// sweep has saved what changed of receivers, at the end even what would have waited,
// and forgets lines that have nothing to tell any more.
func (p *dispatcher) sweep(now time.Time, stopping bool) {
	if stopping {
		p.health.flush()
	}
	if p.health.sweep(now) {
		for _, l := range p.queue.origins {
			p.queue.tidy(l)
		}
	}
}

// roundFailed puts back what a round could not record, to try again later.
func (p *dispatcher) roundFailed(r *round) error {
	if errors.Is(r.err, store.ErrClosed) {
		return fmt.Errorf("claim deliveries: %w", r.err)
	}
	again := errors.Is(r.err, store.ErrUnavailable) || errors.Is(r.err, store.ErrUncertain)
	if !again && r.alone { // its lease runs out, and it is made again
		o := r.outcomes[0]
		o.logger(p.log).Error("callback attempt not recorded", keyStatus, o.attempt.Status, keyErr, r.err)
		p.queue.forget(o.claim)
		r.outcomes = nil
	} else if !again { // one of them may be the reason, or what else was asked for
		p.alone = len(r.outcomes)
	}
	p.outcomes = append(r.outcomes, p.outcomes...)
	p.released = append(r.released, p.released...)
	if again {
		p.health.unsaved(r.health)
	}
	for _, origin := range r.probes {
		if l := p.queue.origins[origin]; l != nil {
			l.breaker.later(r.now)
			p.planProbe(l)
		}
	}
	wait := p.retry.next()
	p.retryAt = time.Now().Add(wait)
	p.lookAt = time.Time{}
	p.stats.storeErrors.Add(1)
	p.log.Error("keeping account of deliveries failed", keyErr, r.err, keyRetryIn, wait)
	return nil
}
