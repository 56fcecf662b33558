package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

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

// errExited is what an Update is told whose fn has ended its goroutine.
var errExited = errors.New("store: an update has ended its goroutine")

// A writer runs Updates on the one connection that writes, and commits them in
// groups, because a commit costs a sync of the disk however much it holds. Its
// goroutine runs one waiting Update after the other. When none waits, the group is
// committed and then answered.
//
// Few Updates fail once they have written something, and a savepoint around each
// would cost as much as what many of them write. So there is none, and where one
// fails the group is undone and its others run again. The groups that follow have
// savepoints, until one in which none has failed.
type writer struct {
	conn   *conn
	commit func() error // COMMIT; tests replace it

	mu      sync.Mutex
	waiting []*update
	closed  bool          // no more Updates are taken
	wake    chan struct{} // something waits, or closed; has room for one
	done    chan struct{} // closed when the goroutine has ended

	// The goroutine has these.
	taken   []*update // that waited
	at      int       // how many of taken were run
	group   []*update // whose outcome is that of the commit
	open    bool      // a transaction is open
	undone  bool      // it cannot be committed
	failed  bool      // an Update of this group has failed once it had written
	careful bool      // the Updates of this group have savepoints
}

// An update is one that waits, is run or is to be committed.
type update struct {
	ctx     context.Context
	fn      func(store.Tx) error
	claimed atomic.Bool // the writer runs it, or its caller has given it up
	runs    int
	ended   chan outcome // has room for one
}

// An outcome is what became of an Update.
type outcome struct {
	err   error
	panic any // that fn has ended with
}

func newWriter(c *conn) *writer {
	w := &writer{conn: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	w.commit = func() error { return w.command("COMMIT") }
	return w
}

// update implements store.Store's Update.
func (w *writer) update(ctx context.Context, fn func(store.Tx) error) error {
	u := &update{ctx: ctx, fn: fn, ended: make(chan outcome, 1)}
	if !w.enqueue(u) {
		return store.ErrClosed
	}
	var o outcome
	select {
	case o = <-u.ended:
	case <-ctx.Done():
		if u.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		o = <-u.ended
	}
	switch {
	case o.panic != nil:
		panic(o.panic)
	case o.err == errExited:
		runtime.Goexit()
	}
	return o.err
}

// enqueue has u run, unless the writer is closed.
func (w *writer) enqueue(u *update) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.waiting = append(w.waiting, u)
	w.rouse()
	return true
}

// close ends the goroutine once the Updates that wait are run.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.rouse()
	w.mu.Unlock()
	<-w.done
}

// rouse has the goroutine look at what waits.
func (w *writer) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run lets Updates run and commits them, until the writer is closed.
func (w *writer) run() {
	exited := true
	defer func() {
		if exited { // a fn has ended this goroutine
			w.endGroup()
			go w.run()
		}
	}()
	for u := w.first(); u != nil; u = w.first() {
		w.perform(u)
		for n := 1; n < maxGroup && !w.undone; n++ {
			if u = w.another(); u == nil {
				break
			}
			w.perform(u)
		}
		w.endGroup()
	}
	exited = false
	close(w.done)
}

// first waits for an Update and returns it, or nil once the writer is closed.
func (w *writer) first() *update {
	for {
		u, closed := w.next()
		if u != nil || closed {
			return u
		}
		<-w.wake
	}
}

// another returns another Update that waits, or nil.
func (w *writer) another() *update {
	u, _ := w.next()
	if u == nil {
		// Those whom the last commit answered may be on their way back.
		runtime.Gosched()
		u, _ = w.next()
	}
	return u
}

// next takes the Update that has waited longest, if there is one.
func (w *writer) next() (u *update, closed bool) {
	if w.at == len(w.taken) {
		clear(w.taken)
		w.mu.Lock()
		w.taken, w.waiting, w.at = w.waiting, w.taken[:0], 0
		closed = w.closed
		w.mu.Unlock()
	}
	if w.at == len(w.taken) {
		return nil, closed
	}
	w.at++
	return w.taken[w.at-1], false
}

// perform runs an Update and answers it if it has failed. Otherwise it is in the
// group from then on.
func (w *writer) perform(u *update) {
	if u.runs == 0 && !u.claimed.CompareAndSwap(false, true) {
		return
	}
	u.runs++
	o := outcome{err: errExited}
	defer func() {
		o.panic = recover()
		if o.err != nil || o.panic != nil {
			u.ended <- o
		} else {
			w.group = append(w.group, u)
		}
	}()
	o.err = w.inTransaction(u.ctx, u.fn)
}

// endGroup commits the group and answers it.
func (w *writer) endGroup() {
	err := w.end()
	w.careful, w.failed = w.failed, false
	var again []*update
	for _, u := range w.group {
		if err == errUndone && u.runs < maxRuns {
			again = append(again, u)
		} else {
			u.ended <- outcome{err: err}
		}
	}
	clear(w.group)
	w.group = w.group[:0]
	if len(again) > 0 {
		w.taken, w.at = append(again, w.taken[w.at:]...), 0
	}
}

// end ends the transaction, if one is open, and returns what the Updates of the
// group are told.
func (w *writer) end() error {
	if !w.open {
		return nil
	}
	var err error
	switch {
	case w.undone:
		err = errUndone
	case len(w.group) > 0:
		if err = w.commit(); err == nil {
			w.open = false
			return nil
		}
		err = classifyCommit(err)
	}
	// It fails where SQLite has rolled back by itself; then there is nothing to do.
	_ = w.command("ROLLBACK")
	w.open, w.undone = false, false
	return err
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
