//go:build unix

package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var show = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}

// A testNode is a Member with all that it needs.
type testNode struct {
	*Member
	store *postgres.Store
	log   *signals

	mu       sync.Mutex
	sessions []live.SessionInfo
	cuts     []string // as "SESSION: CAUSE"
	commands []live.RecordCommand
	outcome  error // of commands
}

// signals is a log handler that tells of its messages.
type signals struct {
	slog.Handler
	messages chan string
}

func (s *signals) Enabled(context.Context, slog.Level) bool { return true }

func (s *signals) WithAttrs([]slog.Attr) slog.Handler { return s }

func (s *signals) Handle(_ context.Context, r slog.Record) error {
	s.messages <- r.Message
	return nil
}

// newNode makes a node of the database at a URL.
func newNode(t *testing.T, at, name, place string) *testNode {
	t.Helper()
	s, err := postgres.Open(t.Context(), at, postgres.Options{Node: name, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	n := &testNode{store: s, log: &signals{messages: make(chan string, 100)}}
	n.Member = New(Config{
		Store: s, Host: "host-of-" + name, Place: place, Log: slog.New(n.log),
		Sessions: func() []live.SessionInfo {
			n.mu.Lock()
			defer n.mu.Unlock()
			return slices.Clone(n.sessions)
		},
		Cut: func(match func(live.Session) bool, cause error) (cut int) {
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, s := range n.sessions {
				if match(s.Session) {
					n.cuts = append(n.cuts, string(s.ID)+": "+cause.Error())
					cut++
				}
			}
			return cut
		},
		Command: func(_ context.Context, key live.StreamKey, c live.RecordCommand) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.commands = append(n.commands, c)
			return n.outcome
		},
	})
	return n
}

func (n *testNode) mustEnter(t *testing.T) {
	t.Helper()
	if err := n.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (n *testNode) update(t *testing.T, fn func(tx store.Tx) error) {
	t.Helper()
	if err := n.store.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// publish begins a session of show.
func (n *testNode) publish(ctx context.Context, id live.SessionID) error {
	s := live.Session{ID: id, Key: show, IngestDomain: show.Domain, StartedAt: time.Now()}
	err := n.store.Update(ctx, func(tx store.Tx) error { return tx.BeginSession(ctx, s, time.Now()) })
	if err == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.sessions = append(n.sessions, live.SessionInfo{Session: s})
	}
	return err
}

// expire ends the lease of the node, as a long silence does.
func (n *testNode) expire(t *testing.T) {
	t.Helper()
	n.update(t, func(tx store.Tx) error { return tx.RenewNode(t.Context(), n.run, time.Now().Add(-time.Second)) })
}

func TestASecondProcessOfANameIsRefusedWhileTheFirstLives(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	first, second := newNode(t, at, "a", "folder"), newNode(t, at, "a", "copy")
	first.mustEnter(t)
	refused := make(chan error, 1)
	go func() { refused <- second.Enter(t.Context()) }()
	<-second.log.messages // it has seen the other's lease
	if err := first.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; !errors.Is(err, live.ErrNodeTaken) {
		t.Errorf("Enter: %v, want %v", err, live.ErrNodeTaken)
	}
	newNode(t, at, "b", "").mustEnter(t) // another name
}

func TestAProcessTakesThePlaceOfADeadOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		next string // place
		end  func(*testing.T, *testNode)
	}{
		{name: "in its data folder at once", next: "folder", end: func(*testing.T, *testNode) {}},
		{name: "elsewhere when it has left", next: "copy", end: func(t *testing.T, n *testNode) {
			if err := n.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "elsewhere when its lease is over", next: "copy", end: func(t *testing.T, n *testNode) { n.expire(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := pgtest.Start(t)
			first, next := newNode(t, at, "a", "folder"), newNode(t, at, "a", tt.next)
			first.mustEnter(t)
			tt.end(t, first)
			next.mustEnter(t)
			if len(next.log.messages) > 0 {
				t.Error("it waited")
			}
			if err := first.Run(t.Context()); !errors.Is(err, live.ErrNodeTaken) {
				t.Errorf("Run of the one before: %v, want %v", err, live.ErrNodeTaken)
			}
			if err := first.Leave(t.Context()); err != nil {
				t.Errorf("Leave of the one before: %v", err)
			}
			if err := next.renew(t.Context()); err != nil {
				t.Errorf("renewal: %v", err)
			}
		})
	}
}

func TestAWaitingProcessEntersWhenTheLeaseEnds(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	first, second := newNode(t, at, "a", ""), newNode(t, at, "a", "")
	first.mustEnter(t)
	entered := make(chan error, 1)
	go func() { entered <- second.Enter(t.Context()) }()
	<-second.log.messages
	first.expire(t)
	if err := <-entered; err != nil {
		t.Error(err)
	}
}

func TestSessionsThatAreForbiddenAnywhereEnd(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := newNode(t, at, "a", ""), newNode(t, at, "b", "")
	a.mustEnter(t)
	b.mustEnter(t)
	a.update(t, func(tx store.Tx) error {
		return tx.AddDomain(t.Context(), live.Domain{Name: show.Domain, Status: live.DomainOnline})
	})
	if err := b.publish(t.Context(), "ses_1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.cuts) > 0 {
		t.Fatalf("cut before anything is forbidden: %q", b.cuts)
	}
	a.update(t, func(tx store.Tx) error {
		return tx.PutBlock(t.Context(), live.Block{Key: show, Until: time.Now().Add(time.Hour)})
	})
	if err := errors.Join(a.look(t.Context()), b.look(t.Context())); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ses_1: " + live.ErrStreamForbidden.Error()}; !slices.Equal(b.cuts, want) || len(a.cuts) > 0 {
		t.Errorf("cut on b: %q, want %q; on a: %q", b.cuts, want, a.cuts)
	}
}

func TestAServerThatComesBackLosesTheStreamsThatOthersTook(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := newNode(t, at, "a", ""), newNode(t, at, "b", "")
	a.mustEnter(t)
	b.mustEnter(t)
	if err := a.publish(t.Context(), "ses_1"); err != nil {
		t.Fatal(err)
	}
	if err := b.publish(t.Context(), "ses_2"); !errors.Is(err, live.ErrStreamBusy) {
		t.Fatalf("publish on b: %v, want %v", err, live.ErrStreamBusy)
	}
	a.expire(t)
	if err := a.renew(t.Context()); err != nil || len(a.cuts) > 0 {
		t.Fatalf("cut %q, %v although nobody took the stream", a.cuts, err)
	}
	a.expire(t)
	if err := b.publish(t.Context(), "ses_2"); err != nil {
		t.Fatal(err)
	}
	if err := a.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ses_1: " + errTaken.Error()}; !slices.Equal(a.cuts, want) {
		t.Errorf("cut %q, want %q", a.cuts, want)
	}
}

