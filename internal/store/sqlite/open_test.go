package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
	"tallylight/internal/store/storetest"
)

// Versions before 3.51.3 can lose a write when two connections reset the log.
func TestLibraryIsNewEnough(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	var version string
	if err := s.writer.conn.value(t.Context(), &version, "SELECT sqlite_version()"); err != nil {
		t.Fatal(err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatal(err)
	}
	if got := major*1e6 + minor*1e3 + patch; got < 3_051_003 {
		t.Errorf("SQLite %s, want 3.51.3 or newer", version)
	}
}

func TestConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	reader := <-s.readers
	defer func() { s.readers <- reader }()
	for _, test := range []struct {
		conn         *conn
		pragma, want string
	}{
		{s.writer.conn, "journal_mode", "wal"},
		{s.writer.conn, "synchronous", "2"}, // FULL
		{s.writer.conn, "foreign_keys", "1"},
		{s.writer.conn, "busy_timeout", "5000"},
		{s.writer.conn, "wal_autocheckpoint", "1000"},
		{s.writer.conn, "query_only", "0"},
		{reader, "query_only", "1"},
		{reader, "wal_autocheckpoint", "0"}, // only the writer moves the log
		{reader, "busy_timeout", "5000"},
	} {
		var got sql.NullString
		if err := test.conn.value(t.Context(), &got, "PRAGMA "+test.pragma); err != nil {
			t.Fatal(err)
		}
		if got.String != test.want {
			t.Errorf("%s = %s, want %s", test.pragma, got.String, test.want)
		}
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	path := filepath.Join(t.TempDir(), "store.db")
	s := openTest(t, path)
	if err := addDomain(t.Context(), s, "a.example.com"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("mode of %s is %o, want 600", info.Name(), got)
		}
	}
}

func TestPathMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b#c%20d")
	if runtime.GOOS != "windows" {
		dir += "?mode=memory&e"
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	openTest(t, path)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("no database at its path: %v", err)
	}
}

// closedDatabase returns the path of a database with content.
func closedDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	s := openTest(t, path)
	ctx := t.Context()
	err := s.Update(ctx, func(tx store.Tx) error {
		for i := range 500 {
			if err := tx.AddDomain(ctx, live.Domain{Name: fmt.Sprintf("d%d.example.com", i), Region: strings.Repeat("x", 100)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  error
	}{
		{"a text file", func(t *testing.T, path string) {
			write(t, path, []byte(strings.Repeat("not a database\n", 1000)))
		}, store.ErrDamaged},
		{"a short text file", func(t *testing.T, path string) {
			write(t, path, []byte("not a database\n"))
		}, store.ErrDamaged},
		{"a file cut short", func(t *testing.T, path string) {
			b := contents(t, path)
			write(t, path, b[:len(b)/2])
		}, store.ErrDamaged},
		{"a page overwritten", func(t *testing.T, path string) {
			b := contents(t, path)
			for i := len(b) / 2 / 4096 * 4096; i < len(b)/2/4096*4096+4096; i++ {
				b[i] = 0xaa
			}
			write(t, path, b)
		}, store.ErrDamaged},
		{"the first page overwritten", func(t *testing.T, path string) {
			b := contents(t, path)
			copy(b[100:4096], bytes.Repeat([]byte{0xaa}, 4096))
			write(t, path, b)
		}, store.ErrDamaged},
		{"a wrong count in the header", func(t *testing.T, path string) {
			b := contents(t, path)
			b[39] = 7 // free pages, of which there are none
			write(t, path, b)
		}, store.ErrDamaged},
		{"a database of another program", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			execute(t, path, "CREATE TABLE theirs (a)")
		}, store.ErrDamaged},
		{"a newer schema", func(t *testing.T, path string) {
			execute(t, path, "INSERT INTO schema_migrations VALUES ((SELECT max(version) + 1 FROM schema_migrations), 'x', 'x', 0)")
		}, store.ErrNewerSchema},
		{"a much newer schema", func(t *testing.T, path string) {
			execute(t, path, "INSERT INTO schema_migrations VALUES (9999, 'x', 'x', 0)")
		}, store.ErrNewerSchema},
		{"a migration that was another", func(t *testing.T, path string) {
			execute(t, path, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
		}, store.ErrSchemaChanged},
		{"a migration that is missing", func(t *testing.T, path string) {
			execute(t, path, "UPDATE schema_migrations SET version = 0 WHERE version = 1")
		}, store.ErrSchemaChanged},
		{"a folder", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, store.ErrUnavailable},
		{"a file in no folder", func(t *testing.T, path string) {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, fs.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := closedDatabase(t)
			test.spoil(t, path)
			s, err := Open(t.Context(), path, Options{})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open: %v, want %v and the path", err, test.want)
			}
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "store.db"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, want context.Canceled", err)
	}
}

func TestCheckThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	s := openTest(t, closedDatabase(t))
	if err := check(t.Context(), s.writer.conn, 0); err != nil {
		t.Errorf("check without time: %v", err)
	}
}

// The harness of upgrades: a database of each earlier version, and an empty one,
// must become what a new one is.
func TestUpgradeFromEveryVersion(t *testing.T) {
	t.Parallel()
	all, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		t.Fatal(err)
	}
	want := schema(t, openTest(t, filepath.Join(t.TempDir(), "new.db")))
	for version := range all {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			old, err := open(t.Context(), path, Options{}, all[:version])
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			var told []string
			o := Options{Upgrading: func(migration string) { told = append(told, migration) }}
			for range 2 { // the second time nothing is left to do
				s, err := Open(t.Context(), path, o)
				if err != nil {
					t.Fatal(err)
				}
				if got := schema(t, s); got != want {
					t.Errorf("schema after the upgrade from version %d:\n%s\nwant:\n%s", version, got, want)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if want := storetest.Told(all, version); !slices.Equal(told, want) {
				t.Errorf("told of %q, want %q", told, want)
			}
		})
	}
}

func TestContentOfEarlierVersionsIsKept(t *testing.T) {
	t.Parallel()
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range storetest.Upgrades {
		t.Run(u.Name, func(t *testing.T) {
			t.Parallel()
			at := filepath.Join(t.TempDir(), "store.db")
			s, err := open(t.Context(), at, Options{}, migrations[:u.Version])
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.writer.conn.exec(u.SQL)
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			u.Check(t, openTest(t, at))
		})
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"0001_first.sql":  {Data: []byte("CREATE TABLE a (b); INSERT INTO a VALUES (1);")},
		"0002_second.sql": {Data: []byte("INSERT INTO a VALUES (2); INSERT INTO missing VALUES (3);")},
	}
	migrations, err := sqlstore.Migrations(files)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store.db")
	for range 2 {
		if _, err := open(t.Context(), path, Options{}, migrations); err == nil || !strings.Contains(err.Error(), "0002_second.sql") {
			t.Fatalf("open: %v, want an error that names the migration", err)
		}
	}
	s, err := open(t.Context(), path, Options{}, migrations[:1])
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var sum int
	if err := s.writer.conn.value(t.Context(), &sum, "SELECT sum(b) FROM a"); err != nil || sum != 1 {
		t.Errorf("sum %d, %v; want what the first migration wrote", sum, err)
	}
}

// schema returns the statements that would make the database.
func schema(t *testing.T, s *Store) string {
	t.Helper()
	var text string
	if err := s.writer.conn.value(t.Context(), &text, "SELECT group_concat(sql, char(10) ORDER BY name) FROM sqlite_schema"); err != nil {
		t.Fatal(err)
	}
	return text
}

// execute runs a statement on a database that is not open.
func execute(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
