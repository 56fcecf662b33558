//go:build unix

package outbox

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/postgres/pgtest"
	"tallylight/internal/store/sqlite"
)

// A backend is a kind of database.
type backend struct {
	name     string
	database func(t *testing.T) string // makes one: a file's name or a URL
	// afterKill opens what a killed process left behind, without mending it for the
	// next.
	afterKill func(t *testing.T, database string) store.Store
}

var backends = []backend{
	{
		name:     "SQLite",
		database: func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") },
		afterKill: func(t *testing.T, database string) store.Store {
			t.Helper()
			copied := filepath.Join(t.TempDir(), "copy.db")
			for _, suffix := range []string{"", "-wal"} {
				copyFile(t, database+suffix, copied+suffix)
			}
			return join(t, copied)
		},
	},
	{
		name:      "PostgreSQL",
		database:  func(t *testing.T) string { return pgtest.Start(t) },
		afterKill: join,
	},
}

func isURL(database string) bool { return strings.HasPrefix(database, "postgres:") }

// open opens a database as the process that is killed does.
func open(ctx context.Context, database string) (store.Store, error) {
	if isURL(database) {
		return postgres.Open(ctx, database, postgres.Options{Node: "outbox"})
	}
	return sqlite.Open(ctx, database, sqlite.Options{})
}

// join opens a database as a guest.
func join(t *testing.T, database string) store.Store {
	t.Helper()
	var s store.Store
	var err error
	if isURL(database) {
		s, err = postgres.Join(t.Context(), database)
	} else {
		s, err = sqlite.Join(t.Context(), database)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// leave closes the store of a guest.
func leave(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
