package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// claimBatch bounds how many deliveries one claim takes.
	claimBatch = 64
	// claimLease is how long a claim holds a delivery. An attempt starts only in
	// time to end before, and to be recorded within recordTime.
	claimLease = time.Minute
	recordTime = 5 * time.Second

	// idlePoll is how often the store is asked even though nothing calls for it,
	// against clocks that jump. minPoll is the least wait for a delivery that is
	// said to be due and yet was not handed out.
	idlePoll = 30 * time.Second
	minPoll  = 20 * time.Millisecond
)

// A dispatcher claims deliveries and starts them as workers are free. It is the
// one goroutine that owns the queue.
type dispatcher struct {
	store deliveryStore
	log   *slog.Logger
	stats *stats
	wake  <-chan struct{}
	// start makes an attempt in a goroutine of its own and sends the claim to
	// done at its end.
	start func(c claim, done chan<- claim)

	schedule schedule
	queue    *queue
	maxHeld  int
	done     chan claim
	released bool // the claims of an earlier run
}

func newDispatcher(d *Deliverer, start func(c claim, done chan<- claim)) *dispatcher {
	return &dispatcher{
		store:    d.store,
		log:      d.log,
		stats:    &d.stats,
		wake:     d.wake,
		start:    start,
		schedule: d.schedule,
		queue:    newQueue(d.workers, d.perOrigin),
		// Room for as many hanging origins as would occupy all workers, each with
		// as many deliveries as it can hold: one short of its workers, and a batch.
		maxHeld: (d.workers/d.perOrigin + 1) * (d.perOrigin + claimBatch),
		done:    make(chan claim, d.workers), // so that sending never blocks
	}
}

// run dispatches until ctx ends, and returns nil, or until the store is closed.
func (p *dispatcher) run(ctx context.Context) error {
	var retry backoff
	for {
		wait, err := p.claim(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrClosed):
			return fmt.Errorf("claim deliveries: %w", err)
		case err != nil:
			wait = retry.next()
			p.stats.storeErrors.Add(1)
			p.log.Error("claiming deliveries failed", keyErr, err, keyRetryIn, wait)
		default:
			retry = backoff{}
		}
		for c, ok := p.queue.next(time.Now()); ok; c, ok = p.queue.next(time.Now()) {
			p.start(c, p.done)
		}
		p.stats.running.Store(int64(p.queue.running))
		p.stats.waiting.Store(int64(len(p.queue.held) - p.queue.running))
		p.rest(ctx, wait)
	}
}

// claim claims what is due and returns how long there will be nothing more.
func (p *dispatcher) claim(ctx context.Context) (wait time.Duration, err error) {
	limit := min(claimBatch, p.maxHeld-len(p.queue.held))
	if limit <= 0 {
		return idlePoll, nil // the end of an attempt makes room
	}
	now := time.Now()
	lease := now.Add(claimLease)
	var claimed []live.Delivery
	err = p.store.Update(ctx, func(tx store.Tx) (err error) {
		if !p.released {
			if err := tx.ReleaseClaims(ctx); err != nil {
				return err
			}
		}
		claimed, err = tx.ClaimDeliveries(ctx, now, lease, burstRetries, limit, p.queue.busy())
		return err
	})
	if err != nil {
		return 0, err
	}
	p.released = true
	for _, dv := range claimed {
		startBy := lease.Add(-p.schedule.timeout(dv.Attempts) - responseWait - recordTime)
		p.queue.add(claim{Delivery: dv, origin: live.Origin(dv.URL), startBy: startBy})
	}
	if len(claimed) == limit {
		return 0, nil
	}
	return p.untilDue(ctx)
}

// untilDue returns how long to wait for the next delivery of an origin that is
// not busy.
func (p *dispatcher) untilDue(ctx context.Context) (wait time.Duration, err error) {
	wait = idlePoll
	err = p.store.View(ctx, func(r store.Reader) error {
		due, ok, err := r.NextDue(ctx, burstRetries, p.queue.busy())
		if ok {
			wait = min(max(time.Until(due), minPoll), idlePoll)
		}
		return err
	})
	return wait, err
}

// rest waits for the end of an attempt, a wake-up or the end of ctx, and for at
// most wait.
func (p *dispatcher) rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case c := <-p.done:
		p.queue.done(c)
	case <-p.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
	for len(p.done) > 0 { // one claim serves them all
		p.queue.done(<-p.done)
	}
}
