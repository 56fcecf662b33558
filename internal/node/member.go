package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// nodeStore is what this package needs of a store, and no more.
type nodeStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// A Config is what a Member works with. All of it is needed.
type Config struct {
	Store nodeStore
	// Host and Place are those of a live.Node.
	Host, Place string
	// Sessions returns the sessions that are live here, Cut ends those that match.
	Sessions func() []live.SessionInfo
	Cut      func(match func(live.Session) bool, cause error) int
	// Command carries out a command on a recording of this server.
	Command func(ctx context.Context, key live.StreamKey, c live.RecordCommand) error
	Log     *slog.Logger
}

const (
	// renewInterval is how often the lease is renewed. Two renewals may fail.
	renewInterval = 3 * time.Second
	// lookInterval is how often the store is looked at for what others want.
	lookInterval = 500 * time.Millisecond
	// waitInterval is how often the lease of another process is looked at that
	// may be dead.
	waitInterval = 500 * time.Millisecond
)

// A Member is this server among those that share a database. Its methods may be
// called by any goroutine.
type Member struct {
	cfg     Config
	run     string
	running sync.WaitGroup // orders
}

// New returns a Member. It starts nothing.
func New(cfg Config) *Member {
	return &Member{cfg: cfg, run: rand.Text()}
}

// Enter takes the place of this server, before it takes up what its last run has
// left. It fails with live.ErrNodeTaken if another process has that place. One that
// does not run any more holds it up until its lease is over, unless it had the same
// data folder.
func (m *Member) Enter(ctx context.Context) error {
	var rival live.Node // as it was seen first
	for {
		err := m.enterOnce(ctx)
		if !errors.Is(err, live.ErrNodeTaken) {
			return err
		}
		n, err := m.node(ctx)
		switch {
		case err != nil:
			return err
		case rival.Run == "":
			rival = n
			m.cfg.Log.Warn("another server has run under the name of this one, waiting for its lease to end",
				"node", n.Name, "host", n.Host, "leased_until", n.LeasedUntil)
		case rival != n && n.LeasedUntil.After(time.Now()): // it lives
			return fmt.Errorf("%w (%s, on %s): each server needs a data folder of its own, which is no copy of another's; stop that server, or choose another folder with --data",
				live.ErrNodeTaken, n.Name, n.Host)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitInterval):
		}
	}
}

func (m *Member) enterOnce(ctx context.Context) error {
	now := time.Now()
	n := live.Node{Host: m.cfg.Host, Place: m.cfg.Place, Run: m.run, LeasedUntil: now.Add(live.NodeLease)}
	return m.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.EnterNode(ctx, n, now) })
}

func (m *Member) node(ctx context.Context) (n live.Node, err error) {
	err = m.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		n, err = r.Node(ctx)
		return err
	})
	return n, err
}

// Run renews the lease and does what others want, until ctx ends. It fails with
// live.ErrNodeTaken if another process has taken the place: then this server has to
// end. While the store is away it goes on trying, and nothing ends: nobody else can
// take its streams then.
func (m *Member) Run(ctx context.Context) error {
	defer m.running.Wait()
	renew, look := time.NewTicker(renewInterval), time.NewTicker(lookInterval)
	defer renew.Stop()
	defer look.Stop()
	away := false
	for {
		err := m.renew(ctx)
		for err == nil {
			select {
			case <-renew.C:
				err = m.renew(ctx)
			case <-look.C:
				err = m.look(ctx)
			case <-ctx.Done():
				return nil
			}
			if err == nil && away {
				away = false
				m.cfg.Log.Info("this server has its place among the others again")
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, live.ErrNodeTaken):
			return fmt.Errorf("this server cannot go on: %w", err)
		case !away:
			away = true
			m.cfg.Log.Warn("cannot keep the place of this server among the others, trying again", "err", err)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Leave gives the place back when this server ends, so that its streams are free at
// once.
func (m *Member) Leave(ctx context.Context) error {
	err := m.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.RenewNode(ctx, m.run, time.Now()) })
	if errors.Is(err, live.ErrNodeTaken) { // it is another's
		return nil
	}
	return err
}

// errTaken ends sessions whose stream another server has taken while this one could
// not renew its lease.
var errTaken = fmt.Errorf("%w: it is pushed to another server", live.ErrStreamBusy)

// renew renews the lease, and ends the sessions that others have taken when it was
// over.
func (m *Member) renew(ctx context.Context) error {
	before := m.cfg.Sessions()
	held := make(map[live.SessionID]bool)
	err := m.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.RenewNode(ctx, m.run, time.Now().Add(live.NodeLease)); err != nil {
			return err
		}
		clear(held)
		ids, err := tx.HeldSessions(ctx)
		for _, id := range ids {
			held[id] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	lost := make(map[live.SessionID]bool)
	for _, s := range before {
		if !held[s.ID] {
			lost[s.ID] = true
		}
	}
	if len(lost) > 0 {
		m.cut(lost, errTaken)
	}
	return nil
}

// look does what others want of this server.
func (m *Member) look(ctx context.Context) error {
	now := time.Now()
	var unwanted []live.Unwanted
	var orders []live.Order
	err := m.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		if unwanted, err = tx.UnwantedSessions(ctx, now); err != nil {
			return err
		}
		orders, err = tx.TakeOrders(ctx, now)
		return err
	})
	if err != nil {
		return err
	}
	ends := make(map[error]map[live.SessionID]bool)
	for _, u := range unwanted {
		if ends[u.Reason] == nil {
			ends[u.Reason] = make(map[live.SessionID]bool)
		}
		ends[u.Reason][u.Session] = true
	}
	for reason, ids := range ends {
		m.cut(ids, reason)
	}
	for _, o := range orders {
		m.running.Go(func() { m.obey(ctx, o) })
	}
	return nil
}

func (m *Member) cut(ids map[live.SessionID]bool, cause error) {
	m.cfg.Cut(func(s live.Session) bool { return ids[s.ID] }, cause)
}