func TestACommandReachesTheServerOfTheStream(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := newNode(t, at, "a", ""), newNode(t, at, "b", "")
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer running.Wait()
	defer stop()
	for _, n := range []*testNode{a, b} {
		n.mustEnter(t)
		running.Go(func() {
			if err := n.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	if err := a.Command(t.Context(), show, live.CommandStart); err != nil || len(a.commands) != 1 {
		t.Errorf("command on a stream that is nowhere: %v, carried out here: %q", err, a.commands)
	}
	if err := b.publish(t.Context(), "ses_1"); err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []error{nil, live.ErrTaskStarted, live.ErrTaskNotStarted, live.ErrStreamOffline,
		errors.Join(live.ErrStreamOffline, live.ErrConfigNotFound), errors.New("disk is gone")} {
		b.mu.Lock()
		b.outcome, b.commands = outcome, nil
		b.mu.Unlock()
		got := a.Command(t.Context(), show, live.CommandStop)
		if answerTo(got) != answerTo(outcome) {
			t.Errorf("the command that ended with %v ends with %v on the other server", outcome, got)
		}
		b.mu.Lock()
		if !slices.Equal(b.commands, []live.RecordCommand{live.CommandStop}) {
			t.Errorf("b carried out %q", b.commands)
		}
		b.mu.Unlock()
	}
	if err := b.Command(t.Context(), show, live.CommandStart); err == nil || len(a.commands) != 1 {
		t.Errorf("own command: %v; a carried out %q", err, a.commands)
	}
}

func TestACommandThatNobodyAnswersIsWithdrawn(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := newNode(t, at, "a", ""), newNode(t, at, "b", "")
	a.mustEnter(t)
	b.mustEnter(t)
	if err := b.publish(t.Context(), "ses_1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*answerInterval)
	defer cancel()
	if err := a.Command(ctx, show, live.CommandStop); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if err := b.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.running.Wait()
	if len(b.commands) > 0 {
		t.Errorf("carried out %q although nobody waits for it", b.commands)
	}
}

// failing is a store that is away.
type failing struct{ nodeStore }

func (failing) Update(context.Context, func(store.Tx) error) error { return store.ErrUnavailable }

func TestNothingEndsWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	n := newNode(t, pgtest.Start(t), "a", "")
	n.mustEnter(t)
	if err := n.publish(t.Context(), "ses_1"); err != nil {
		t.Fatal(err)
	}
	n.cfg.Store = failing{n.store}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	<-n.log.messages // cannot keep the place
	cancel()
	if err := <-ended; err != nil || len(n.cuts) > 0 {
		t.Errorf("Run ended with %v, cut %q", err, n.cuts)
	}
}
