package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// maxRuns is how often an Update is run before it is given up: each time but the
// last, PostgreSQL has ended it in favour of another one.
const maxRuns = 10

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.running.Done()
	owed, err := s.update(ctx, fn, true)
	if err != nil || len(owed) == 0 {
		return err
	}
	err = s.joint.write(ctx, owed)
	if errors.Is(err, errApart) {
		_, err = s.update(ctx, fn, false)
	}
	return err
}

// update runs an Update in a transaction of its own. If it may join, and has done
// nothing but owe, nothing is written, and what it owes is returned.
func (s *Store) update(ctx context.Context, fn func(store.Tx) error, join bool) (owed []*store.Owing, err error) {
	err = run(func(first bool) (again bool, err error) {
		owed, again, err = s.updateOnce(ctx, fn, first, join)
		return again, err
	})
	return owed, err
}

// View implements store.Store. Its snapshot is taken by the first statement of
// fn.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.running.Done()
	return run(func(first bool) (again bool, err error) { return s.viewOnce(ctx, fn, first) })
}

// run runs a transaction until it need not run again, maxRuns times at most.
func run(once func(first bool) (again bool, err error)) error {
	for run := 1; ; run++ {
		again, err := once(run == 1)
		if !again || run == maxRuns {
			return err
		}
	}
}

// updateOnce runs an Update in a transaction, and reports whether to run it
// again: nothing was written then.
func (s *Store) updateOnce(ctx context.Context, fn func(store.Tx) error, first, join bool) (owed []*store.Owing, again bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	session := &session{limit: maxStatement, begin: "BEGIN ISOLATION LEVEL READ COMMITTED"}
	var c *pgxpool.Conn // what only owes needs none
	session.acquire = func(ctx context.Context) (_ *pgx.Conn, err error) {
		if c, err = s.acquire(ctx); err != nil {
			return nil, err
		}
		return c.Conn(), nil
	}
	ended := false
	defer func() { // and not just on return: fn may panic or end its goroutine
		session.err = errEnded
		if !ended {
			session.rollback()
		}
		if c != nil {
			c.Release()
		}
	}()
	tx := newTx(session, s.node, join)
	if err := fn(tx); err != nil {
		return nil, s.again(session, first), err
	}
	if session.err != nil {
		return nil, s.again(session, first), session.err
	}
	ended = true
	if session.begin != "" { // fn ran no statement
		return tx.owed, false, nil
	}
	err = commit(session.conn)
	return nil, conflict(err), err
}

// viewOnce runs a View in a transaction, and reports whether to run it again.
func (s *Store) viewOnce(ctx context.Context, fn func(store.Reader) error, first bool) (again bool, err error) {
	c, err := s.acquire(ctx)
	if err != nil {
		return false, err
	}
	tx := &session{conn: c.Conn(), limit: maxStatement, begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
	defer func() {
		tx.err = errEnded
		tx.rollback()
		c.Release() // the pool does not keep one that is closed or in a transaction
	}()
	if err := fn(sqlstore.NewReader(tx, dialect, s.node)); err != nil {
		return s.again(tx, first), err
	}
	return s.again(tx, first), tx.err
}

// acquire takes a connection of the pool; the caller releases it.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, classifyConnect(ctx, err)
	}
	return c, nil
}

// again reports whether a transaction that failed is to run again: it had to make
// way for another, or the first run of it found its connection lost before it had
// begun.
func (s *Store) again(tx *session, first bool) bool {
	if tx.lost && first {
		s.pool.Reset() // a restart of the database has ended the others, too
		return true
	}
	return conflict(tx.err)
}

// commit ends a transaction. The caller's context is none of its business: to
// give up waiting for the answer would leave the outcome unknown.
func commit(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), maxStatement)
	defer cancel()
	if conn.IsClosed() {
		return fmt.Errorf("%w: commit: connection to the database lost", store.ErrUnavailable)
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err != nil {
		return classifyCommit(err)
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("%w: commit: the database answered %s", store.ErrUnavailable, tag)
	}
	return nil
}

// rollback gives up what has begun.
func (s *session) rollback() {
	if s.begin == "" {
		rollback(s.conn)
	}
}

// rollback gives a transaction up. Where that fails, the end of its connection
// does it.
func rollback(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), maxStatement)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
}
