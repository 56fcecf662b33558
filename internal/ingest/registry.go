package ingest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// A Reader takes the units of one session. Its methods are called by one
// goroutine.
type Reader interface {
	// Write takes over the caller's hold on each unit. The slice stays the
	// caller's. Write never blocks.
	Write(units []media.Unit)
	// Close says that the session is over. A nil cause means that the publisher
	// ended it in order.
	Close(cause error)
}

// domainStore is what this package needs of a store, and no more.
type domainStore interface {
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what a Registry works with.
type Config struct {
	Store domainStore
	// Open opens the Reader of a session that is about to start. An error refuses
	// the push.
	Open func(ctx context.Context, s live.Session) (Reader, error)
	// DefaultDomain is the domain of pushes to an IP address, to localhost and to
	// other hosts that cannot be a domain. "" refuses them.
	DefaultDomain string
	Log           *slog.Logger
	Now           func() time.Time
}

// A Registry knows the sessions that are live. Its methods may be called by any
// goroutine.
type Registry struct {
	cfg Config

	mu       sync.Mutex
	sessions map[live.StreamKey]*Publication // nil while a publication starts
}

// New returns a Registry without sessions.
func New(cfg Config) *Registry {
	return &Registry{cfg: cfg, sessions: make(map[live.StreamKey]*Publication)}
}

// A Request asks to publish a stream.
type Request struct {
	Protocol    string // "rtmp"
	Host        string // that the push is addressed to, without port; "" if unknown
	App, Stream string
	Args        live.Args // parameters of the push URL
	RemoteAddr  netip.AddrPort
}

// Publish starts a session. The caller writes its units to the Publication and
// must close it.
//
// A push is refused with an error whose text may be shown to the encoder if
// Refused reports so: it wraps live.ErrStreamName, live.ErrDomainNotFound,
// live.ErrDomainStopped, ErrNoDomain, ErrNotMapped or live.ErrStreamBusy. Other
// errors are failures of the store or of the Reader.
func (r *Registry) Publish(ctx context.Context, req Request) (*Publication, error) {
	if err := live.ValidateName(req.App); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	if err := live.ValidateName(req.Stream); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	domain, streaming, err := r.resolve(ctx, req.Host)
	if err != nil {
		return nil, err
	}
	now := r.cfg.Now()
	s := live.Session{
		ID:           live.NewSessionID(now),
		Key:          live.StreamKey{Domain: streaming, App: req.App, Stream: req.Stream},
		IngestDomain: domain,
		Protocol:     req.Protocol,
		RemoteAddr:   req.RemoteAddr,
		Args:         req.Args,
		StartedAt:    now,
	}
	return r.start(ctx, s)
}

// start reserves the session's stream and opens its Reader.
func (r *Registry) start(ctx context.Context, s live.Session) (*Publication, error) {
	if !r.reserve(s.Key) {
		return nil, fmt.Errorf("%w: %s", live.ErrStreamBusy, s.Key)
	}
	p := &Publication{registry: r, session: s}
	defer func() {
		if p.reader == nil { // refused, or a panic
			r.remove(s.Key)
		}
	}()
	reader, err := r.cfg.Open(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("open reader of %s: %w", s.Key, err)
	}
	p.reader = reader
	r.mu.Lock()
	r.sessions[s.Key] = p
	r.mu.Unlock()
	p.log().Info("publish started", "remote_addr", s.RemoteAddr.String(), "ingest_domain", s.IngestDomain)
	return p, nil
}

// reserve takes a stream unless it is taken.
func (r *Registry) reserve(key live.StreamKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.sessions[key]; taken {
		return false
	}
	r.sessions[key] = nil
	return true
}

func (r *Registry) remove(key live.StreamKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, key)
}

// Sessions returns the sessions that are live, the oldest first.
func (r *Registry) Sessions() []SessionInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []SessionInfo
	for _, p := range r.sessions {
		if p != nil {
			list = append(list, p.Info())
		}
	}
	slices.SortFunc(list, func(a, b SessionInfo) int {
		return cmp.Compare(a.ID, b.ID) // ids sort by time
	})
	return list
}
