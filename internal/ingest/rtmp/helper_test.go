package rtmp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"tallylight/internal/ingest"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// testDomain is the streaming domain that the registries of tests know.
const testDomain = "play.example.com"

// oneDomain is a store that holds testDomain.
type oneDomain struct{ store.Reader }

func (s oneDomain) View(ctx context.Context, fn func(store.Reader) error) error { return fn(s) }

func (s oneDomain) Update(context.Context, func(store.Tx) error) error {
	return errors.New("nothing is written")
}

func (oneDomain) PushAuth(context.Context, string) (live.PushAuth, error) {
	return live.PushAuth{}, live.ErrConfigNotFound
}

func (oneDomain) Block(context.Context, live.StreamKey) (live.Block, error) {
	return live.Block{}, live.ErrNotFound
}

func (oneDomain) Domain(_ context.Context, name string) (live.Domain, error) {
	switch name {
	case testDomain:
		return live.Domain{Name: name, Type: live.StreamingDomain, Status: live.DomainOnline}, nil
	case "stopped.example.com":
		return live.Domain{Name: name, Type: live.StreamingDomain, Status: live.DomainOffline}, nil
	}
	return live.Domain{}, live.ErrDomainNotFound
}

// A recorded is a unit as a test's reader keeps it.
type recorded struct {
	kind        media.Kind
	codec       media.Codec
	config, key bool
	dts, offset time.Duration
	body        string
}

func record(u *media.Unit) recorded {
	return recorded{u.Kind, u.Codec, u.Config, u.Key, u.DTS, u.Composition, string(u.Body)}
}

// A capture is a Reader that keeps what it gets.
type capture struct {
	session live.Session
	onWrite func()
	closed  chan struct{} // closed by Close

	mu    sync.Mutex
	units []recorded
	cause error
}

func (r *capture) Write(units []media.Unit) {
	r.mu.Lock()
	for i := range units {
		r.units = append(r.units, record(&units[i]))
		units[i].Release()
	}
	r.mu.Unlock()
	if r.onWrite != nil {
		r.onWrite()
	}
}

func (r *capture) Dropped() int64 { return 0 }

func (r *capture) Close(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cause = cause
	close(r.closed)
}

// wait returns the units of a session that has ended, and why it ended.
func (r *capture) wait(t *testing.T) ([]recorded, error) {
	t.Helper()
	select {
	case <-r.closed:
	case <-time.After(10 * time.Second):
		t.Fatal("session does not end")
	}
	return r.units, r.cause
}

// A rig is a server on loopback whose registry hands sessions to captures.
type rig struct {
	addr     string
	server   *Server
	registry *ingest.Registry
	sessions chan *capture
	stop     context.CancelFunc
	served   chan error

	setupTimeout time.Duration
}

type rigOption func(*rig, *Config, *ingest.Config)

// newRig starts a server that ends with the test.
func newRig(t *testing.T, options ...rigOption) *rig {
	t.Helper()
	r := &rig{sessions: make(chan *capture, 16), served: make(chan error, 1), setupTimeout: setupTimeout}
	log := slog.New(slog.DiscardHandler)
	registryConfig := ingest.Config{
		Store: oneDomain{},
		Log:   log,
		Now:   time.Now,
		Open: func(_ context.Context, s live.Session) (ingest.Reader, error) {
			c := &capture{session: s, closed: make(chan struct{})}
			r.sessions <- c
			return c, nil
		},
	}
	cfg := Config{Log: log}
	for _, option := range options {
		option(r, &cfg, &registryConfig)
	}
	r.registry = ingest.New(registryConfig)
	cfg.Registry = r.registry
	r.server = New(cfg)
	r.server.setupTimeout = r.setupTimeout
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.served <- r.server.Serve(ctx, ln) }()
	t.Cleanup(func() { r.shutDown(t) })
	return r
}

// shutDown stops the server and waits for the end of all that it started.
func (r *rig) shutDown(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case err := <-r.served:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
		r.served <- nil // for the next call
	case <-time.After(10 * time.Second):
		t.Error("Serve does not return")
	}
}

func (r *rig) url(stream string) string {
	return "rtmp://" + r.addr + "/live/" + stream + "?vhost=" + testDomain
}

// publish starts a push and returns both of its ends.
func (r *rig) publish(t *testing.T, stream string) (*Publisher, *capture) {
	t.Helper()
	p, err := Dial(t.Context(), r.url(stream))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	return p, <-r.sessions
}

// discardReader releases what it gets and leaves the slice as it is.
type discardReader struct{}

func (discardReader) Write(units []media.Unit) {
	for _, u := range units {
		u.Release()
	}
}
func (discardReader) Close(error) {}

func (discardReader) Dropped() int64 { return 0 }

// newTestConn returns a connection without a socket that is publishing to a
// discardReader.
func newTestConn(tb testing.TB) *conn {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	registry := ingest.New(ingest.Config{
		Store: oneDomain{}, Log: log, Now: time.Now,
		Open: func(context.Context, live.Session) (ingest.Reader, error) { return discardReader{}, nil },
	})
	p, err := registry.Publish(tb.Context(), ingest.Request{Host: testDomain, App: "live", Stream: "show"})
	if err != nil {
		tb.Fatal(err)
	}
	client, server := net.Pipe()
	tb.Cleanup(func() { client.Close(); server.Close() })
	c := newConn(New(Config{Registry: registry, Log: log}), server)
	c.handshake.part = 2
	c.chunks.maxMessage = c.server.cfg.MaxMessageSize
	c.publication, c.unwatch = p, func() bool { return true }
	return c
}

// feedAll feeds bytes to c as reads of a socket would.
func feedAll(tb testing.TB, c *conn, in []byte) {
	for len(in) > 0 {
		b := batches.Get().(*batch)
		n := copy(b.bytes[:], in)
		in = in[n:]
		if err := c.feed(context.Background(), b, n); err != nil {
			tb.Fatal(err)
		}
		batches.Put(b)
	}
}
