package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// joinTest joins a database; the guest leaves with the test.
func joinTest(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Join(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	return s
}

// joinAs joins a database as one of several nodes.
func joinAs(t *testing.T, path, node string) *Store {
	t.Helper()
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context(), path, Options{Readers: 1, guest: true, node: node}, migrations)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s)
	return s
}

func closeAfter(t *testing.T, s *Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func hasDomain(t *testing.T, s *Store, name string) bool {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		_, err := r.Domain(t.Context(), name)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrDomainNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestAGuestAndItsHostSeeEachOther(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	host := openTest(t, path)
	guest := joinTest(t, path)
	var writers sync.WaitGroup
	for name, s := range map[string]*Store{"host": host, "guest": guest} {
		writers.Go(func() {
			for i := range 20 {
				if err := addDomain(t.Context(), s, fmt.Sprintf("%s%d.example.com", name, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if !hasDomain(t, host, "guest19.example.com") || !hasDomain(t, guest, "host19.example.com") {
		t.Error("one does not see what the other wrote")
	}
}

func TestAGuestLeavesTheLogToItsHost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	openTest(t, path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	guest, err := Join(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1500 { // more than the pages after which a host moves the log
		if err := addDomain(t.Context(), guest, fmt.Sprintf("d%d.example.com", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := guest.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the guest has written to the database file itself")
	}
}

func TestAGuestNeedsADatabaseOfItsVersion(t *testing.T) {
	t.Parallel()
	if _, err := Join(t.Context(), filepath.Join(t.TempDir(), "store.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no database: %v", err)
	}
	path := filepath.Join(t.TempDir(), "store.db")
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context(), path, Options{}, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(t.Context(), path); err == nil {
		t.Error("joined a database of an older version")
	}
	openTest(t, path)
	joinTest(t, path)
}
