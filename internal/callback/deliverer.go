package callback

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Defaults of a Config.
const (
	DefaultWorkers   = 256
	DefaultPerOrigin = 8
)

// shutdownGrace is how long Run waits for running attempts once its context ends.
const shutdownGrace = 30 * time.Second

// deliveryStore is what this package needs of a store, and no more.
type deliveryStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// A Config is what a Deliverer is made of. Store, Guard and Log are needed.
type Config struct {
	Store deliveryStore
	Guard *Guard
	Log   *slog.Logger

	// TailOff ends a delivery after its burst of six attempts, as the vendor
	// does. Otherwise it is tried for three days.
	TailOff bool
	// Secret makes Standard Webhooks signatures; nil makes none.
	Secret wire.Secret
	// EventHeaders adds the headers of wire.SetEventHeaders.
	EventHeaders bool
	// UserAgent is sent with every callback; "" means DefaultUserAgent.
	UserAgent string
	// Workers bounds the attempts that run at a time, PerOrigin those to one
	// server; 0 means the default.
	Workers   int
	PerOrigin int
}

// A Deliverer delivers what the store says is owed. See the package comment.
type Deliverer struct {
	store    deliveryStore
	log      *slog.Logger
	schedule schedule
	sender   *sender

	workers   int
	perOrigin int

	wake  chan struct{}
	stats stats
}

// New returns a deliverer; nothing runs before Run.
func New(c Config) *Deliverer {
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if c.Workers <= 0 {
		c.Workers = DefaultWorkers
	}
	if c.PerOrigin <= 0 {
		c.PerOrigin = DefaultPerOrigin
	}
	return &Deliverer{
		store:    c.Store,
		log:      c.Log,
		schedule: schedule{tailOff: c.TailOff},
		sender: &sender{
			transport:    newTransport(c.Guard, c.PerOrigin),
			userAgent:    c.UserAgent,
			secret:       c.Secret,
			eventHeaders: c.EventHeaders,
		},
		workers:   c.Workers,
		perOrigin: c.PerOrigin,
		wake:      make(chan struct{}, 1),
	}
}

// Wake tells that deliveries were committed. It never blocks, and many calls may
// have the effect of one.
func (d *Deliverer) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, then waits up to 30 seconds for running attempts
// and records them. What was claimed but not started keeps its lease; the next
// Run gives it back before it claims. Only one Run may work on a store.
//
// Run returns nil when ctx ends, and an error if the store is closed before. A
// store that fails otherwise is asked again until it works.
func (d *Deliverer) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer d.sender.transport.CloseIdleConnections()

	var attempts sync.WaitGroup
	dispatcher := newDispatcher(d, func(c claim, done chan<- claim) {
		attempts.Go(func() {
			defer func() { done <- c }()
			d.deliver(work, c.Delivery)
		})
	})
	err := dispatcher.run(ctx)

	grace := time.AfterFunc(shutdownGrace, stop)
	defer grace.Stop()
	attempts.Wait()
	d.stats.running.Store(0)
	d.stats.waiting.Store(0)
	return err
}

// deliver makes one attempt and records what came of it.
func (d *Deliverer) deliver(ctx context.Context, dv live.Delivery) {
	log := d.log.With(keyEventID, dv.Event.ID, keyDeliveryID, dv.ID, keyOrigin, live.Origin(dv.URL), keyAttempt, dv.Attempts+1)
	defer func() {
		if p := recover(); p != nil { // its lease runs out, and it is claimed again
			log.Error("callback attempt panicked", keyErr, p, keyStack, string(debug.Stack()))
		}
	}()
	a := d.sender.send(ctx, dv, d.schedule.timeout(dv.Attempts))
	dv = d.outcome(dv, a)
	if err := d.record(ctx, log, dv, a); err != nil { // its lease runs out, and it is made again
		log.Error("callback attempt not recorded", keyStatus, a.Status, keyErr, err)
		return
	}
	d.stats.attempts.Add(1)
	switch dv.State {
	case live.DeliveryDelivered:
		d.stats.delivered.Add(1)
		log.Debug("callback delivered", keyStatus, a.Status, keyElapsed, a.Elapsed)
	case live.DeliveryDead:
		d.stats.dead.Add(1)
		log.Error("callback given up", keyStatus, a.Status, keyErr, a.Err, keyElapsed, a.Elapsed)
	default:
		log.Warn("callback attempt failed", keyStatus, a.Status, keyErr, a.Err, keyElapsed, a.Elapsed, keyDueAt, dv.DueAt)
	}
}

// outcome returns what becomes of dv after attempt a.
func (d *Deliverer) outcome(dv live.Delivery, a live.Attempt) live.Delivery {
	dv.Attempts = a.Number
	if succeeded(a) {
		dv.State, dv.DueAt = live.DeliveryDelivered, time.Time{}
		return dv
	}
	due, ok := d.schedule.next(dv.Attempts, dv.Event.OccurredAt, time.Now(), rand.Float64())
	if !ok {
		dv.State = live.DeliveryDead
	}
	dv.DueAt = due
	return dv
}

// record writes an attempt and its outcome, again and again while the store may
// only be unavailable.
func (d *Deliverer) record(ctx context.Context, log *slog.Logger, dv live.Delivery, a live.Attempt) error {
	var retry backoff
	for {
		err := d.store.Update(ctx, func(tx store.Tx) error { return tx.FinishAttempt(ctx, dv, a) })
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain) {
			return err
		}
		wait := retry.next()
		d.stats.storeErrors.Add(1)
		log.Error("recording callback attempt failed", keyErr, err, keyRetryIn, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}
