//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
)

// addDomain is an Update that leaves a trace.
func addDomain(ctx context.Context, s *Store, name string) error {
	return s.Update(ctx, func(tx store.Tx) error { return tx.AddDomain(ctx, live.Domain{Name: name}) })
}

// oweOne is one that may share its transaction.
func oweOne(ctx context.Context, s *Store, id string) error {
	return s.Update(ctx, func(tx store.Tx) error {
		return tx.Owe(ctx, &store.Owing{
			Event:      live.Event{ID: live.EventID(id), Key: live.StreamKey{Stream: id}},
			Deliveries: []live.Delivery{{ID: live.DeliveryID(id), State: live.DeliveryPending}},
		})
	})
}

func deliveryExists(t *testing.T, s *Store, id string) bool {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		_, err := r.Delivery(t.Context(), live.DeliveryID(id))
		return err
	})
	if err != nil && !errors.Is(err, live.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func domainExists(t *testing.T, s *Store, name string) bool {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		_, err := r.Domain(t.Context(), name)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrDomainNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// Every failure comes twice: before it happened, and after.
func TestBrokenConnectionSaysWhatItMayHaveDone(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name   string
		update func(ctx context.Context, s *Store, id string) error
		exists func(t *testing.T, s *Store, id string) bool
	}{
		{"of its own", addDomain, domainExists},
		{"shared", oweOne, deliveryExists},
	}
	for _, test := range []struct {
		name    string
		cut     int32
		want    error
		written bool
		cuts    int32 // a transaction that has not begun is tried on one more connection
	}{
		{"at the first statement, not written", atStatement, store.ErrUnavailable, false, 2},
		{"before the commit arrives, not written", beforeCommit, store.ErrUncertain, false, 1},
		{"before the commit is answered, yet written", afterCommit, store.ErrUncertain, true, 1},
	} {
		for _, kind := range kinds {
			t.Run(kind.name+", "+test.name, func(t *testing.T) {
				t.Parallel()
				p, at := newProxy(t)
				s := openTest(t, at, Options{})
				ctx := t.Context()
				if err := kind.update(ctx, s, "before"); err != nil {
					t.Fatal(err)
				}
				p.cut.Store(test.cut)
				err := kind.update(ctx, s, "cut")
				p.cut.Store(never)
				if !errors.Is(err, test.want) {
					t.Errorf("Update: %v, want %v", err, test.want)
				}
				if p.cuts.Load() != test.cuts {
					t.Errorf("%d connections were cut, want %d", p.cuts.Load(), test.cuts)
				}
				if err := kind.update(ctx, s, "after"); err != nil {
					t.Errorf("update after the cut: %v", err)
				}
				if got := kind.exists(t, s, "cut"); got != test.written {
					t.Errorf("the update is there: %t, want %t", got, test.written)
				}
			})
		}
	}
}

func TestDatabaseThatIsGoneIsUnavailable(t *testing.T) {
	t.Parallel()
	p, at := newProxy(t)
	s := openTest(t, at, Options{})
	if err := p.listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for what, err := range map[string]error{
		"Update": addDomain(ctx, s, "gone.example.com"),
		"Owe":    oweOne(ctx, s, "gone"),
		"View":   s.View(ctx, func(store.Reader) error { t.Error("run"); return nil }),
	} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrUnavailable)
		}
	}
	if _, err := Open(ctx, at, Options{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Open: %v, want %v", err, store.ErrUnavailable)
	}
}

