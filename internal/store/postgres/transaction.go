package postgres

import (
	"context"
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
	for run := 1; ; run++ {
		again, err := s.updateOnce(ctx, fn)
		if !again || run == maxRuns {
			return err
		}
	}
}

// updateOnce runs an Update in a transaction, and reports whether to run it
// again: nothing was written then.
func (s *Store) updateOnce(ctx context.Context, fn func(store.Tx) error) (again bool, err error) {
	c, err := s.begin(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED")
	if err != nil {
		return false, err
	}
	tx := &session{conn: c.Conn(), limit: maxStatement}
	ended := false
	defer func() { // and not just on return: fn may panic or end its goroutine
		tx.err = errEnded
		if !ended {
			rollback(c.Conn())
		}
		c.Release()
	}()
	if err := fn(sqlstore.NewTx(tx, dialect, s.node)); err != nil {
		return conflict(tx.err), err
	}
	if tx.err != nil {
		return conflict(tx.err), tx.err
	}
	ended = true
	err = commit(c.Conn())
	return conflict(err), err
}

// View implements store.Store. Its snapshot is taken by the first statement of
// fn.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.running.Done()
	c, err := s.begin(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err != nil {
		return err
	}
	tx := &session{conn: c.Conn(), limit: maxStatement}
	defer func() {
		tx.err = errEnded
		rollback(c.Conn())
		c.Release()
	}()
	if err := fn(sqlstore.NewReader(tx, dialect)); err != nil {
		return err
	}
	return tx.err
}

// begin begins a transaction on a connection of the pool; the caller releases it.
func (s *Store) begin(ctx context.Context, how string) (*pgxpool.Conn, error) {
	for retried := false; ; retried = true {
		c, err := s.pool.Acquire(ctx)
		if err != nil {
			return nil, classifyConnect(ctx, err)
		}
		tx := &session{conn: c.Conn(), limit: maxStatement}
		if _, err = tx.Exec(ctx, how); err == nil {
			return c, nil
		}
		lost := c.Conn().IsClosed()
		c.Release() // the pool does not keep one that is closed or in a transaction
		if !lost || retried || ctx.Err() != nil {
			return nil, err
		}
		s.pool.Reset() // a restart of the database has ended the others, too
	}
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

// rollback gives a transaction up. Where that fails, the end of its connection
// does it.
func rollback(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), maxStatement)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
}
