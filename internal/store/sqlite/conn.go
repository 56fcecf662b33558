package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// A conn is one connection to the database with the statements prepared on it,
// which are as many as the program has. It serves one goroutine at a time.
//
// It uses the driver itself. Package database/sql, with its pool, locks and
// conversions for any driver, would be a good part of what an Update costs.
type conn struct {
	c     driver.Conn
	node  string // see Options
	stmts map[string]*stmt
}

// newConn opens a connection and runs the pragmas on it.
func newConn(ctx context.Context, connector driver.Connector, pragmas ...string) (*conn, error) {
	c, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	cn := &conn{c: c, stmts: make(map[string]*stmt)}
	for _, p := range pragmas {
		if _, err := cn.exec("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("pragma %s: %w", p, err), cn.close())
		}
	}
	return cn, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// Statements run without the caller's context. To interrupt a statement that
// writes rolls back the whole transaction, which Updates of others share; and
// to watch a context costs a goroutine a statement. They are short.

func (c *conn) stmt(query string) (*stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := newStmt(c.c, query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(query string, args ...any) (affected int64, err error) {
	s, err := c.stmt(query)
	if err != nil {
		return 0, err
	}
	return s.exec(context.Background(), args)
}

func (c *conn) query(query string, args ...any) (*rows, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.query(context.Background(), args)
}

// value scans the row of a query that returns one value. It is for queries that
// run once, and may take long: ctx ends them.
func (c *conn) value(ctx context.Context, dest any, query string) error {
	s, err := newStmt(c.c, query)
	if err != nil {
		return err
	}
	return errors.Join(s.value(ctx, dest), s.Close())
}

// inTx runs fn in a read-write transaction of its own.
func (c *conn) inTx(_ context.Context, fn func(sqlstore.Conn) error) error {
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := fn(&session{conn: c})
	if err == nil {
		_, err = c.exec("COMMIT")
	}
	if err != nil {
		_, _ = c.exec("ROLLBACK") // fails where SQLite has rolled back by itself
	}
	return err
}

// view runs fn in a read-only transaction. Its snapshot is taken by the first
// statement of fn.
func (c *conn) view(ctx context.Context, fn func(store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := c.exec("BEGIN"); err != nil {
		return classify(err)
	}
	s := &session{conn: c}
	defer func() {
		s.err = errEnded
		_, _ = c.exec("ROLLBACK") // fails where SQLite has rolled back by itself
	}()
	if err := fn(sqlstore.NewReader(s, dialect, c.node)); err != nil {
		return err
	}
	return s.err
}

// errEnded is what a Tx or Reader that was kept beyond its end answers.
var errEnded = errors.New("store: used after the end of its transaction")

// A session is a sqlstore.Conn for one Update or View. Its first error stays:
// after some of them SQLite has rolled the transaction back, and a statement
// that ran then would be a transaction of its own.
type session struct {
	conn  *conn
	err   error
	wrote bool // something was changed, or a statement failed, which may undo others
}

// Exec implements sqlstore.Conn.
func (s *session) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	n, err := s.conn.exec(query, args...)
	s.wrote = s.wrote || n > 0
	return n, s.keep(err)
}

// Query implements sqlstore.Conn.
func (s *session) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.wrote = s.wrote || !strings.HasPrefix(query, "SELECT ")
	r, err := s.conn.query(query, args...)
	if err != nil {
		return nil, s.keep(err)
	}
	return &sessionRows{r, s}, nil
}

func (s *session) ready(ctx context.Context) error {
	if s.err == nil {
		s.err = ctx.Err()
	}
	return s.err
}

func (s *session) keep(err error) error {
	if err == nil {
		return nil
	}
	s.err, s.wrote = classify(err), true
	return s.err
}

// sessionRows tell their session of an error.
type sessionRows struct {
	*rows
	session *session
}

// Err implements sqlstore.Rows.
func (r *sessionRows) Err() error { return r.session.keep(r.rows.Err()) }

// Close implements sqlstore.Rows.
func (r *sessionRows) Close() error { return r.session.keep(r.rows.Close()) }
