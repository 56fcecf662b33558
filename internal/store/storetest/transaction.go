package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// addDomain adds a domain, which is how these tests leave a trace.
func addDomain(ctx context.Context, tx store.Tx, name string) error {
	return tx.AddDomain(ctx, live.Domain{Name: name})
}

// present reports whether the trace is there.
func present(t *testing.T, s store.Store, name string) bool {
	t.Helper()
	ctx := t.Context()
	err := s.View(ctx, func(r store.Reader) error {
		_, err := r.Domain(ctx, name)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrDomainNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func absent(t *testing.T, s store.Store, name string) {
	t.Helper()
	if present(t, s, name) {
		t.Errorf("domain %s is there", name)
	}
}

func testUpdateFails(t *testing.T, b Backend) {
	ctx := t.Context()
	err := b.Store.Update(ctx, func(tx store.Tx) error {
		return errors.Join(addDomain(ctx, tx, "a.example.com"), errTest)
	})
	if !errors.Is(err, errTest) {
		t.Errorf("Update returned %v, want the error of fn", err)
	}
	absent(t, b.Store, "a.example.com")
}

func testUpdatePanics(t *testing.T, b Backend) {
	ctx := t.Context()
	func() {
		defer func() {
			if p := recover(); p != errTest {
				t.Errorf("recovered %v, want what fn had panicked with", p)
			}
		}()
		b.Store.Update(ctx, func(tx store.Tx) error {
			if err := addDomain(ctx, tx, "a.example.com"); err != nil {
				t.Error(err)
			}
			panic(errTest)
		})
	}()
	absent(t, b.Store, "a.example.com")
	func() {
		defer func() { _ = recover() }()
		b.Store.View(ctx, func(store.Reader) error { panic(errTest) })
	}()
	absent(t, b.Store, "a.example.com")
}

// A test that calls t.FailNow in an fn does that.
func testUpdateEndsGoroutine(t *testing.T, b Backend) {
	ctx := t.Context()
	var wg sync.WaitGroup
	wg.Go(func() {
		b.Store.Update(ctx, func(tx store.Tx) error {
			if err := addDomain(ctx, tx, "a.example.com"); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	absent(t, b.Store, "a.example.com")
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return addDomain(ctx, tx, "b.example.com") })
}

func testErrorSticks(t *testing.T, b Backend) {
	ctx := t.Context()
	account := live.Account{ID: "1"}
	err := b.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AddAccount(ctx, account); err != nil {
			t.Error(err)
		}
		if err := tx.AddAccount(ctx, account); err == nil {
			t.Error("an account was added twice")
		}
		_ = addDomain(ctx, tx, "a.example.com")
		return nil
	})
	if err == nil {
		t.Error("Update returned nil after an error that fn had passed over")
	}
	absent(t, b.Store, "a.example.com")
	missing(t, b.Store, live.ErrAccountNotFound, func(ctx context.Context, r store.Reader) (live.Account, error) {
		return r.OwnerAccount(ctx)
	})
}

func testUpdateCancelled(t *testing.T, b Backend) {
	background := t.Context()
	begun, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range b.Updates {
		wg.Go(func() {
			err := b.Store.Update(background, func(store.Tx) error {
				begun <- struct{}{}
				<-release
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-begun
	}
	// The store is busy.
	ctx, cancel := context.WithCancel(background)
	wg.Go(func() {
		err := b.Store.Update(ctx, func(store.Tx) error {
			t.Error("a cancelled update was run")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled update returned %v", err)
		}
		close(release)
	})
	cancel()
	wg.Wait()
	for _, err := range []error{
		b.Store.Update(ctx, func(store.Tx) error { t.Error("update was run"); return nil }),
		b.Store.View(ctx, func(store.Reader) error { t.Error("view was run"); return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("returned %v, want context.Canceled", err)
		}
	}
}

func testUpdateCancelledInside(t *testing.T, b Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Store.Update(ctx, func(tx store.Tx) error {
		if err := addDomain(ctx, tx, "a.example.com"); err != nil {
			return err
		}
		cancel()
		_ = addDomain(ctx, tx, "b.example.com")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update returned %v, want context.Canceled", err)
	}
	absent(t, b.Store, "a.example.com")
}

func testUpdatesAmongFailing(t *testing.T, b Backend) {
	ctx := t.Context()
	const n = 64
	name := func(i int) string { return fmt.Sprintf("d%d.example.com", i) }
	begun := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // keeps the store busy until the others wait
		if err := b.Store.Update(ctx, func(store.Tx) error { <-begun; return nil }); err != nil {
			t.Error(err)
		}
	})
	for i := range n {
		wg.Go(func() {
			defer func() { _ = recover() }()
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if i == n-1 {
				close(begun)
			}
			err := b.Store.Update(ctx, func(tx store.Tx) error {
				if err := addDomain(ctx, tx, name(i)); err != nil {
					return err
				}
				switch i % 5 {
				case 1:
					return errTest
				case 2:
					panic(errTest)
				case 3:
					cancel()
					return addDomain(ctx, tx, "never.example.com")
				case 4: // fails on itself
					if err := tx.AddAccount(ctx, live.Account{ID: live.AccountID(fmt.Sprint(i))}); err != nil {
						return err
					}
					return tx.AddAccount(ctx, live.Account{ID: live.AccountID(fmt.Sprint(i))})
				}
				return nil
			})
			if fails := i%5 != 0; (err != nil) != fails {
				t.Errorf("update %d returned %v", i, err)
			}
		})
	}
	wg.Wait()
	for i := range n {
		if got, want := present(t, b.Store, name(i)), i%5 == 0; got != want {
			t.Errorf("domain of update %d there: %t, want %t", i, got, want)
		}
	}
}

func testUseAfterEnd(t *testing.T, b Backend) {
	ctx := t.Context()
	var kept store.Tx
	update(t, b.Store, func(_ context.Context, tx store.Tx) error { kept = tx; return nil })
	if err := addDomain(ctx, kept, "a.example.com"); err == nil {
		t.Error("a Tx writes after its end")
	}
	var reader store.Reader
	view(t, b.Store, func(_ context.Context, r store.Reader) error { reader = r; return nil })
	if _, err := reader.OpenRecordings(ctx); err == nil {
		t.Error("a Reader reads after its end")
	}
	absent(t, b.Store, "a.example.com")
}

func testViewIsSnapshot(t *testing.T, b Backend) {
	view(t, b.Store, func(ctx context.Context, r store.Reader) error {
		list, err := r.OpenRecordings(ctx)
		if err != nil {
			return err
		}
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			return tx.PutRecording(ctx, live.Recording{ID: "rec_1", State: live.RecordingActive})
		})
		again, err := r.OpenRecordings(ctx)
		if len(list) != 0 || len(again) != 0 {
			t.Errorf("a view saw %d open recordings, then %d, want none", len(list), len(again))
		}
		if _, err := r.Recording(ctx, "rec_1"); !errors.Is(err, live.ErrNotFound) {
			t.Errorf("a view saw a recording that was put after it began: %v", err)
		}
		return err
	})
}

func testViewIsCurrent(t *testing.T, b Backend) {
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("d%d-%d.example.com", i, j)
				if err := b.Store.Update(ctx, func(tx store.Tx) error { return addDomain(ctx, tx, name) }); err != nil {
					t.Error(err)
					return
				}
				err := b.Store.View(ctx, func(r store.Reader) error {
					_, err := r.Domain(ctx, name)
					return err
				})
				if err != nil {
					t.Errorf("view after the update: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func testConcurrentUpdates(t *testing.T, b Backend) {
	ctx := t.Context()
	const writers, each = 16, 50
	var mu sync.Mutex
	seen := make(map[int64]bool)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				var e live.Event
				err := b.Store.Update(ctx, func(tx store.Tx) (err error) {
					e, err = tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprintf("evt_%d_%d", i, j)), Key: show})
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[e.Seq] {
					t.Errorf("number %d was given twice", e.Seq)
				}
				seen[e.Seq] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for i, e := range read(t, b.Store, events(show, 0, writers*each+1)) {
		if e.Seq != int64(i+1) || !seen[e.Seq] {
			t.Fatalf("event %d has number %d, answered: %t", i, e.Seq, seen[e.Seq])
		}
	}
	equal(t, "number of events", len(seen), writers*each)
}

func testEventAddedByTwo(t *testing.T, b Backend) {
	ctx := t.Context()
	const each = 50
	var numbers [2][each]int64
	var wg sync.WaitGroup
	for i, s := range []store.Store{b.Store, b.Beside(t)} {
		wg.Go(func() {
			for j := range each {
				err := s.Update(ctx, func(tx store.Tx) error {
					e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprint("evt_", j)), Key: show})
					numbers[i][j] = e.Seq
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "numbers that the two were given", numbers[0], numbers[1])
	for i, e := range read(t, b.Store, events(show, 0, 2*each)) {
		equal(t, "event's number", e.Seq, int64(i+1))
	}
}

func testAddedByTwo(t *testing.T, b Backend) {
	ctx := t.Context()
	const each = 20
	var added, refused atomic.Int64
	var wg sync.WaitGroup
	for _, s := range []store.Store{b.Store, b.Beside(t)} {
		wg.Go(func() {
			for i := range each {
				err := s.Update(ctx, func(tx store.Tx) error { return addDomain(ctx, tx, fmt.Sprintf("d%d.example.com", i)) })
				switch {
				case err == nil:
					added.Add(1)
				case errors.Is(err, live.ErrDomainExists):
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if added.Load() != each || refused.Load() != each {
		t.Errorf("%d were added and %d refused, want %d each", added.Load(), refused.Load(), each)
	}
}