func TestErrorsMeanWhatTheContractSays(t *testing.T) {
	t.Parallel()
	lost := errors.New("broken pipe")
	for _, test := range []struct {
		name     string
		err      error
		lost     bool
		inside   error // before the commit; nil: the error itself and no more
		atCommit error // likewise
	}{
		{"disk full", &pgconn.PgError{Code: "53100", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"too many connections", &pgconn.PgError{Code: "53300", SeverityUnlocalized: "FATAL"}, true, store.ErrUnavailable, store.ErrUncertain},
		{"read only", &pgconn.PgError{Code: "25006", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"I/O error", &pgconn.PgError{Code: "58030", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"crash while syncing", &pgconn.PgError{Code: "58030", SeverityUnlocalized: "PANIC"}, true, store.ErrUnavailable, store.ErrUncertain},
		{"shut down", &pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, true, store.ErrUnavailable, store.ErrUncertain},
		{"statement timed out", &pgconn.PgError{Code: "57014", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"lock not available", &pgconn.PgError{Code: "55P03", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"deadlock", &pgconn.PgError{Code: "40P01", SeverityUnlocalized: "ERROR"}, false, store.ErrUnavailable, store.ErrUnavailable},
		{"damaged page", &pgconn.PgError{Code: "XX001", SeverityUnlocalized: "ERROR"}, false, store.ErrDamaged, store.ErrDamaged},
		{"damaged index", &pgconn.PgError{Code: "XX002", SeverityUnlocalized: "ERROR"}, false, store.ErrDamaged, store.ErrDamaged},
		{"unique key", &pgconn.PgError{Code: "23505", SeverityUnlocalized: "ERROR"}, false, nil, nil},
		{"connection lost", lost, true, store.ErrUnavailable, store.ErrUncertain},
		{"value that cannot be scanned", errors.New("scan"), false, nil, store.ErrUncertain},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := classify(test.err, test.lost)
			if !errors.Is(got, test.err) || test.inside != nil && !errors.Is(got, test.inside) {
				t.Errorf("inside: %v, want %v", got, test.inside)
			}
			if test.inside == nil && got != test.err {
				t.Errorf("inside: %v, want the error itself", got)
			}
			if got := classifyCommit(test.err); !errors.Is(got, test.err) || test.atCommit != nil && !errors.Is(got, test.atCommit) {
				t.Errorf("at commit: %v, want %v", got, test.atCommit)
			}
		})
	}
}

func TestDeadlockedUpdateRunsAgain(t *testing.T) {
	t.Parallel()
	s := openTest(t, pgtest.Start(t), Options{})
	ctx := t.Context()
	names := [2]string{"a.example.com", "b.example.com"}
	for _, name := range names {
		if err := addDomain(ctx, s, name); err != nil {
			t.Fatal(err)
		}
	}
	var runs [2]int
	var both sync.WaitGroup // both have changed their first domain
	both.Add(2)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			err := s.Update(ctx, func(tx store.Tx) error {
				if err := tx.SetDomainStatus(ctx, names[i], live.DomainOffline, time.Time{}); err != nil {
					return err
				}
				if runs[i]++; runs[i] == 1 {
					both.Done()
					both.Wait()
				}
				return tx.SetDomainStatus(ctx, names[1-i], live.DomainOffline, time.Time{})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs[0]+runs[1] < 3 {
		t.Errorf("the updates ran %d times, want 3 at least", runs[0]+runs[1])
	}
}

func TestEndlessConflictIsGivenUp(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	s := openTest(t, at, Options{})
	execute(t, at, `CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'test' USING ERRCODE = 'serialization_failure'; END $$;
		CREATE TRIGGER conflict BEFORE INSERT ON domains EXECUTE FUNCTION conflict()`)
	runs := 0
	err := s.Update(t.Context(), func(tx store.Tx) error {
		runs++
		return tx.AddDomain(t.Context(), live.Domain{Name: "a.example.com"})
	})
	if runs != maxRuns || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%d runs, want %d; %v, want %v", runs, maxRuns, err, store.ErrUnavailable)
	}
}

// A lock that another Update holds too long, and a context that ends meanwhile.
func TestUpdateDoesNotWaitForALockForEver(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	s := openTest(t, at+"&lock_timeout=50ms", Options{})
	patient := openTest(t, at, Options{})
	ctx := t.Context()
	if err := addDomain(ctx, s, "a.example.com"); err != nil {
		t.Fatal(err)
	}
	change := func(ctx context.Context, s *Store, then func()) error {
		return s.Update(ctx, func(tx store.Tx) error {
			err := tx.SetDomainStatus(ctx, "a.example.com", live.DomainOffline, time.Time{})
			then()
			return err
		})
	}
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := change(ctx, s, func() { close(held); <-release }); err != nil {
			t.Error(err)
		}
	})
	<-held
	if err := change(ctx, s, func() {}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("update that waits for a lock: %v, want %v", err, store.ErrUnavailable)
	}
	cancelled, cancel := context.WithCancel(ctx)
	wg.Go(func() {
		if err := change(cancelled, patient, func() {}); !errors.Is(err, context.Canceled) {
			t.Errorf("update cancelled while it waits: %v", err)
		}
		close(release)
	})
	for waiting := 0; waiting == 0; { // until it does
		query(t, at, &waiting, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	}
	cancel()
	wg.Wait()
}

// Those who share a transaction do not share a wait for a stream that another has.
func TestAStreamThatIsHeldHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	s := openTest(t, at, Options{})
	ctx := t.Context()
	if err := oweOne(ctx, s, "held"); err != nil {
		t.Fatal(err)
	}
	other, err := pgx.Connect(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	tx, err := other.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `SELECT 1 FROM streams FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	behind := make(chan error)
	go func() {
		behind <- s.Update(ctx, func(tx store.Tx) error {
			return tx.Owe(ctx, &store.Owing{Event: live.Event{ID: "behind", Key: live.StreamKey{Stream: "held"}}})
		})
	}()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := oweOne(ctx, s, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	select {
	case err := <-behind:
		t.Errorf("the stream that is held was written to: %v", err)
	default:
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-behind; err != nil {
		t.Error(err)
	}
}

// Writers go on while their database dies and comes back.
func TestStoreOutlivesItsDatabase(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(*pgtest.Server, testing.TB)
	}{
		{"killed", (*pgtest.Server).Kill},
		{"restarted", (*pgtest.Server).Restart},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := pgtest.New(t)
			s := openTest(t, server.URL("postgres"), Options{})
			const writers, before, after = 8, 20, 10
			var ready, wg sync.WaitGroup
			ready.Add(writers)
			back := make(chan struct{})
			for i := range writers {
				wg.Go(func() {
					for written, left := 0, after; left > 0; {
						err := addPair(t.Context(), s, fmt.Sprintf("%d_%d", i, written))
						switch {
						case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrUncertain):
							<-back
							continue // with the same again
						case err != nil:
							t.Error(err)
							return
						}
						if written++; written == before {
							ready.Done()
						}
						select {
						case <-back:
							left--
						default:
						}
					}
				})
			}
			ready.Wait()
			test.end(server, t)
			close(back)
			wg.Wait()
			checkPairs(t, s)
		})
	}
}

// addPair adds an event with its delivery.
func addPair(ctx context.Context, s *Store, id string) error {
	return s.Update(ctx, func(tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Key: pairKey})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID(id), Event: e, State: live.DeliveryPending})
	})
}

var pairKey = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}

// checkPairs checks that the events that each writer has added, one after the
// other, are all there, numbered without a gap, each with its delivery.
func checkPairs(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	err := s.View(ctx, func(r store.Reader) error {
		list, err := r.Events(ctx, pairKey, 0, 1<<20)
		if err != nil {
			return err
		}
		next := make(map[int]int) // of each writer
		for i, e := range list {
			if e.Seq != int64(i+1) {
				t.Errorf("event %d has number %d", i+1, e.Seq)
			}
			var writer, n int
			if _, err := fmt.Sscanf(string(e.ID), "%d_%d", &writer, &n); err != nil {
				t.Fatal(err)
			}
			if n != next[writer] {
				t.Errorf("event %s comes when %d is next", e.ID, next[writer])
			}
			next[writer]++
			if _, err := r.Delivery(ctx, live.DeliveryID(e.ID)); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// query scans the value that a query of a database returns.
func query(t *testing.T, at string, dest any, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(dest); err != nil {
		t.Fatal(err)
	}
}

// execute runs statements on a database.
func execute(t *testing.T, at, statements string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
