package sqlite

import (
	"context"
	"fmt"
	"runtime"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// maxGroup is how many Updates share a commit at most.
const maxGroup = 512

// maxRuns is how often an Update is run before it is given up: each time but the
// last, another one of its group has failed.
const maxRuns = 10

// errUndone is what an Update is told that was undone because of others.
var errUndone = fmt.Errorf("%w: another update of the same commit failed", store.ErrUnavailable)

// A writer runs Updates on the one connection that writes, and commits them in
// groups, because a commit costs a sync of the disk however much it holds.
//
// Its goroutine hands the connection to one waiting Update after the other. Each
// runs its fn on its caller's goroutine and hands the connection back. When none
// waits, the group is committed and then answered.
//
// Few Updates fail once they have written something, and a savepoint around each
// would cost as much as what many of them write. So there is none, and where one
// fails the group is undone and its others run again. The groups that follow have
// savepoints, until one in which none has failed.
type writer struct {
	conn   *conn
	commit func() error // COMMIT; tests replace it

	turns chan struct{}    // received by run: the connection is the sender's
	back  chan chan answer // the connection comes back; whom to answer, nil for none
	quit  chan struct{}    // closed to end run
	done  chan struct{}    // closed when run has ended

	// Whoever has the connection has these.
	open    bool // a transaction is open
	undone  bool // it cannot be committed
	failed  bool // an Update of this group has failed once it had written
	careful bool // the Updates of this group have savepoints
}

// An answer is what became of the commit of an Update. again says that nothing was
// written for no fault of its own.
type answer struct {
	again bool
	err   error
}

func newWriter(c *conn) *writer {
	w := &writer{
		conn:  c,
		turns: make(chan struct{}),
		back:  make(chan chan answer),
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
	var group []chan answer
	n := 1
	for ; ; n++ {
		if whom := <-w.back; whom != nil {
			group = append(group, whom)
		}
		if n == maxGroup || w.undone || !w.another() {
			break
		}
	}
	a := w.end(len(group) > 0)
	w.careful, w.failed = w.failed && n > 1, false
	for _, whom := range group {
		whom <- a
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

// end ends the transaction, if one is open, and returns the answer to the Updates
// in it.
func (w *writer) end(commit bool) answer {
	if !w.open {
		return answer{}
	}
	var a answer
	switch {
	case w.undone:
		a = answer{again: true, err: errUndone}
	case commit:
		err := w.commit()
		if err == nil {
			w.open = false
			return answer{}
		}
		a.err = classifyCommit(err)
	}
	// It fails where SQLite has rolled back by itself; then there is nothing to do.
	_ = w.command("ROLLBACK")
	w.open, w.undone = false, false
	return a
}

// update implements store.Store's Update.
func (w *writer) update(ctx context.Context, fn func(store.Tx) error) error {
	for run := 1; ; run++ {
		again, err := w.updateOnce(ctx, fn)
		if !again || run == maxRuns {
			return err
		}
	}
}

// updateOnce runs an Update, and reports whether to run it again: nothing was
// written then.
func (w *writer) updateOnce(ctx context.Context, fn func(store.Tx) error) (again bool, err error) {
	select {
	case w.turns <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	case <-w.quit:
		return false, store.ErrClosed
	}
	whom, err := w.turn(ctx, fn)
	if err != nil {
		return false, err
	}
	a := <-whom
	return a.again, a.err
}

// turn runs fn and gives the connection back, come what may. When fn has
// succeeded, whom is told what became of the commit.
func (w *writer) turn(ctx context.Context, fn func(store.Tx) error) (whom chan answer, err error) {
	defer func() { w.back <- whom }()
	if err := w.inTransaction(ctx, fn); err != nil {
		return nil, err
	}
	return make(chan answer, 1), nil
}

// inTransaction runs fn in the transaction of the group. What it has written is
// undone unless it succeeds.
func (w *writer) inTransaction(ctx context.Context, fn func(store.Tx) error) error {
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
			w.undo(s.wrote)
		}
		s.err = errEnded
	}()
	if err := fn(sqlstore.NewTx(s, dialect, w.conn.node)); err != nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	if err := w.release(); err != nil {
		return classify(err)
	}
	keep = true
	return nil
}

// begin begins a transaction if none is open, and sets a savepoint if there is to
// be one.
func (w *writer) begin() error {
	if !w.open {
		if err := w.command("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		w.open = true
	}
	if !w.careful {
		return nil
	}
	err := w.command("SAVEPOINT one")
	w.undone = err != nil
	return err
}

// release ends the savepoint, if there is one.
func (w *writer) release() error {
	if !w.careful {
		return nil
	}
	return w.command("RELEASE one")
}

// undo takes back what an Update wrote, if it did.
func (w *writer) undo(wrote bool) {
	if wrote {
		w.failed = true
		// Going back to the savepoint fails after errors at which SQLite has rolled
		// back the transaction, and the whole group with it.
		if !w.careful || w.command("ROLLBACK TO one") != nil {
			w.undone = true
			return
		}
	}
	if w.release() != nil {
		w.undone = true
	}
}

// command runs a statement that controls the transaction.
func (w *writer) command(query string) error {
	_, err := w.conn.exec(query)
	return err
}
