package sqlite

import (
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"

	"tallylight/internal/store"
)

// resultCode returns SQLite's primary result code of an error, or 0 if it has
// none.
func resultCode(err error) int {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.Code() & 0xff
}

// classify wraps an error of a statement in the error of package store that it
// means. Whatever the error, nothing of the transaction is written.
func classify(err error) error {
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrDamaged) {
		return err // done already
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	default:
		return err
	}
}

// classifyCommit does the same for an error of COMMIT. The last thing that a
// commit writes is the frame that makes the others count. An error of these
// codes comes before that frame is complete; after another one, such as a failed
// sync, a crash may still bring the transaction back.
func classifyCommit(err error) error {
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: commit: %w", store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%w: %w", store.ErrUncertain, err)
	}
}
