// Package announce tells the operator's server of pushes: that one has begun,
// once it has lasted live.PublishDelay, and that it has ended.
//
// What is told is an event with its delivery, committed together. A push that was
// told of is kept in the store until its end is, so that a crash in between is
// followed by that end: see [Notifier.Recover].
package announce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/outbox"
)

// announceStore is what this package needs of a store, and no more.
type announceStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what a Notifier works with.
type Config struct {
	Store announceStore
	// Size returns the size of a live session's pictures, 0 where it is unknown.
	Size func(id live.SessionID) (width, height int)
	// Node names this machine.
	Node string
	// Committed is called after a commit with the deliveries that it owes; it must
	// not block.
	Committed func(owed ...live.Delivery)
	Log       *slog.Logger
}

// How long to wait before a commit that failed is tried again.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// A Notifier tells of pushes. Its methods may be called by any goroutine.
type Notifier struct {
	cfg     Config
	delay   time.Duration   // live.PublishDelay, but for tests
	commits context.Context // ends when Close gives up
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a Notifier. It starts nothing.
func New(cfg Config) *Notifier {
	n := &Notifier{cfg: cfg, delay: live.PublishDelay}
	n.commits, n.stop = context.WithCancel(context.Background())
	return n
}

// A Push is a push that may be told of. Its End must be called, once.
type Push struct{ ended chan struct{} }

// End says that the push is over. It does not block.
func (p *Push) End() {
	if p != nil {
		close(p.ended)
	}
}

// Begin says that a push has begun. It returns nil where nobody wants to know.
// The notify config and its key hold for the whole push; the endpoints beside it are
// those of the moment.
func (n *Notifier) Begin(ctx context.Context, s live.Session) (*Push, error) {
	var config live.StreamsNotifyConfig
	var endpoints []live.Endpoint
	err := n.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		if config, err = r.StreamsNotifyConfig(ctx, s.IngestDomain); err != nil && !errors.Is(err, live.ErrConfigNotFound) {
			return err
		}
		endpoints, err = r.Endpoints(ctx, s.IngestDomain)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("announce push of %s: %w", s.Key, err)
	}
	if config.NotifyURL == "" && !slices.ContainsFunc(endpoints, wantsPushes) {
		return nil, nil
	}
	a := live.AnnouncedPublish{
		Key:     live.StreamKey{Domain: s.IngestDomain, App: s.Key.App, Stream: s.Key.Stream},
		URL:     config.NotifyURL,
		SignKey: config.SignKey(),
		Detail:  live.PublishDetail{Session: s.ID, Node: n.cfg.Node, Args: s.Args},
	}
	if s.RemoteAddr.IsValid() {
		a.Detail.IP = s.RemoteAddr.Addr().Unmap().String()
	}
	p := &Push{ended: make(chan struct{})}
	n.running.Go(func() { n.follow(a, p) })
	return p, nil
}

// wantsPushes reports whether an endpoint is told of the beginning or the end of
// pushes.
func wantsPushes(p live.Endpoint) bool {
	return p.Wants(live.EventPublish) || p.Wants(live.EventPublishDone)
}

// follow tells of a push until it has ended.
func (n *Notifier) follow(a live.AnnouncedPublish, p *Push) {
	delay := time.NewTimer(n.delay)
	defer delay.Stop()
	select {
	case <-p.ended:
		return
	case <-delay.C:
	}
	a.Detail.Width, a.Detail.Height = n.cfg.Size(a.Detail.Session)
	if !n.commit(newEvent(a, live.EventPublish), a, store.Tx.PutAnnouncedPublish) {
		return
	}
	<-p.ended
	n.commit(newEvent(a, live.EventPublishDone), a, forget)
}

func forget(tx store.Tx, ctx context.Context, a live.AnnouncedPublish) error {
	return tx.DeleteAnnouncedPublish(ctx, a.Detail.Session)
}

func newEvent(a live.AnnouncedPublish, t live.EventType) live.Event {
	now := time.Now()
	return live.Event{ID: live.NewEventID(now), Type: t, Key: a.Key, OccurredAt: now, Detail: live.EventDetail{Publish: &a.Detail}}
}

// commit writes an event, the delivery owed for it and what keep writes, and
// tries again until that has succeeded or Close gives up; it reports which.
func (n *Notifier) commit(e live.Event, a live.AnnouncedPublish, keep func(store.Tx, context.Context, live.AnnouncedPublish) error) bool {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		owed, err := n.write(n.commits, e, a, keep)
		if err == nil {
			n.cfg.Committed(owed...)
			return true
		}
		n.cfg.Log.Error("a push cannot be told of, trying again", "event_id", e.ID,
			"domain", e.Key.Domain, "app", e.Key.App, "stream", e.Key.Stream, "err", err)
		select {
		case <-n.commits.Done():
			return false
		case <-time.After(wait):
		}
	}
}

func (n *Notifier) write(ctx context.Context, e live.Event, a live.AnnouncedPublish, keep func(store.Tx, context.Context, live.AnnouncedPublish) error) (owed []live.Delivery, err error) {
	err = n.cfg.Store.Update(ctx, func(tx store.Tx) error {
		owed, err = outbox.Owe(ctx, tx, e, outbox.Target{URL: a.URL, SignKey: a.SignKey}, time.Now().Add(live.DeliveryLease))
		if err != nil {
			return err
		}
		return keep(tx, ctx, a)
	})
	return owed, err
}

// Recover tells of the end of pushes that a crash ended. It is called before the
// first Begin.
func (n *Notifier) Recover(ctx context.Context) error {
	var left []live.AnnouncedPublish
	err := n.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		left, err = r.AnnouncedPublishes(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("recover pushes: %w", err)
	}
	for _, a := range left {
		owed, err := n.write(ctx, newEvent(a, live.EventPublishDone), a, forget)
		if err != nil {
			return fmt.Errorf("recover push %s: %w", a.Detail.Session, err)
		}
		n.cfg.Committed(owed...)
	}
	return nil
}

// Close returns when every push has been told of to its end, or when ctx ends;
// the rest is then told of by the next Recover. End the pushes first.
func (n *Notifier) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		n.running.Wait()
		close(done)
	}()
	defer n.stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		n.stop()
		<-done
		return fmt.Errorf("close announcements: ends of pushes are left to the next start: %w", ctx.Err())
	}
}
