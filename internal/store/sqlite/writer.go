package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"runtime"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// maxGroup is how many Updates share a commit at most.
const maxGroup = 512

// A writer runs Updates on the one connection that writes, and commits them in
// groups, because a commit costs a sync of the disk however much it holds.
//
// Its goroutine hands the connection to one waiting Update after the other. Each
// runs its fn on its caller's goroutine, inside a savepoint, and hands the
// connection back. When none waits, the group is committed and then answered.
type writer struct {
	conn   *conn
	commit func() error // COMMIT; tests replace it

	turns chan struct{}   // received by run: the connection is the sender's
	back  chan chan error // the connection comes back; whom to answer, nil for none
	quit  chan struct{}   // closed to end run
	done  chan struct{}   // closed when run has ended

	// Whoever has the connection has these.
	open   bool  // a transaction is open
	broken error // why the open transaction cannot be committed
}

func newWriter(c *conn) *writer {
	w := &writer{
		conn:  c,
		turns: make(chan struct{}),
		back:  make(chan chan error),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	w.commit = func() error { return w.command("COMMIT") }
	return w
}

// run lets Updates run and commits them, until quit is closed.
func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.turns:
			w.runGroup()
		case <-w.quit:
			return
		}
	}
}

// runGroup runs the group of the Update that has just got the connection.
func (w *writer) runGroup() {
	var group []chan error
	for n := 1; ; n++ {
		if answer := <-w.back; answer != nil {
			group = append(group, answer)
		}
		if n == maxGroup || w.broken != nil || !w.another() {
			break
		}
	}
	err := w.end(len(group) > 0)
	for _, answer := range group {
		answer <- err
	}
}

// another gives the connection to an Update that waits, and reports whether one
// does.
func (w *writer) another() bool {
	for range 2 {
		select {
		case <-w.turns:
			return true
		default:
			// Those whom the last commit answered may be on their way back.
			runtime.Gosched()
		}
	}
	return false
}

// end ends the transaction, if one is open. The error is the answer to the
// Updates in it.
func (w *writer) end(commit bool) error {
	if !w.open {
		return nil
	}
	err := w.broken
	w.open, w.broken = false, nil
	if err != nil {
		err = fmt.Errorf("%w: an update of the same commit failed: %w", store.ErrUnavailable, err)
	} else if commit {
		if err = w.commit(); err == nil {
			return nil
		}
		err = classifyCommit(err)
	}
	// It fails where SQLite has rolled back by itself; then there is nothing to do.
	_ = w.command("ROLLBACK")
	return err
}

// update implements store.Store's Update.
func (w *writer) update(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case w.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return store.ErrClosed
	}
	answer, err := w.turn(ctx, fn)
	if err != nil {
		return err
	}
	return <-answer
}

// turn runs fn and gives the connection back, come what may. When fn has
// succeeded, the answer tells what became of the commit.
func (w *writer) turn(ctx context.Context, fn func(store.Tx) error) (answer chan error, err error) {
	defer func() { w.back <- answer }()
	if err := w.inSavepoint(ctx, fn); err != nil {
		return nil, err
	}
	return make(chan error, 1), nil
}

// inSavepoint runs fn in a savepoint, which is rolled back unless fn succeeds.
func (w *writer) inSavepoint(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return classify(err)
	}
	s := &session{conn: w.conn}
	keep := false
	defer func() { // and not just on return: fn may panic or end its goroutine
		if !keep {
			w.rollback(s.err)
		}
		s.err = errEnded
	}()
	if err := fn(sqlstore.NewTx(s, dialect, "")); err != nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	if err := w.command("RELEASE one"); err != nil {
		return classify(err)
	}
	keep = true
	return nil
}

// begin sets a savepoint, in a new transaction if none is open.
func (w *writer) begin() error {
	if !w.open {
		if err := w.command("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		w.open = true
	}
	err := w.command("SAVEPOINT one")
	if err != nil {
		w.broken = err
	}
	return err
}

// rollback goes back to the savepoint. It fails after errors, cause one of them,
// at which SQLite has rolled back the transaction, and the whole group with it.
func (w *writer) rollback(cause error) {
	err := w.command("ROLLBACK TO one")
	if err == nil {
		err = w.command("RELEASE one")
	}
	if err != nil {
		w.broken = cmp.Or(cause, err)
	}
}

// command runs a statement that controls the transaction.
func (w *writer) command(query string) error {
	_, err := w.conn.exec(query)
	return err
}
