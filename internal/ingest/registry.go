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

// A Reader takes the units of one session. Write and Close are called by one
// goroutine.
type Reader interface {
	// Write takes over the caller's hold on each unit. The slice stays the
	// caller's. Write never blocks.
	Write(units []media.Unit)
	// Close says that the session is over. A nil cause means that the publisher
	// ended it in order.
	Close(cause error)
	// Dropped returns how many frames were dropped because whoever takes them was
	// too slow. Any goroutine may call it, at any time.
	Dropped() int64
}

// sessionStore is what this package needs of a store, and no more.
type sessionStore interface {
	View(ctx context.Context, fn func(store.Reader) error) error
	Update(ctx context.Context, fn func(store.Tx) error) error
}

// Config is what a Registry works with.
type Config struct {
	Store sessionStore
	// Open opens the Reader of a session that is about to start. An error refuses
	// the push.
	Open func(ctx context.Context, s live.Session) (Reader, error)
	// Shared says that other servers take pushes, too, and keep their sessions in the
	// same store: a stream that another one has is refused.
	Shared bool
	// DefaultDomain is the domain of pushes to an IP address, to localhost and to
	// other hosts that cannot be a domain. "" refuses them.
	DefaultDomain string
	Log           *slog.Logger
	Now           func() time.Time
}

// A Registry knows the sessions that are live. Its methods may be called by any
// goroutine.
type Registry struct {
	cfg     Config
	history *history

	mu       sync.Mutex
	sessions map[live.StreamKey]*Publication
	cuts     int // calls of Cut
}

// New returns a Registry without sessions.
func New(cfg Config) *Registry {
	return &Registry{cfg: cfg, history: newHistory(cfg), sessions: make(map[live.StreamKey]*Publication)}
}

// Recover ends, in the history of sessions, those that the last run of this
// server left open. It is called before the first Publish.
func (r *Registry) Recover(ctx context.Context) error { return r.history.recover(ctx) }

// Run samples the rates of sessions and writes the history of sessions, until ctx
// ends and everything is written that happened before. It returns an error if that
// could not be done.
func (r *Registry) Run(ctx context.Context) error {
	sampling, stop := context.WithCancel(ctx)
	var sampler sync.WaitGroup
	sampler.Go(func() { r.sampleRates(sampling) })
	defer sampler.Wait()
	defer stop()
	return r.history.run(ctx)
}

// A Request asks to publish a stream.
type Request struct {
	Protocol    string // "rtmp"
	Host        string // that the push is addressed to, without port; "" if unknown
	App, Stream string
	Args        live.Args // parameters of the push URL
	RemoteAddr  netip.AddrPort
	LocalAddr   netip.AddrPort // where the server took it
}

// Publish starts a session. The caller writes its units to the Publication and
// must close it.
//
// A push is refused with an error whose text may be shown to the encoder if
// Refused reports so: it wraps live.ErrStreamName, live.ErrDomainNotFound,
// live.ErrDomainStopped, ErrNoDomain, ErrNotMapped, live.ErrAuthKeyMissing,
// live.ErrAuthKeyInvalid, live.ErrAuthKeyExpired, live.ErrStreamForbidden or
// live.ErrStreamBusy. Other errors are failures of the store or of the Reader.
func (r *Registry) Publish(ctx context.Context, req Request) (*Publication, error) {
	if err := live.ValidateName(req.App); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	if err := live.ValidateName(req.Stream); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	for {
		cuts := r.cutCount()
		now := r.cfg.Now()
		domain, streaming, err := r.admit(ctx, req, now)
		if err != nil {
			return nil, err
		}
		p := &Publication{registry: r, session: live.Session{
			ID:           live.NewSessionID(now),
			Key:          live.StreamKey{Domain: streaming, App: req.App, Stream: req.Stream},
			IngestDomain: domain,
			Protocol:     req.Protocol,
			RemoteAddr:   req.RemoteAddr,
			LocalAddr:    req.LocalAddr,
			Args:         req.Args,
			StartedAt:    now,
		}}
		p.ended, p.end = context.WithCancelCause(context.Background())
		reserved, err := r.reserve(p, cuts)
		if err != nil {
			return nil, err
		}
		if reserved {
			if err := r.start(ctx, p); err != nil {
				return nil, err
			}
			return p, nil
		}
		// Something was forbidden or stopped since, perhaps this stream: ask again.
	}
}

// start takes the stream from the other servers, if there are any, and opens the
// Reader of a publication whose stream is reserved here.
func (r *Registry) start(ctx context.Context, p *Publication) error {
	s := p.session
	defer func() {
		if p.reader != nil {
			return
		}
		// Refused, or a panic.
		if r.cfg.Shared {
			r.history.end(s.ID, r.cfg.Now())
		}
		r.remove(p)
	}()
	if r.cfg.Shared {
		if err := r.history.beginShared(ctx, s); err != nil {
			return err
		}
	}
	reader, err := r.cfg.Open(ctx, s)
	if err != nil {
		return fmt.Errorf("open reader of %s: %w", s.Key, err)
	}
	r.mu.Lock()
	p.reader = reader
	p.rates.at = s.StartedAt
	r.mu.Unlock()
	if !r.cfg.Shared {
		r.history.begin(s)
	}
	p.log().Info("publish started", "remote_addr", s.RemoteAddr.String(), "ingest_domain", s.IngestDomain)
	return nil
}

func (r *Registry) cutCount() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cuts
}

// reserve takes the stream of p. It does not if Cut was called since cuts was
// read, and fails if the stream is taken.
func (r *Registry) reserve(p *Publication, cuts int) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cuts != cuts {
		return false, nil
	}
	key := p.session.Key
	if _, taken := r.sessions[key]; taken {
		return false, fmt.Errorf("%w: %s", live.ErrStreamBusy, key)
	}
	r.sessions[key] = p
	return true, nil
}

func (r *Registry) remove(p *Publication) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, p.session.Key)
}

// Cut ends the sessions that match, for the given reason, and returns how many
// they are. Whoever forbids something commits that to the store first and then
// calls Cut: no session that the store's new state forbids is live from then on
// or starts later. A session is over within the time that its protocol needs.
func (r *Registry) Cut(match func(live.Session) bool, cause error) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cuts++
	n := 0
	for _, p := range r.sessions {
		if match(p.session) {
			p.end(cause)
			n++
		}
	}
	return n
}

// Sessions returns the sessions that are live, the oldest first.
func (r *Registry) Sessions() []live.SessionInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []live.SessionInfo
	for _, p := range r.sessions {
		if p.reader != nil { // it has started
			list = append(list, p.Info())
		}
	}
	slices.SortFunc(list, func(a, b live.SessionInfo) int {
		return cmp.Compare(a.ID, b.ID) // ids sort by time
	})
	return list
}
