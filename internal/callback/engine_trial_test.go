package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A modelDelivery is a delivery that was offered to the store, with all that its
// receiver saw of it.
type modelDelivery struct {
	id       live.DeliveryID
	event    live.Event
	url      string
	name     string // for people: the stream, the how manieth, the URL
	requests []*modelRequest
	pruned   bool
}

// A modelRequest is a request that a receiver got.
type modelRequest struct {
	life     string
	attempt  int
	status   int       // that it was answered, 0: none
	answered time.Time // when
}

// taken reports whether a receiver has taken the delivery, at since or later.
func (d *modelDelivery) taken(since time.Time) bool {
	return slices.ContainsFunc(d.requests, func(r *modelRequest) bool {
		return r.status/100 == 2 && !r.answered.Before(since)
	})
}

// A tally counts what happened in trials, to tell whether they test anything.
type tally struct {
	requests, repeats, deaths, faults, replayed, pruned, dead int
}

// A trial plays a script with engines on one store, and watches what their receivers
// get.
type trial struct {
	script   script
	open     func(node string) (store.Store, error)
	network  *pipeNet
	observer store.Store // the same data, beside the nodes
	nodes    []*modelNode
	lives    int
	began    time.Time
	owed     []*modelDelivery // by one goroutine

	mu       sync.Mutex
	manners  map[string]manner
	byUse    map[string]*modelDelivery // by URL and event
	alive    map[string]bool           // lives by name
	happened []string
	wrong    string // the first rule that was broken
	tally    tally
}

// newTrial needs what opens a node's store and what joins it.
func newTrial(s script, nodes int, open func(node string) (store.Store, error), join func() (store.Store, error)) (*trial, error) {
	t := &trial{script: s, open: open, network: newPipeNet(), began: time.Now(), manners: make(map[string]manner), byUse: make(map[string]*modelDelivery), alive: make(map[string]bool)}
	for i := range nodes {
		t.nodes = append(t.nodes, &modelNode{number: i})
		t.start(t.nodes[i])
	}
	var err error
	if t.observer, err = join(); err != nil {
		for _, n := range t.nodes {
			t.stop(n)
		}
	}
	return t, err
}

// run plays the script, and then lets everything come to its end.
func (t *trial) run() {
	for _, address := range []string{addressA, addressB} {
		t.manners[address] = manners[0]
		defer t.network.serve(address+":80", t)()
	}
	for _, s := range t.script.steps {
		if t.failed() {
			break
		}
		t.note("STEP: %s", s)
		s.play(t)
		t.settle()
	}
	if !t.failed() {
		t.finish()
	}
	for _, n := range t.nodes {
		t.stop(n)
	}
	if err := t.observer.Close(); err != nil {
		t.fail("close the observer: %v", err)
	}
}

// settle waits until nothing happens any more without time passing, buries nodes
// that died and starts those whose time has come.
func (t *trial) settle() {
	synctest.Wait()
	for _, n := range t.nodes {
		if n.life != nil && n.life.isDead() {
			t.count(func(c *tally) { c.deaths++ })
			t.bury(n.life)
		}
	}
	for _, n := range t.nodes {
		if n.life == nil && !time.Now().Before(n.startAt) {
			t.start(n)
		}
	}
	synctest.Wait()
}

func (t *trial) pass(d time.Duration) {
	time.Sleep(d)
	t.settle()
}

func (t *trial) stop(n *modelNode) {
	if n.life != nil {
		n.life.cancel()
		t.bury(n.life)
	}
}

func (s pass) play(t *trial) { time.Sleep(s.Duration) }

func (s behave) play(t *trial) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.manners[s.address] = s.manner
}

func (s strike) play(t *trial) {
	if l := t.nodes[s.node].life; l != nil {
		l.setFates(append(slices.Repeat([]fate{works}, s.after), s.fate)...)
		t.count(func(c *tally) { c.faults++ })
	}
}

func (s kill) play(t *trial) {
	n := t.nodes[s.node]
	n.startAt = time.Now().Add(s.down)
	if n.life != nil {
		n.life.die()
	}
}

func (s stop) play(t *trial) { t.stop(t.nodes[s.node]) }

func (s leap) play(t *trial) {
	for _, n := range t.nodes {
		n.startAt = time.Now().Add(s.Duration)
		if n.life != nil {
			n.life.die()
		}
	}
	t.settle()
	time.Sleep(s.Duration)
}

