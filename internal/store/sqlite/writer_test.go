package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	sqlite3 "modernc.org/sqlite/lib"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// hold keeps the store busy with an Update that writes nothing until n others
// wait behind it, in order, and returns their errors. It must be called in a
// synctest bubble.
func hold(t *testing.T, s *Store, n int, update func(i int) error) []error {
	t.Helper()
	errs := make([]error, n)
	release := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		// Its outcome is that of the group it is in, which the caller looks at.
		_ = s.Update(t.Context(), func(store.Tx) error { <-release; return nil })
	})
	synctest.Wait()
	for i := range n {
		wg.Go(func() { errs[i] = update(i) })
		synctest.Wait()
	}
	close(release)
	wg.Wait()
	return errs
}

// addDomain is an Update that leaves a trace.
func addDomain(ctx context.Context, s *Store, name string) error {
	return s.Update(ctx, func(tx store.Tx) error { return tx.AddDomain(ctx, live.Domain{Name: name}) })
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

func TestWaitingUpdatesShareACommit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ updates, commits int }{
		{1, 1}, // with the one that kept the store busy
		{maxGroup - 1, 1},
		{maxGroup, 2},
		{2 * maxGroup, 3},
	} {
		t.Run(fmt.Sprint(test.updates), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			synctest.Test(t, func(t *testing.T) {
				s := openTest(t, path)
				commits := 0
				commit := s.writer.commit
				s.writer.commit = func() error { commits++; return commit() }
				errs := hold(t, s, test.updates, func(i int) error {
					return addDomain(t.Context(), s, fmt.Sprintf("d%d.example.com", i))
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatal(err)
				}
				if commits != test.commits {
					t.Errorf("%d commits for %d updates, want %d", commits, test.updates, test.commits)
				}
			})
		})
	}
}

func TestGroupOfFailuresIsNotCommitted(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	s.writer.commit = func() error { t.Error("committed"); return nil }
	want := errors.New("test")
	if err := s.Update(t.Context(), func(store.Tx) error { return want }); !errors.Is(err, want) {
		t.Errorf("Update returned %v", err)
	}
}

// An Update that fails undoes those of its group, which run again. Those that come
// next are safe from another that fails.
func TestUpdatesRunAgainAfterOneOfTheirGroupHasFailed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		failed := errors.New("test")
		runs := make([]int, 5)
		want := []error{nil, failed, nil, failed, failed}
		name := func(i int) string { return fmt.Sprintf("d%d.example.com", i) }
		errs := hold(t, s, len(runs), func(i int) error {
			return s.Update(t.Context(), func(tx store.Tx) error {
				runs[i]++
				if i == 4 { // it has written nothing that would have to be undone
					return failed
				}
				return errors.Join(tx.AddDomain(t.Context(), live.Domain{Name: name(i)}), want[i])
			})
		})
		for i, err := range errs {
			if !errors.Is(err, want[i]) {
				t.Errorf("update %d: %v, want %v", i, err, want[i])
			}
			if got := domainExists(t, s, name(i)); got != (want[i] == nil) {
				t.Errorf("update %d left something behind: %t", i, got)
			}
		}
		if want := []int{2, 1, 1, 1, 1}; !slices.Equal(runs, want) {
			t.Errorf("runs %v, want %v", runs, want)
		}
	})
}

// A codeError is an error of SQLite, made up.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("result code %d", int(e)) }
func (e codeError) Code() int     { return int(e) }

// Every failure of a commit comes twice: before it happened, and after.
func TestCommitFailureIsToldToAllWhoShareIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		written bool
		err     error
		want    error
	}{
		{"disk full, not written", false, codeError(sqlite3.SQLITE_FULL), store.ErrUnavailable},
		{"locked by another, not written", false, codeError(sqlite3.SQLITE_BUSY_SNAPSHOT), store.ErrUnavailable},
		{"sync failed, not written", false, codeError(sqlite3.SQLITE_IOERR_FSYNC), store.ErrUncertain},
		{"sync failed, yet written", true, codeError(sqlite3.SQLITE_IOERR_FSYNC), store.ErrUncertain},
		{"unknown error, not written", false, errors.New("lost"), store.ErrUncertain},
		{"unknown error, yet written", true, errors.New("lost"), store.ErrUncertain},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			synctest.Test(t, func(t *testing.T) {
				s := openTest(t, path)
				commit := s.writer.commit
				s.writer.commit = func() error {
					if test.written {
						if err := commit(); err != nil {
							t.Error(err)
						}
					}
					return test.err
				}
				name := func(i int) string { return fmt.Sprintf("d%d.example.com", i) }
				for i, err := range hold(t, s, 3, func(i int) error { return addDomain(t.Context(), s, name(i)) }) {
					if !errors.Is(err, test.want) || !errors.Is(err, test.err) {
						t.Errorf("update %d: %v, want %v: %v", i, err, test.want, test.err)
					}
				}
				s.writer.commit = commit
				if err := addDomain(t.Context(), s, "after.example.com"); err != nil {
					t.Errorf("update after the failure: %v", err)
				}
				for _, s := range []*Store{s, openTest(t, copyDatabase(t, path))} {
					for i := range 3 {
						if got := domainExists(t, s, name(i)); got != test.written {
							t.Errorf("update %d is there: %t, want %t", i, got, test.written)
						}
					}
					if !domainExists(t, s, "after.example.com") {
						t.Error("the update after the failure is not there")
					}
				}
			})
		})
	}
}

