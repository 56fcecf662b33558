package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"tallylight/internal/store"
)

// Codes of errors (SQLSTATE), appendix A of PostgreSQL's documentation. Those of
// two characters are classes.
const (
	classConnection = "08"
	classResources  = "53" // disk full, out of memory, too many connections
	classOperator   = "57" // shut down, cancelled, timed out

	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	readOnlyTransaction  = "25006"
	idleInTransaction    = "25P03"
	lockNotAvailable     = "55P03"
	ioError              = "58030"
	dataCorrupted        = "XX001"
	indexCorrupted       = "XX002"
)

// code returns the SQLSTATE of an error, or "" if the database did not send one.
func code(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return ""
	}
	return pg.Code
}

// conflict reports whether the database has ended a transaction in favour of
// another one, so that it can simply be run again.
func conflict(err error) bool {
	c := code(err)
	return c == serializationFailure || c == deadlockDetected
}

// classify wraps an error of a statement before the commit in the error of
// package store that it means; lost says that the connection is gone. Whatever
// the error, nothing of the transaction is written.
func classify(err error, lost bool) error {
	c := code(err)
	switch c {
	case dataCorrupted, indexCorrupted:
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	case serializationFailure, deadlockDetected, readOnlyTransaction, idleInTransaction, lockNotAvailable, ioError:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if len(c) == 5 {
		switch c[:2] {
		case classConnection, classResources, classOperator:
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	if lost {
		return fmt.Errorf("%w: connection to the database lost: %w", store.ErrUnavailable, err)
	}
	return err
}

// classifyConnect does the same for an error of connecting, or of waiting for a
// connection of the pool.
func classifyConnect(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// classifyCommit does the same for an error of COMMIT. The database refuses a
// commit with an ERROR. When it ends the connection instead (FATAL, PANIC), or the
// connection breaks, the commit may have happened: that the driver says "safe to
// retry" then is about a later step of its own.
func classifyCommit(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" {
		return fmt.Errorf("commit: %w", classify(err, false))
	}
	return fmt.Errorf("%w: commit: %w", store.ErrUncertain, err)
}
