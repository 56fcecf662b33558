package callback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A memStore keeps the part of a store that the deliverer uses in memory.
type memStore struct {
	mu       sync.Mutex
	rows     map[live.DeliveryID]row
	lanes    map[lane][]live.DeliveryID
	attempts []live.Attempt
	seqs     map[live.StreamKey]int64
	health   map[string]live.ReceiverHealth // by origin
	parked   map[string]live.ParkedEndpoint // by URL
	saves    int                            // of health
	asked    int

	// fault is asked at each Update, after what fn did: written says whether the
	// Update is kept although it fails.
	fault func(tx *memTx) (err error, written bool)
}

// A lane is a stream and a URL.
type lane struct {
	stream live.StreamKey
	url    string
}

type row struct {
	live.Delivery
	origin string
	added  int
	lease  time.Time
}

func newMemStore() *memStore {
	return &memStore{
		rows:  make(map[live.DeliveryID]row),
		lanes: make(map[lane][]live.DeliveryID),
		seqs:  make(map[live.StreamKey]int64),

		health: make(map[string]live.ReceiverHealth),
		parked: make(map[string]live.ParkedEndpoint),
	}
}

// A memTx implements the methods that the deliverer uses; the others panic.
type memTx struct {
	store.Tx
	s        *memStore
	undo     map[live.DeliveryID]row
	claimed  int
	finished []live.Attempt
	health   []live.ReceiverHealth
	parked   []string // URLs that were not before
}

func (s *memStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &memTx{s: s, undo: make(map[live.DeliveryID]row)}
	err, written := fn(tx), false
	if err == nil && s.fault != nil {
		err, written = s.fault(tx)
	}
	if err != nil && !written {
		maps.Copy(s.rows, tx.undo)
		for _, url := range tx.parked {
			delete(s.parked, url)
		}
		return err
	}
	for _, a := range tx.finished {
		s.attempts = slices.DeleteFunc(s.attempts, func(old live.Attempt) bool {
			return old.Delivery == a.Delivery && old.Number == a.Number
		})
		s.attempts = append(s.attempts, a)
	}
	for _, h := range tx.health {
		s.health[h.Origin] = h
		s.saves++
	}
	return err
}

// put replaces a row.
func (tx *memTx) put(r row) {
	if _, ok := tx.undo[r.ID]; !ok {
		tx.undo[r.ID] = tx.s.rows[r.ID]
	}
	tx.s.rows[r.ID] = r
}

func (s *memStore) View(_ context.Context, fn func(store.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return fn(&memTx{s: s})
}

// timesAsked returns how many Updates and Views there were.
func (s *memStore) timesAsked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *memStore) setFault(fault func(tx *memTx) (err error, written bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// claimable returns when a delivery can be claimed, or false if never as things
// stand.
func (s *memStore) claimable(r row, burst int, skip []string) (time.Time, bool) {
	if _, parked := s.parked[r.URL]; parked || r.State != live.DeliveryPending || slices.Contains(skip, r.origin) {
		return time.Time{}, false
	}
	if r.Attempts <= burst {
		for _, id := range s.lanes[lane{r.Event.Key, r.URL}] {
			if id == r.ID {
				break
			}
			if ahead := s.rows[id]; ahead.State == live.DeliveryPending && ahead.Attempts <= burst {
				return time.Time{}, false
			}
		}
	}
	if r.lease.After(r.DueAt) {
		return r.lease, true
	}
	return r.DueAt, true
}

func (tx *memTx) NextDue(_ context.Context, burst int, skip []string) (due time.Time, ok bool, err error) {
	for _, r := range tx.s.rows {
		if at, claimable := tx.s.claimable(r, burst, skip); claimable && (!ok || at.Before(due)) {
			due, ok = at, true
		}
	}
	return due, ok, nil
}

func (tx *memTx) ClaimDeliveries(_ context.Context, now, lease time.Time, burst, limit int, skip []string) ([]live.Delivery, error) {
	var due []row
	for _, r := range tx.s.rows {
		if at, ok := tx.s.claimable(r, burst, skip); ok && !at.After(now) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b row) int {
		if c := a.DueAt.Compare(b.DueAt); c != 0 {
			return c
		}
		return a.added - b.added
	})
	var claimed []live.Delivery
	for _, r := range due[:min(limit, len(due))] {
		r.lease = lease
		tx.put(r)
		claimed = append(claimed, r.Delivery)
	}
	tx.claimed = len(claimed)
	return claimed, nil
}

func (tx *memTx) FinishAttempt(_ context.Context, d live.Delivery, a live.Attempt) error {
	r, ok := tx.s.rows[d.ID]
	if !ok {
		return live.ErrNotFound
	}
	r.Delivery, r.lease = d, time.Time{}
	tx.put(r)
	tx.finished = append(tx.finished, a)
	return nil
}

func (tx *memTx) FinishAttempts(ctx context.Context, list []store.FinishedAttempt) (freed bool, err error) {
	for _, f := range list {
		if err := tx.FinishAttempt(ctx, f.Delivery, f.Attempt); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (tx *memTx) ClaimOf(ctx context.Context, now, lease time.Time, burst, limit int, origin string) ([]live.Delivery, error) {
	var skip []string
	for _, r := range tx.s.rows {
		if r.origin != origin {
			skip = append(skip, r.origin)
		}
	}
	return tx.ClaimDeliveries(ctx, now, lease, burst, limit, skip)
}

func (tx *memTx) ReleaseDeliveries(_ context.Context, ids []live.DeliveryID) error {
	for _, id := range ids {
		r := tx.s.rows[id]
		r.lease = time.Time{}
		tx.put(r)
	}
	return nil
}

func (tx *memTx) WebhookSecrets(context.Context) ([]live.WebhookSecret, error) { return nil, nil }

func (tx *memTx) OwnReceiverHealth(context.Context) ([]live.ReceiverHealth, error) {
	return slices.Collect(maps.Values(tx.s.health)), nil
}

func (tx *memTx) PutReceiverHealth(_ context.Context, h live.ReceiverHealth) error {
	tx.health = append(tx.health, h)
	return nil
}

func (tx *memTx) ParkEndpoint(_ context.Context, p live.ParkedEndpoint) error {
	if _, ok := tx.s.parked[p.URL]; !ok {
		tx.s.parked[p.URL] = p
		tx.parked = append(tx.parked, p.URL)
	}
	return nil
}

func (tx *memTx) ReleaseClaims(context.Context) error {
	for _, r := range tx.s.rows {
		r.lease = time.Time{}
		tx.put(r)
	}
	return nil
}

// owe adds an event of a stream and a delivery to url.
func (s *memStore) owe(stream, url, signKey string) live.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream}
	s.seqs[key]++
	d := live.Delivery{
		ID:      live.NewDeliveryID(now),
		Event:   live.Event{ID: live.NewEventID(now), Type: live.EventRecordStarted, Key: key, Seq: s.seqs[key], OccurredAt: now},
		URL:     url,
		SignKey: signKey,
		State:   live.DeliveryPending,
		DueAt:   now,
	}
	s.rows[d.ID] = row{Delivery: d, origin: live.Origin(url), added: len(s.rows)}
	s.lanes[lane{key, url}] = append(s.lanes[lane{key, url}], d.ID)
	return d
}

func (s *memStore) delivery(id live.DeliveryID) live.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[id].Delivery
}

