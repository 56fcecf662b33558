package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// A stmt is a statement that a connection keeps prepared. One run of it is over
// before the next begins, so its buffers serve them all.
type stmt struct {
	driverStmt
	params []int               // which argument each ? stands for, from 1
	args   []driver.NamedValue // those of a run, one for each ?
	row    []driver.Value      // the row that a run is at
}

// A driverStmt is what every statement of the driver is.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// newStmt compiles a statement with parameters $1, $2, …. The driver gets them as
// ?: a parameter with a name it would look up by that name in every run.
func newStmt(c driver.Conn, query string) (*stmt, error) {
	text, params := positional(query)
	s, err := c.Prepare(text)
	if err != nil {
		return nil, err
	}
	args := make([]driver.NamedValue, len(params))
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return &stmt{driverStmt: s.(driverStmt), params: params, args: args}, nil
}

// exec runs the statement and returns how many rows it changed.
func (s *stmt) exec(ctx context.Context, args []any) (affected int64, err error) {
	if err := s.bind(args); err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, s.args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query runs the statement as far as its first row.
func (s *stmt) query(ctx context.Context, args []any) (*rows, error) {
	if err := s.bind(args); err != nil {
		return nil, err
	}
	r, err := s.QueryContext(ctx, s.args)
	if err != nil {
		return nil, err
	}
	if s.row == nil {
		s.row = make([]driver.Value, len(r.Columns()))
	}
	return &rows{rows: r, values: s.row}, nil
}

// value runs the statement, which has no parameters, and scans the one value that
// it returns.
func (s *stmt) value(ctx context.Context, dest any) error {
	rows, err := s.query(ctx, nil)
	if err != nil {
		return err
	}
	if !rows.Next() {
		return errors.Join(cmp.Or(rows.Err(), sql.ErrNoRows), rows.Close())
	}
	return errors.Join(rows.Scan(dest), rows.Close())
}

// bind puts the arguments in the places of the placeholders.
func (s *stmt) bind(args []any) error {
	for i, n := range s.params {
		if n > len(args) {
			return fmt.Errorf("no argument for parameter $%d", n)
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(args[n-1])
		if err != nil {
			return fmt.Errorf("argument of parameter $%d: %w", n, err)
		}
		s.args[i].Value = v
	}
	return nil
}

// token matches a parameter, and what may hold the like without being one: a
// string, a quoted name, a comment.
var token = regexp.MustCompile(`\$[1-9][0-9]*|'[^']*'|"[^"]*"|--.*|/\*(?s:.*?)\*/`)

// positional returns query with ? for each parameter $1, $2, …, and their numbers
// in the order in which they stand there.
func positional(query string) (text string, params []int) {
	text = token.ReplaceAllStringFunc(query, func(tok string) string {
		if tok[0] != '$' {
			return tok
		}
		n, _ := strconv.Atoi(tok[1:]) // too large a number is the largest, which has no argument either
		params = append(params, n)
		return "?"
	})
	return text, params
}
