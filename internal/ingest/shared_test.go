//go:build unix

package ingest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// newSharedRegistry returns the registry of one of several servers on the database at
// a URL, which the test runs, and what its Reader fails to open with.
func newSharedRegistry(t *testing.T, at, node string) (r *Registry, refuse *error) {
	t.Helper()
	s, err := postgres.Open(t.Context(), at, postgres.Options{Node: node, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	refuse = new(error)
	r = New(Config{
		Store:  s,
		Shared: true,
		Open: func(_ context.Context, s live.Session) (Reader, error) {
			if *refuse != nil {
				return nil, *refuse
			}
			return &testReader{session: s}, nil
		},
		Log: slog.New(slog.DiscardHandler),
		Now: time.Now,
	})
	err = s.Update(t.Context(), func(tx store.Tx) error {
		return tx.EnterNode(t.Context(), live.Node{Run: node, LeasedUntil: time.Now().Add(time.Hour)}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, refuse
}

// flush writes the history of a registry.
func flush(t *testing.T, r *Registry) {
	t.Helper()
	if err := r.history.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAStreamHasOnePublisherOnAllServers(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, refuse := newSharedRegistry(t, at, "a")
	b, _ := newSharedRegistry(t, at, "b")
	ctx := t.Context()
	err := a.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.AddDomain(ctx, live.Domain{Name: "play.example.com", Type: live.StreamingDomain, Status: live.DomainOnline})
	})
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Host: "play.example.com", App: "live", Stream: "show"}
	first, err := a.Publish(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(ctx, req); !errors.Is(err, live.ErrStreamBusy) || !Refused(err) {
		t.Errorf("publisher on another server: %v, want %v", err, live.ErrStreamBusy)
	}
	flush(t, b)
	if _, err := b.Publish(ctx, req); !errors.Is(err, live.ErrStreamBusy) {
		t.Errorf("publisher on another server after one was refused there: %v, want %v", err, live.ErrStreamBusy)
	}
	first.Close(nil)
	flush(t, a)
	second, err := b.Publish(ctx, req)
	if err != nil {
		t.Fatalf("publisher on another server after the end: %v", err)
	}
	if err := a.Recover(ctx); err != nil { // a was started again
		t.Fatal(err)
	}
	if _, err := a.Publish(ctx, req); !errors.Is(err, live.ErrStreamBusy) {
		t.Errorf("publisher on the first server: %v, want %v", err, live.ErrStreamBusy)
	}
	second.Close(nil)
	flush(t, b)

	*refuse = errors.New("no space")
	if _, err := a.Publish(ctx, req); !errors.Is(err, *refuse) {
		t.Errorf("Publish: %v, want %v", err, *refuse)
	}
	flush(t, a)
	if _, err := b.Publish(ctx, req); err != nil {
		t.Errorf("publisher on another server after the reader failed to open: %v", err)
	}
}

// The end of a session that another of this server has followed does not end that one.
func TestALateEndDoesNotFreeTheStreamOfTheNextPush(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, _ := newSharedRegistry(t, at, "a")
	b, _ := newSharedRegistry(t, at, "b")
	ctx := t.Context()
	err := a.cfg.Store.Update(ctx, func(tx store.Tx) error {
		return tx.AddDomain(ctx, live.Domain{Name: "play.example.com", Type: live.StreamingDomain, Status: live.DomainOnline})
	})
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Host: "play.example.com", App: "live", Stream: "show"}
	first, err := a.Publish(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	first.Close(nil) // which is not written yet
	if _, err := a.Publish(ctx, req); err != nil {
		t.Fatal(err)
	}
	flush(t, a)
	if _, err := b.Publish(ctx, req); !errors.Is(err, live.ErrStreamBusy) {
		t.Errorf("publisher on another server: %v, want %v", err, live.ErrStreamBusy)
	}
}