// limitPages makes the disk full, as it were, once the database has so many pages
// more than now.
func limitPages(t *testing.T, s *Store, more int) {
	t.Helper()
	var pages int
	err := s.writer.conn.value(t.Context(), &pages, "PRAGMA page_count")
	if err == nil {
		_, err = s.writer.conn.exec(fmt.Sprint("PRAGMA max_page_count = ", pages+more))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// When SQLite finds the disk full inside an Update, it rolls back the whole
// transaction, and with it the Updates that had run before in the same group. They
// run again.
func TestFullDatabaseIsUnavailableUntilThereIsSpace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		ctx := t.Context()
		big := func() error {
			return s.Update(ctx, func(tx store.Tx) error {
				if err := tx.AddDomain(ctx, live.Domain{Name: "big1.example.com"}); err != nil {
					return err
				}
				// An fn that passes over the error must not get its next statement through.
				_ = tx.AddDomain(ctx, live.Domain{Name: "big2.example.com", Region: strings.Repeat("x", 1<<20)})
				_ = tx.AddDomain(ctx, live.Domain{Name: "big3.example.com"})
				return nil
			})
		}
		limitPages(t, s, 4)
		errs := hold(t, s, 3, func(i int) error {
			if i == 1 {
				return big()
			}
			return addDomain(ctx, s, fmt.Sprintf("small%d.example.com", i))
		})
		for i, want := range []error{nil, store.ErrUnavailable, nil} { // before it, itself, after it
			if !errors.Is(errs[i], want) || want != nil && resultCode(errs[i]) != sqlite3.SQLITE_FULL {
				t.Errorf("update %d: %v, want %v", i, errs[i], want)
			}
		}
		check := func(want map[string]bool) {
			t.Helper()
			for name, want := range want {
				if got := domainExists(t, s, name+".example.com"); got != want {
					t.Errorf("%s is there: %t, want %t", name, got, want)
				}
			}
		}
		check(map[string]bool{"small0": true, "small2": true, "big1": false, "big2": false, "big3": false})
		limitPages(t, s, 1000)
		if err := big(); err != nil {
			t.Errorf("update once there is space: %v", err)
		}
		check(map[string]bool{"big1": true, "big2": true, "big3": true})
	})
}

func TestUpdateWaitsForNobodyWhenCancelled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Update(t.Context(), func(store.Tx) error { <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := addDomain(ctx, s, "a.example.com"); !errors.Is(err, context.Canceled) { // and returns while the other runs
			t.Errorf("cancelled update: %v", err)
		}
		close(release)
		wg.Wait()
	})
}

// A fn that ends its goroutine, as t.FailNow does, ends that of its caller; what has
// run beside it is committed, and what comes later runs.
func TestUpdateThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		errs := hold(t, s, 3, func(i int) (err error) {
			if i != 1 {
				return addDomain(t.Context(), s, fmt.Sprintf("d%d.example.com", i))
			}
			returned, ended := true, make(chan struct{})
			go func() {
				defer close(ended)
				returned = false
				_ = s.Update(t.Context(), func(tx store.Tx) error {
					if err := tx.AddDomain(t.Context(), live.Domain{Name: "d1.example.com"}); err != nil {
						t.Error(err)
					}
					runtime.Goexit()
					return nil
				})
				returned = true
			}()
			<-ended
			if returned {
				return errors.New("it returned")
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, false, true} {
			if got := domainExists(t, s, fmt.Sprintf("d%d.example.com", i)); got != want {
				t.Errorf("update %d is there: %t, want %t", i, got, want)
			}
		}
	})
}

func TestUpdateThatWaitsIsGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		errs := hold(t, s, 2, func(i int) error {
			if i == 1 {
				cancel() // the first waits by now
				return addDomain(t.Context(), s, "second.example.com")
			}
			return s.Update(ctx, func(store.Tx) error {
				t.Error("it ran")
				return nil
			})
		})
		if !errors.Is(errs[0], context.Canceled) || errs[1] != nil {
			t.Errorf("errors %v", errs)
		}
	})
}

// Close lets run what waits.
func TestCloseWaitsForUpdates(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t, path)
		errs := hold(t, s, 3, func(i int) error {
			if i == 1 {
				return s.Close()
			}
			return addDomain(t.Context(), s, fmt.Sprintf("d%d.example.com", i))
		})
		if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], store.ErrClosed) {
			t.Errorf("errors %v, want that of the last alone", errs)
		}
		if !domainExists(t, openTest(t, path), "d0.example.com") {
			t.Error("what had waited is not there")
		}
	})
}
