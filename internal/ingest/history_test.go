package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// past returns the sessions that the store knows, as "STREAM from-to" in seconds
// after testNow.
func past(t *testing.T, s sessionStore) string {
	t.Helper()
	var list []string
	err := s.View(t.Context(), func(tx store.Reader) error {
		page, _, err := tx.PastSessions(t.Context(), live.SessionQuery{
			Domain: "play.example.com", From: testNow.Add(-1000 * time.Hour), To: testNow.Add(10_000 * time.Hour), Order: live.PublishTimeAscending, Limit: 10,
		})
		for _, p := range page {
			end := "-"
			if !p.EndedAt.IsZero() {
				end = fmt.Sprint(p.EndedAt.Sub(testNow))
			}
			list = append(list, fmt.Sprintf("%s %v %s", p.Key.Stream, p.StartedAt.Sub(testNow), end))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

func TestTheHistoryOfSessionsIsWritten(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	now := testNow
	r.cfg.Now = func() time.Time { return now }
	r.history.now = r.cfg.Now
	publish := func(stream string) *Publication {
		p, err := r.Publish(t.Context(), Request{Host: "play.example.com", App: "live", Stream: stream})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := publish("first")
	now = now.Add(time.Second)
	publish("second")
	now = now.Add(time.Second)
	first.Close(nil)

	ctx, cancel := context.WithCancel(t.Context())
	cancel() // Run writes what is left
	if err := r.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got, want := past(t, r.cfg.Store), "first 0s 2s, second 1s -"; got != want {
		t.Errorf("history %q, want %q", got, want)
	}

	// The next run does not know of the second one's end.
	now = now.Add(time.Minute)
	again := New(r.cfg)
	if err := again.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := past(t, r.cfg.Store), "first 0s 2s, second 1s 1m2s"; got != want {
		t.Errorf("history after a crash %q, want %q", got, want)
	}
}

// A writes store fails the first Updates that it is asked for, written or not.
type writes struct {
	sessionStore
	failures atomic.Int32
	written  bool // by those that fail
	updates  atomic.Int32
}

func (s *writes) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.updates.Add(1)
	if s.failures.Add(-1) < 0 {
		return s.sessionStore.Update(ctx, fn)
	}
	if s.written {
		if err := s.sessionStore.Update(ctx, fn); err != nil {
			return err
		}
		return store.ErrUncertain
	}
	return store.ErrUnavailable
}

// tallies is a store that counts sessions, for tests in a bubble.
type tallies struct {
	store.Tx
	began, ended map[live.SessionID]int
	forgotten    atomic.Int32
}

func (s *tallies) View(context.Context, func(store.Reader) error) error { return nil }
func (s *tallies) Update(_ context.Context, fn func(store.Tx) error) error {
	return fn(s)
}
func (s *tallies) AddSession(_ context.Context, session live.Session) error {
	s.began[session.ID]++
	return nil
}
func (s *tallies) EndSession(_ context.Context, id live.SessionID, _ time.Time) error {
	s.ended[id]++
	return nil
}
func (s *tallies) DeleteSessions(context.Context, time.Time) error {
	s.forgotten.Add(1)
	return nil
}

func TestTheHistoryOutlivesAStoreThatFails(t *testing.T) {
	t.Parallel()
	for _, written := range []bool{false, true} {
		t.Run(fmt.Sprintf("failed, written %t", written), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				kept := &tallies{began: map[live.SessionID]int{}, ended: map[live.SessionID]int{}}
				failing := &writes{sessionStore: kept, written: written}
				r := newBareRegistry(failing)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- r.Run(ctx) }()
				synctest.Wait() // it has forgotten what is old
				failing.failures.Store(3)
				const sessions = historyBatch + 1
				for i := range sessions {
					id := live.SessionID(fmt.Sprint(i))
					r.history.begin(live.Session{ID: id})
					r.history.end(id, testNow)
				}
				time.Sleep(10 * historyRetry)
				synctest.Wait()
				if len(kept.began) != sessions || len(kept.ended) != sessions {
					t.Errorf("%d sessions began and %d ended, want %d", len(kept.began), len(kept.ended), sessions)
				}
				time.Sleep(pruneInterval)
				synctest.Wait()
				if n := kept.forgotten.Load(); n != 2 {
					t.Errorf("old sessions were forgotten %d times, want twice", n)
				}
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

func TestTheHistoryIsBounded(t *testing.T) {
	t.Parallel()
	r := newBareRegistry(&tallies{})
	for range historyLimit + 5 {
		r.history.begin(live.Session{})
	}
	if len(r.history.queue) != historyLimit || r.history.dropped != 5 {
		t.Errorf("%d wait and %d were dropped", len(r.history.queue), r.history.dropped)
	}
}
