package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	conn    *pgx.Conn
	acquire func(context.Context) (*pgx.Conn, error) // gives conn to the first statement; nil where conn is set
	first   func(context.Context) error              // runs before the first statement; may be nil
	limit   time.Duration                            // of a statement; 0 for none
	begin   string                                   // sent with the first statement; empty once it is, or where it was
	lost    bool                                     // the connection was, by the first statement: nothing has begun
	err     error
}

// Exec implements sqlstore.Conn.
func (s *session) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	bounded, cancel := s.bound(ctx)
	defer cancel()
	if s.begin != "" {
		sent := s.sendFirst(bounded, query, storable(args))
		tag, err := sent.Exec()
		return tag.RowsAffected(), s.keepFirst(ctx, bounded, cmp.Or(err, sent.Close()))
	}
	tag, err := s.conn.Exec(bounded, query, storable(args)...)
	return tag.RowsAffected(), s.keep(ctx, err)
}

// Query implements sqlstore.Conn.
func (s *session) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := s.bound(ctx)
	if s.begin != "" {
		sent := s.sendFirst(bounded, query, storable(args))
		r, err := sent.Query()
		if err != nil {
			err = s.keepFirst(ctx, bounded, err)
			_ = sent.Close() // the error is known
			cancel()
			return nil, err
		}
		return &rows{Rows: r, session: s, ctx: ctx, done: func() { _ = sent.Close(); cancel() }}, nil
	}
	r, err := s.conn.Query(bounded, query, storable(args)...)
	if err != nil {
		cancel()
		return nil, s.keep(ctx, err)
	}
	return &rows{Rows: r, session: s, ctx: ctx, done: cancel}, nil
}

// sendFirst sends BEGIN and a statement on one way to the database, and returns
// the results from that of the statement on.
func (s *session) sendFirst(ctx context.Context, query string, args []any) pgx.BatchResults {
	var b pgx.Batch
	b.Queue(s.begin)
	b.Queue(query, args...)
	s.begin = ""
	sent := s.conn.SendBatch(ctx, &b)
	_, _ = sent.Exec() // its error is that of the statement, too
	return sent
}

// keepFirst is keep for the first statement, which ran under bounded, made of ctx.
func (s *session) keepFirst(ctx, bounded context.Context, err error) error {
	s.lost = err != nil && bounded.Err() == nil && s.conn.IsClosed()
	return s.keep(ctx, err)
}

// row scans the row of a query that returns one.
func (s *session) row(ctx context.Context, dest []any, query string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.keep(ctx, s.conn.QueryRow(ctx, query).Scan(dest...))
}

// ready sees that a statement can be run.
func (s *session) ready(ctx context.Context) error {
	if s.err == nil {
		s.err = ctx.Err()
	}
	if first := s.first; s.err == nil && first != nil {
		s.first = nil
		s.err = first(ctx)
	}
	if s.err == nil && s.conn == nil {
		s.conn, s.err = s.acquire(ctx)
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
	keep := func(i int, arg any) {
		if &kept[0] == &args[0] { // the caller's own
			kept = append([]any(nil), args...)
		}
		kept[i] = arg
	}
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			if !isStorable(arg) {
				keep(i, storableText(arg))
			}
		case []string:
			if bad := func(text string) bool { return !isStorable(text) }; slices.ContainsFunc(arg, bad) {
				texts := make([]string, len(arg))
				for j, text := range arg {
					texts[j] = storableText(text)
				}
				keep(i, texts)
			}
		}
	}
	return kept
}

func isStorable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

func storableText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// rows tell their session of an error.
type rows struct {
	pgx.Rows
	session *session
	ctx     context.Context // of the query: whose end explains an error
	done    func()          // ends the query
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
	r.done()
	return r.Err()
}