// allAttempts returns all attempts in the order of their record.
func (s *memStore) allAttempts() []live.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempts)
}

// attemptsOf returns the attempts of a delivery in that order.
func (s *memStore) attemptsOf(id live.DeliveryID) []live.Attempt {
	return slices.DeleteFunc(s.allAttempts(), func(a live.Attempt) bool { return a.Delivery != id })
}

// pending returns how many deliveries are not delivered.
func (s *memStore) pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.rows {
		if r.State != live.DeliveryDelivered {
			n++
		}
	}
	return n
}

// A pipeNet is a network of pipes, so that a test in a bubble of synctest owns
// the time that passes on it.
type pipeNet struct {
	mu        sync.Mutex
	listeners map[string]*pipeListener
	dials     int
}

func newPipeNet() *pipeNet { return &pipeNet{listeners: make(map[string]*pipeListener)} }

type pipeListener struct {
	net     *pipeNet
	address string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (n *pipeNet) dial(ctx context.Context, _ *net.Dialer, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials++
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dial %s: connection refused", address)
	}
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, fmt.Errorf("dial %s: connection refused", address)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialled returns how many connections were asked for.
func (n *pipeNet) dialled() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

func (n *pipeNet) listen(address string) *pipeListener {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &pipeListener{net: n, address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.net.mu.Lock()
		defer l.net.mu.Unlock()
		delete(l.net.listeners, l.address)
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: l.address} }

// serve answers at address, an IP address and port, until the returned function
// is called.
func (n *pipeNet) serve(address string, h http.Handler) (shut func()) {
	server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	l := n.listen(address)
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	return func() {
		server.Close()
		<-served
	}
}

// A received is a callback as it came in.
type received struct {
	at      time.Time
	header  http.Header
	host    string
	eventID string
	attempt string
	stream  string
	body    string
	status  int // that was answered
}

// A sink is a receiver that keeps what it gets.
type sink struct {
	mu     sync.Mutex
	got    []received
	answer func(r received) int // nil: 200
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c := received{
		at: time.Now(), header: r.Header, host: r.Host, eventID: r.Header.Get(wire.HeaderWebhookID),
		attempt: r.Header.Get(wire.HeaderAttempt), stream: r.URL.Path, body: string(body), status: http.StatusOK,
	}
	s.mu.Lock()
	if s.answer != nil {
		c.status = s.answer(c)
	}
	s.got = append(s.got, c)
	s.mu.Unlock()
	w.WriteHeader(c.status)
}

func (s *sink) all() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

const sinkAddress = "93.184.216.34:80"

// A bench is a deliverer at work on a pipeNet and, but for tests that bring a
// store of their own, on a memStore.
type bench struct {
	store *memStore
	net   *pipeNet
	d     *Deliverer
	stop  func() error // ends Run and returns what it returned
}

// run starts a deliverer; c needs no store, guard and log. It must be called in a
// bubble of synctest.
func run(t *testing.T, s deliveryStore, n *pipeNet, c Config) *bench {
	t.Helper()
	g, err := NewGuard(GuardConfig{})
	if err != nil {
		t.Fatal(err)
	}
	g.lookup, g.dial = world.lookup, n.dial
	c.Store, c.Guard, c.Log = s, g, slog.New(slog.DiscardHandler)
	d := New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- d.Run(ctx) }()
	memory, _ := s.(*memStore)
	return &bench{store: memory, net: n, d: d, stop: func() error {
		cancel()
		return <-ran
	}}
}

func newBench(t *testing.T, c Config) *bench {
	return run(t, newMemStore(), newPipeNet(), c)
}

func (b *bench) owe(stream, url string) live.Delivery {
	d := b.store.owe(stream, url, "")
	b.d.Wake()
	return d
}

// wait lets d pass on the bubble's clock and everything settle.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var errKilled = errors.New("killed")
