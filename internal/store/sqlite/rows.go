package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// rows are the rows of a query, read one after the other.
type rows struct {
	rows   driver.Rows
	values []driver.Value // of the row that Next has gone to
	err    error          // what ended Next; io.EOF at the end
	closed bool
}

// Next implements sqlstore.Rows.
func (r *rows) Next() bool {
	if r.err == nil {
		r.err = r.rows.Next(r.values)
	}
	return r.err == nil
}

// Scan implements sqlstore.Rows.
func (r *rows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("scan %d columns into %d variables", len(r.values), len(dest))
	}
	for i, v := range r.values {
		if err := assign(dest[i], v); err != nil {
			return fmt.Errorf("scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// Err implements sqlstore.Rows.
func (r *rows) Err() error {
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// Close implements sqlstore.Rows. The statement can run again then; to close
// again would end that run.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}

// assign stores a value of SQLite where dest points to: an sql.Scanner takes any,
// a variable of kind string a text, one of an integer kind an integer that it can
// hold, one of kind bool 0 or 1, and a []byte a blob.
func assign(dest any, value driver.Value) error {
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(value)
	}
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("%T is not a pointer to a variable", dest)
	}
	switch d := p.Elem(); v := value.(type) {
	case string:
		if d.Kind() == reflect.String {
			d.SetString(v)
			return nil
		}
	case int64:
		switch {
		case d.CanInt() && !d.OverflowInt(v):
			d.SetInt(v)
			return nil
		case d.Kind() == reflect.Bool && (v == 0 || v == 1):
			d.SetBool(v == 1)
			return nil
		}
	case []byte:
		if b, ok := dest.(*[]byte); ok {
			*b = v
			return nil
		}
	}
	return fmt.Errorf("%T does not go into a %T", value, dest)
}
