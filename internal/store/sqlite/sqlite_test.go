package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"tallylight/internal/store"
	"tallylight/internal/store/storetest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Backend {
		path := filepath.Join(t.TempDir(), "store.db")
		s := openTest(t, path)
		// Without checkpoints the files can be copied one after the other: the log
		// only grows, and at most its end is torn.
		if _, err := s.writer.conn.exec("PRAGMA wal_autocheckpoint = 0"); err != nil {
			t.Fatal(err)
		}
		return storetest.Backend{
			Store:   s,
			Updates: 1,
			Beside:  func(t *testing.T) store.Store { return joinTest(t, path) },
			Node: func(t *testing.T, name string) store.Store {
				return joinAs(t, path, name)
			},
			Reopen: func(t *testing.T) store.Store {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				return openTest(t, path)
			},
			Crash: func(t *testing.T) store.Store { return openTest(t, copyDatabase(t, path)) },
		}
	})
}

// openTest opens a database that closes with the test.
func openTest(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// copyDatabase copies the files of a database.
func copyDatabase(t testing.TB, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
