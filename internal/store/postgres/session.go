package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"tallylight/internal/store/sqlstore"
)

// errEnded is what a Tx or Reader that was kept beyond its end answers.
var errEnded = errors.New("store: used after the end of its transaction")

// A session is a sqlstore.Conn for one transaction. Its first error stays:
// PostgreSQL refuses whatever follows one.
type session struct {
	conn  *pgx.Conn
	limit time.Duration // of a statement; 0 for none
	err   error
}

// Exec implements sqlstore.Conn.
func (s *session) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	bounded, cancel := s.bound(ctx)
	defer cancel()
	tag, err := s.conn.Exec(bounded, query, storable(args)...)
	return tag.RowsAffected(), s.keep(ctx, err)
}

// Query implements sqlstore.Conn.
func (s *session) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := s.bound(ctx)
	r, err := s.conn.Query(bounded, query, storable(args)...)
	if err != nil {
		cancel()
		return nil, s.keep(ctx, err)
	}
	return &rows{Rows: r, session: s, ctx: ctx, cancel: cancel}, nil
}

// row scans the row of a query that returns one.
func (s *session) row(ctx context.Context, dest []any, query string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.keep(ctx, s.conn.QueryRow(ctx, query).Scan(dest...))
}

func (s *session) ready(ctx context.Context) error {
	if s.err == nil {
		s.err = ctx.Err()
	}
	return s.err
}

func (s *session) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.limit == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.limit)
}

// keep classifies and keeps an error of a statement that ran under ctx.
func (s *session) keep(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // whatever its end made of the statement
		s.err = fmt.Errorf("%w: %w", ctx.Err(), err)
	default:
		s.err = classify(err, s.conn.IsClosed())
	}
	return s.err
}

// storable returns args with texts that PostgreSQL can keep.
func storable(args []any) []any {
	kept := args
	for i, arg := range args {
		text, ok := arg.(string)
		if !ok || utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
			continue
		}
		if &kept[0] == &args[0] { // the caller's own
			kept = append([]any(nil), args...)
		}
		kept[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	}
	return kept
}

// rows tell their session of an error.
type rows struct {
	pgx.Rows
	session *session
	ctx     context.Context // of the query: whose end explains an error
	cancel  context.CancelFunc
	err     error
}

// Err implements sqlstore.Rows.
func (r *rows) Err() error {
	if r.err == nil {
		r.err = r.session.keep(r.ctx, r.Rows.Err())
	}
	return r.err
}

// Close implements sqlstore.Rows.
func (r *rows) Close() error {
	r.Rows.Close()
	r.cancel()
	return r.Err()
}
