package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A scanner reads the columns of one row into a T.
type scanner[T any] func(scan func(dest ...any) error) (T, error)

// all returns the rows of a query.
func all[T any](ctx context.Context, c Conn, read scanner[T], query string, args ...any) (list []T, err error) {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		list = append(list, v)
	}
	return list, errors.Join(rows.Err(), rows.Close())
}

// one returns the row of a query that yields at most one; missing is the error
// where it yields none.
func one[T any](ctx context.Context, c Conn, missing error, read scanner[T], query string, args ...any) (T, error) {
	list, err := all(ctx, c, read, query, args...)
	if err != nil || len(list) == 0 {
		var zero T
		if err == nil {
			err = missing
		}
		return zero, err
	}
	return list[0], nil
}

// value scans a row of one column.
func value[T any](scan func(...any) error) (v T, err error) {
	err = scan(&v)
	return v, err
}

// change runs a statement that changes one row; unchanged is the error where it
// changes none.
func change(ctx context.Context, c Conn, unchanged error, query string, args ...any) error {
	n, err := c.Exec(ctx, query, args...)
	if err == nil && n == 0 {
		return unchanged
	}
	return err
}

// micros returns how a time is stored.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// microsOrNil is micros for an array.
func microsOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

// stored returns t as it will be read back.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// timeColumn scans what micros stores.
type timeColumn struct{ t *time.Time }

func (c timeColumn) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*c.t = time.Time{}
	case int64:
		*c.t = time.UnixMicro(src).UTC()
	default:
		return fmt.Errorf("a time is stored as %T, want an integer", src)
	}
	return nil
}

// encode returns v as JSON text.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// encodeStrings returns list as a JSON array.
func encodeStrings[T ~string](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil // what nearly every call has
	}
	return encode(list)
}

// jsonColumn scans JSON text into what v points to.
type jsonColumn struct{ v any }

func (c jsonColumn) Scan(src any) error {
	switch src := src.(type) {
	case string:
		return json.Unmarshal([]byte(src), c.v)
	case []byte:
		return json.Unmarshal(src, c.v)
	default:
		return fmt.Errorf("JSON is stored as %T, want text", src)
	}
}
