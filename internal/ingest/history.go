package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// historyLimit bounds the beginnings and ends of sessions that wait for the
	// store. What comes beyond is dropped: it is not worth a stream.
	historyLimit = 100_000
	// historyBatch bounds those that are written at once.
	historyBatch = 512
	// historyRetry is the wait after the store has failed.
	historyRetry = time.Second
	// historyTimeout bounds the last writing.
	historyTimeout = 5 * time.Second
	// pruneInterval is how often old sessions are forgotten.
	pruneInterval = 24 * time.Hour
)

// A history writes down which sessions there were. Publishing does not wait for it,
// unless streams are shared with other servers: whatever begins or ends is queued and
// written by run.
type history struct {
	store sessionStore
	log   *slog.Logger
	now   func() time.Time
	ready chan struct{} // has room for one signal: something is queued

	mu      sync.Mutex
	queue   []change
	dropped int
}

// A change is the beginning of a session or, with an end, its end.
type change struct {
	session live.Session // of an end, the ID only
	end     time.Time
}

func newHistory(cfg Config) *history {
	return &history{store: cfg.Store, log: cfg.Log, now: cfg.Now, ready: make(chan struct{}, 1)}
}

// begin forgets the parameters of the push URL, which may hold secrets.
func (h *history) begin(s live.Session) {
	s.Args = nil
	h.add(change{session: s})
}

// beginShared writes the beginning of a session at once, by which the stream is this
// server's. It fails with live.ErrStreamBusy if it is another one's. After any
// outcome end gives it back.
func (h *history) beginShared(ctx context.Context, s live.Session) error {
	s.Args = nil
	err := h.store.Update(ctx, func(tx store.Tx) error { return tx.BeginSession(ctx, s, h.now()) })
	if err != nil {
		return fmt.Errorf("take stream %s: %w", s.Key, err)
	}
	return nil
}

func (h *history) end(id live.SessionID, at time.Time) {
	h.add(change{session: live.Session{ID: id}, end: at})
}

func (h *history) add(c change) {
	h.mu.Lock()
	if len(h.queue) < historyLimit {
		h.queue = append(h.queue, c)
	} else {
		h.dropped++
	}
	h.mu.Unlock()
	h.signal()
}

func (h *history) signal() {
	select {
	case h.ready <- struct{}{}:
	default:
	}
}

// recover ends the sessions whose end the last run of the server did not see.
// They count as ended now: nothing tells when they did.
func (h *history) recover(ctx context.Context) error {
	err := h.store.Update(ctx, func(tx store.Tx) error { return tx.EndLiveSessions(ctx, h.now()) })
	if err != nil {
		return fmt.Errorf("recover the history of sessions: %w", err)
	}
	return nil
}

// run writes until ctx ends, and then what is left.
func (h *history) run(ctx context.Context) error {
	prune := time.NewTicker(pruneInterval)
	defer prune.Stop()
	err := h.prune(ctx)
	for {
		if err != nil && ctx.Err() == nil {
			h.log.Warn("cannot write the history of sessions, trying again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(historyRetry):
				h.signal()
			}
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), historyTimeout)
			defer cancel()
			return h.flush(last)
		case <-prune.C:
			err = h.prune(ctx)
		case <-h.ready:
			err = h.flush(ctx)
		}
	}
}

// prune forgets old sessions.
func (h *history) prune(ctx context.Context) error {
	return h.store.Update(ctx, func(tx store.Tx) error {
		return tx.DeleteSessions(ctx, h.now().Add(-live.SessionRetention))
	})
}

// flush writes what is queued. What could not be written stays queued; writing
// it twice does no harm.
func (h *history) flush(ctx context.Context) error {
	for {
		h.mu.Lock()
		batch := h.queue[:min(len(h.queue), historyBatch)]
		dropped := h.dropped
		h.dropped = 0
		h.mu.Unlock()
		if dropped > 0 {
			h.log.Error("the history of sessions has gaps, the store was too slow", "dropped", dropped)
		}
		if len(batch) == 0 {
			return nil
		}
		err := h.store.Update(ctx, func(tx store.Tx) error {
			for _, c := range batch {
				if err := c.write(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		h.mu.Lock()
		if h.queue = h.queue[len(batch):]; len(h.queue) == 0 {
			h.queue = nil
		}
		h.mu.Unlock()
	}
}

func (c change) write(ctx context.Context, tx store.Tx) error {
	if c.end.IsZero() {
		return tx.AddSession(ctx, c.session)
	}
	return tx.EndSession(ctx, c.session.ID, c.end)
}