func (s owe) play(t *trial) {
	now := time.Now()
	e := live.Event{ID: live.NewEventID(now), Type: live.EventRecordStarted, OccurredAt: now,
		Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: s.stream}}
	var list []*modelDelivery
	for _, url := range s.urls {
		list = append(list, &modelDelivery{id: live.NewDeliveryID(now), event: e, url: url, name: fmt.Sprintf("%s%d to %s", s.stream, len(t.owed)+1, url)})
	}
	t.owed = append(t.owed, list...)
	t.offer(list)

	var st deliveryStore = t.observer
	lease := time.Time{}
	l := t.nodes[s.node].life
	if l != nil {
		st, lease = l, now.Add(live.DeliveryLease)
	}
	for {
		var owed *store.Owing
		err := st.Update(context.Background(), func(tx store.Tx) error {
			owed = &store.Owing{Event: e}
			for _, d := range list {
				owed.Deliveries = append(owed.Deliveries, live.Delivery{ID: d.id, URL: d.url, State: live.DeliveryPending, DueAt: now, LeasedUntil: lease})
			}
			return tx.Owe(context.Background(), owed)
		})
		switch {
		case err == nil:
			if l != nil && !s.silent {
				l.engine.HandOver(owed.Deliveries...)
			}
			return
		case errors.Is(err, store.ErrClosed): // the node died, and the store knows whether it was written
			t.view(func(ctx context.Context, r store.Reader) error {
				_, err := r.Delivery(ctx, list[0].id)
				if errors.Is(err, live.ErrNotFound) {
					t.owed = t.owed[:len(t.owed)-len(list)]
					return nil
				}
				return err
			})
			return
		case !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain):
			t.fail("owe an event: %v", err)
			return
		}
	}
}

// offer lets the receivers know what may come.
func (t *trial) offer(list []*modelDelivery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range list {
		t.byUse[d.url+" "+string(d.event.ID)] = d
	}
}

func (s replay) play(t *trial) {
	c := ReplayerConfig{Store: t.observer, Log: slog.New(slog.DiscardHandler)}
	if l := t.nodes[s.node].life; l != nil {
		c.Store, c.Committed = l, l.engine.Wake
	}
	done, err := NewReplayer(c).Replay(context.Background(), live.DeliveryQuery{State: live.DeliveryState(s.what), Limit: s.most})
	t.allowed("replay", err)
	t.count(func(c *tally) { c.replayed += done.Replayed })
}

// play prunes what is delivered and was not replayed this very moment. What is not
// in the store any more has to have been taken.
func (s prune) play(t *trial) {
	time.Sleep(time.Millisecond)
	c := PrunerConfig{Store: t.observer, Keep: -tailEnd, Log: slog.New(slog.DiscardHandler)}
	if l := t.nodes[s.node].life; l != nil {
		c.Store = l
	}
	_, err := NewPruner(c).prune(context.Background())
	t.allowed("prune", err)
	synctest.Wait()
	t.view(func(ctx context.Context, r store.Reader) error {
		for _, d := range t.owed {
			_, err := r.Delivery(ctx, d.id)
			switch {
			case err == nil || d.pruned:
			case !errors.Is(err, live.ErrNotFound):
				return err
			case !d.taken(time.Time{}):
				t.fail("%s was pruned, and nobody had taken it", d.name)
			default:
				d.pruned = true
				t.tally.pruned++
			}
		}
		return nil
	})
}

// view reads the store. Nothing else may run meanwhile but what reads it.
func (t *trial) view(fn func(ctx context.Context, r store.Reader) error) {
	ctx := context.Background()
	if err := t.observer.View(ctx, func(r store.Reader) error { return fn(ctx, r) }); err != nil {
		t.fail("look into the store: %v", err)
	}
}

// allowed passes over errors that were injected.
func (t *trial) allowed(what string, err error) {
	if err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain) && !errors.Is(err, store.ErrClosed) {
		t.fail("%s: %v", what, err)
	}
}

// fail keeps the first rule that was broken.
func (t *trial) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.note("WRONG: %s", text)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrong == "" {
		t.wrong = text
	}
}

func (t *trial) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong != ""
}

func (t *trial) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.happened = append(t.happened, fmt.Sprintf("%12s  ", time.Since(t.began))+fmt.Sprintf(format, args...))
}

func (t *trial) count(add func(*tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	add(&t.tally)
}

// story tells what is wrong and what happened before.
func (t *trial) story() string {
	return readable.Replace(t.wrong + "\n" + strings.Join(t.happened, "\n"))
}
