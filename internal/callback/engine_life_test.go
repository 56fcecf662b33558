package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"tallylight/internal/store"
)

// A modelNode is a server of a trial: a name that it keeps, and its present life.
type modelNode struct {
	number  int
	life    *life // nil: it is down
	startAt time.Time
}

// A life is one run of a node's process: an engine on a store of its own, whose
// calls have fates. When it dies its connections break, and no call of its store
// comes through any more.
type life struct {
	t      *trial
	node   *modelNode
	name   string // it is the User-Agent of its requests
	store  store.Store
	engine *Deliverer
	cancel context.CancelFunc
	ended  chan error // what Run returned

	mu    sync.Mutex
	fates []fate // of the next calls; then they work
	conns []net.Conn
	dead  bool
}

// start begins a life of a node.
func (t *trial) start(n *modelNode) {
	t.lives++
	st, err := t.open(fmt.Sprint("node", n.number))
	if err != nil {
		t.fail("node %d does not start: %v", n.number, err)
		return
	}
	l := &life{t: t, node: n, name: fmt.Sprintf("node %d, life %d", n.number, t.lives), store: st, ended: make(chan error, 1)}
	guard, err := NewGuard(GuardConfig{})
	if err != nil {
		t.fail("guard: %v", err)
		return
	}
	guard.lookup, guard.dial = world.lookup, l.dial
	l.engine = New(Config{Store: l, Guard: guard, Log: slog.New(slog.DiscardHandler), TailOff: t.script.tailOff,
		EventHeaders: true, UserAgent: l.name, Workers: t.script.workers})
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	n.life = l
	t.setAlive(l.name, true)
	t.note("%s begins", l.name)
	go func() { l.ended <- l.engine.Run(ctx) }()
}

// die ends the life, as SIGKILL would. It never blocks.
func (l *life) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return
	}
	l.dead = true
	for _, c := range l.conns {
		c.Close()
	}
	l.cancel()
	l.t.setAlive(l.name, false)
	l.t.note("%s dies", l.name)
}

func (l *life) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// bury waits for what is left of a life, and closes its store.
func (t *trial) bury(l *life) {
	err := <-l.ended
	if err != nil && !l.isDead() {
		t.fail("%s: Run = %v", l.name, err)
	}
	if err := l.store.Close(); err != nil {
		t.fail("%s: close its store: %v", l.name, err)
	}
	t.setAlive(l.name, false)
	l.node.life = nil
}

func (t *trial) setAlive(name string, alive bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alive[name] = alive
}

var errRefused = errors.New("connection refused")

// dial is the network as a life has it.
func (l *life) dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if l.isDead() || l.t.mannerOf(host).refuses {
		return nil, errRefused
	}
	c, err := l.t.network.dial(ctx, d, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return nil, errors.Join(errRefused, c.Close())
	}
	l.conns = append(l.conns, c)
	return c, nil
}

// Update lets the next fate happen.
func (l *life) Update(ctx context.Context, fn func(store.Tx) error) error {
	f := l.nextFate()
	switch f {
	case unwritten:
		return fmt.Errorf("injected: %w", store.ErrUnavailable)
	case killedBefore:
		l.die()
	}
	if l.isDead() {
		return store.ErrClosed
	}
	err := l.store.Update(ctx, fn)
	if err != nil {
		return err
	}
	switch f {
	case written:
		return fmt.Errorf("injected: %w", store.ErrUncertain)
	case killedAfter:
		l.die()
	}
	if l.isDead() {
		return store.ErrClosed
	}
	return nil
}

func (l *life) View(ctx context.Context, fn func(store.Reader) error) error {
	if l.isDead() {
		return store.ErrClosed
	}
	return l.store.View(ctx, fn)
}

func (l *life) nextFate() fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.fates) == 0 {
		return works
	}
	f := l.fates[0]
	l.fates = l.fates[1:]
	if f != works {
		l.t.note("%s calls its store: %s", l.name, f)
	}
	return f
}

// setFates replaces what is to become of the next calls.
func (l *life) setFates(list ...fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates = list
}
