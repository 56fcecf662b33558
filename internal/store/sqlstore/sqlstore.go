// Package sqlstore holds the SQL that the backends of package store share: the
// statements, the shape of the rows, the migrations' bookkeeping. A backend
// brings connections and transactions, and embeds Reader and Tx.
//
// Statements are written in what SQLite and PostgreSQL both understand, with
// parameters $1, $2, …; the Dialect has the exceptions. Times are whole microseconds since 1970 UTC, the zero time NULL.
// Durations are nanoseconds. What is never searched is JSON.
package sqlstore

import (
	"context"

	"tallylight/internal/store"
)

// A Conn runs statements in the transaction of one Update or View. It serves
// one goroutine.
type Conn interface {
	// Exec runs a statement and returns how many rows it changed. Without
	// arguments, query may hold several statements.
	Exec(ctx context.Context, query string, args ...any) (affected int64, err error)
	// Query runs a statement that returns rows. They must be closed before the
	// next statement.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Rows are the rows of a query, read one after the other.
type Rows interface {
	// Next goes to the next row, the first one at first, and reports whether
	// there is one.
	Next() bool
	// Scan reads the columns of the row, each into an sql.Scanner or into a variable
	// of its kind: a text, an integer, a truth value, bytes. NULL needs a Scanner.
	Scan(dest ...any) error
	// Err returns the error that ended Next, if one did.
	Err() error
	// Close ends the query, be there rows left or not.
	Close() error
}

// A Reader implements store.Reader on a transaction.
type Reader struct {
	conn    Conn
	dialect *Dialect
	node    string
}

// NewReader returns a Reader that reads through c, for the node of that name,
// which is empty where there is but one.
func NewReader(c Conn, d *Dialect, node string) *Reader { return &Reader{c, d, node} }

// A Tx implements store.Tx on a read-write transaction.
type Tx struct{ Reader }

// NewTx returns a Tx that reads and writes through c. What it makes belongs to
// the node of that name, which is empty where there is but one.
func NewTx(c Conn, d *Dialect, node string) *Tx { return &Tx{Reader{c, d, node}} }

var (
	_ store.Reader = (*Reader)(nil)
	_ store.Tx     = (*Tx)(nil)
)
