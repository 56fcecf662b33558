package callback

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Defaults of a Config.
const (
	DefaultWorkers   = 512
	DefaultPerOrigin = 32
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
	// Secret makes Standard Webhooks signatures of what has no secrets of its own in
	// the store; nil makes none.
	Secret wire.Secret
	// EventHeaders adds the headers of wire.SetEventHeaders.
	EventHeaders bool
	// CloudEvents adds the headers of wire.SetCloudEventHeaders to what has a body.
	CloudEvents bool
	// UserAgent is sent with every callback; "" means DefaultUserAgent.
	UserAgent string
	// Workers bounds the attempts that run at a time, PerOrigin those to one
	// server, which begins with 8 and gets more as it answers; 0 means the default.
	Workers   int
	PerOrigin int
	// Limits are the limits of single receivers, no two with the same Match.
	Limits []Limit
	// ParkOnGone parks a URL that answers 410 Gone: see store.Tx.ParkEndpoint.
	ParkOnGone bool
}

// A Deliverer delivers what the store says is owed. See the package comment.
type Deliverer struct {
	store    deliveryStore
	log      *slog.Logger
	schedule schedule
	sender   *sender

	workers   int
	perOrigin int

	limits     limits
	parkOnGone bool

	inbox *inbox
	stats stats
}

// New returns a deliverer; nothing runs before Run.
func New(c Config) *Deliverer {
	if c.Workers <= 0 {
		c.Workers = DefaultWorkers
	}
	if c.PerOrigin <= 0 {
		c.PerOrigin = DefaultPerOrigin
	}
	return &Deliverer{
		store:     c.Store,
		log:       c.Log,
		schedule:  schedule{tailOff: c.TailOff},
		sender:    newSender(c),
		workers:   c.Workers,
		perOrigin: c.PerOrigin,
		inbox:     newInbox(),

		limits:     newLimits(c.Limits),
		parkOnGone: c.ParkOnGone,
	}
}

// HandOver takes deliveries that an Update owes, once it has returned: those that
// are leased to this server are tried at once, the others are looked for in the
// table. It never blocks. What finds no room in memory is left to the table.
func (d *Deliverer) HandOver(owed ...live.Delivery) {
	if len(owed) > 0 {
		d.inbox.put(owed...)
	}
}

// Wake tells that the table has something new. It never blocks, and many calls may
// have the effect of one.
func (d *Deliverer) Wake() { d.inbox.look() }

// Run delivers until ctx ends, then waits up to 30 seconds for running attempts,
// records them, and gives back what was not started. Only one Run may work on a
// store under the same name.
//
// Run returns nil when ctx ends, and an error if the store is closed before. A
// store that fails otherwise is asked again until it works.
func (d *Deliverer) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer d.sender.transport.CloseIdleConnections()

	ended := make(chan outcome, d.workers) // as many as can run, so that sending never blocks
	workers := newWorkers(func(c *claim) outcome { return d.attempt(work, c) }, ended)
	err := newDispatcher(d, workers.start, ended).run(ctx, work)
	stop() // what still runs
	workers.close()
	d.stats.running.Store(0)
	d.stats.probed.Store(0)
	d.stats.waiting.Store(0)
	return err
}

// attempt makes one attempt at a claim, whose delivery it changes, and returns what
// comes of it.
func (d *Deliverer) attempt(ctx context.Context, c *claim) (o outcome) {
	o = outcome{claim: c, lost: true}
	defer func() {
		if p := recover(); p != nil { // its lease runs out, and it is claimed again
			o.logger(d.log).Error("callback attempt panicked", keyErr, p, keyStack, string(debug.Stack()))
		}
	}()
	o.attempt = d.sender.send(ctx, c.Delivery, d.schedule.timeout(c.Attempts))
	c.Delivery = d.outcome(c.Delivery, o.attempt)
	o.parks = d.gone(o.attempt)
	o.lost = false
	return o
}

// outcome returns what becomes of dv after attempt a.
func (d *Deliverer) outcome(dv live.Delivery, a live.Attempt) live.Delivery {
	dv.Attempts++
	if succeeded(a) {
		dv.State, dv.DueAt = live.DeliveryDelivered, time.Time{}
		return dv
	}
	if d.gone(a) { // it is tried when its URL is resumed
		dv.DueAt = time.Now()
		return dv
	}
	due, ok := d.schedule.next(dv.Attempts, dv.ScheduledFrom(), time.Now(), a.RetryAfter, rand.Float64())
	if !ok {
		dv.State = live.DeliveryDead
	}
	dv.DueAt = due
	return dv
}

// gone reports whether an answer has the URL parked.
func (d *Deliverer) gone(a live.Attempt) bool { return d.parkOnGone && a.Status == http.StatusGone }
