//go:build unix

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
	"tallylight/internal/store/sqlite"
	"tallylight/internal/store/sqlstore"
	"tallylight/internal/store/storetest"
)

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil string
		want  error
	}{
		{"a database of another program", "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE theirs (a int)", store.ErrDamaged},
		{"a database of another program that counts its migrations", "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE schema_migrations (version text)", store.ErrDamaged},
		{"a newer schema", "INSERT INTO schema_migrations VALUES ((SELECT max(version) + 1 FROM schema_migrations), 'x', 'x', 0)", store.ErrNewerSchema},
		{"a much newer schema", "INSERT INTO schema_migrations VALUES (9999, 'x', 'x', 0)", store.ErrNewerSchema},
		{"a migration that was another", "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1", store.ErrSchemaChanged},
		{"a migration that is missing", "UPDATE schema_migrations SET version = 0 WHERE version = 1", store.ErrSchemaChanged},
		{"a database that takes no writes", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$", store.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at := pgtest.Start(t)
			if err := openTest(t, at, Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			execute(t, at, test.spoil)
			s, err := Open(t.Context(), at, Options{})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), databaseName(t, at)) {
				t.Errorf("Open: %v, want %v and the name", err, test.want)
			}
		})
	}
}

func TestOpenRefusesAnotherEncoding(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	name := databaseName(t, at)
	execute(t, pgtest.Shared(t).URL("postgres"), "DROP DATABASE "+name)
	execute(t, pgtest.Shared(t).URL("postgres"), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'")
	if _, err := Open(t.Context(), at, Options{}); err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("Open: %v, want an error that names the encoding", err)
	}
}

func TestErrorsKeepThePassword(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{
		"postgres://user:se%63ret@" + closed + "/name",
		"postgres://user:se/cret@" + closed + "/name",
		"postgres://user:se%cret@" + closed + "/name",
		"postgres://user:secret@" + closed + "/name?sslmode=maybe",
		"postgres://user:secret@" + closed + "/name?sslrootcert=/none",
		"postgres://user:secret@host:secret/name",
		"mysql://user:secret@" + closed + "/name",
		"user=user password=secret",
		"",
	} {
		_, err := Open(t.Context(), at, Options{})
		if err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("Open(%q): %v, want an error without the password", at, err)
		}
	}
}

func TestServersThatStartTogetherUpgradeOnce(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), at, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAGuestNeedsADatabaseOfItsVersion(t *testing.T) {
	t.Parallel()
	all, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		t.Fatal(err)
	}
	at := pgtest.Start(t)
	s, err := open(t.Context(), at, Options{}, all[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(t.Context(), at); err == nil {
		t.Error("joined a database of an older version")
	}
	openTest(t, at, Options{})
	guest, err := Join(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.Close(); err != nil {
		t.Error(err)
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
			at := pgtest.Start(t)
			s, err := open(t.Context(), at, Options{}, migrations[:u.Version])
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.pool.Exec(t.Context(), u.SQL)
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			u.Check(t, openTest(t, at, Options{}))
		})
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	migrations, err := sqlstore.Migrations(fstest.MapFS{
		"0001_first.sql":  {Data: []byte("CREATE TABLE a (b int); INSERT INTO a VALUES (1);")},
		"0002_second.sql": {Data: []byte("INSERT INTO a VALUES (2); INSERT INTO missing VALUES (3);")},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := pgtest.Start(t)
	for range 2 {
		if _, err := open(t.Context(), at, Options{}, migrations); err == nil || !strings.Contains(err.Error(), "0002_second.sql") {
			t.Fatalf("open: %v, want an error that names the migration", err)
		}
	}
	var sum int
	if query(t, at, &sum, "SELECT sum(b) FROM a"); sum != 1 {
		t.Errorf("sum %d, want what the first migration wrote", sum)
	}
}

func TestConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	execute(t, at, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$")
	s := openTest(t, at+"&lock_timeout=7s", Options{})
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for setting, want := range map[string]string{
		"synchronous_commit":                  "on", // whatever the database says: commits are durable
		"statement_timeout":                   "30s",
		"lock_timeout":                        "7s", // as the URL says
		"idle_in_transaction_session_timeout": "1min",
		"application_name":                    "tallylight",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s = %s, want %s", setting, got, want)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	at := "postgres://user@127.0.0.1/name"
	for _, test := range []struct {
		at   string
		o    Options
		want int32
	}{
		{at, Options{}, 16},
		{at + "?pool_max_conns=3", Options{}, 3},
		{at + "?pool_max_conns=3", Options{Connections: 5}, 5},
	} {
		cfg, err := poolConfig(test.at, test.o)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.MaxConns != test.want {
			t.Errorf("%s with %+v: %d connections, want %d", test.at, test.o, cfg.MaxConns, test.want)
		}
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
	fresh := pgtest.Start(t)
	openTest(t, fresh, Options{})
	want := schema(t, fresh)
	for version := range all {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			at := pgtest.Start(t)
			old, err := open(t.Context(), at, Options{}, all[:version])
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			var told []string
			o := Options{Upgrading: func(migration string) { told = append(told, migration) }}
			for range 2 { // the second time nothing is left to do
				openTest(t, at, o)
				compareSchemas(t, schema(t, at), want)
			}
			if want := storetest.Told(all, version); !slices.Equal(told, want) {
				t.Errorf("told of %q, want %q", told, want)
			}
		})
	}
}

// A migration of one backend must not be forgotten in the other.
func TestBothBackendsHaveTheSameMigrationsAndSchema(t *testing.T) {
	t.Parallel()
	names := func(dir string) []string {
		files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no migrations in %s: %v", dir, err)
		}
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		return files
	}
	if ours, theirs := names("migrations"), names("../sqlite/migrations"); !slices.Equal(ours, theirs) {
		t.Errorf("PostgreSQL has the migrations %q,\nSQLite %q", ours, theirs)
	}
	at := pgtest.Start(t)
	openTest(t, at, Options{})
	path := filepath.Join(t.TempDir(), "store.db")
	other, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	compareSchemas(t, schema(t, at), sqliteSchema(t, path))
}

// compareSchemas compares what schema returns.
func compareSchemas(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is there, and should not be", name)
		}
	}
}

// schema returns the columns and indexes of a database, and what is to be known
// of each.
func schema(t *testing.T, at string) map[string]string {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `
		SELECT 'column ' || table_name || '.' || column_name,
			CASE data_type WHEN 'text' THEN 'text' WHEN 'bytea' THEN 'blob' WHEN 'integer' THEN 'integer' WHEN 'bigint' THEN 'integer' WHEN 'boolean' THEN 'integer' ELSE data_type END
			|| CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
			|| CASE WHEN data_type = 'text' AND table_name <> 'schema_migrations' AND collation_name IS DISTINCT FROM 'C' THEN ' of another collation' ELSE '' END
		FROM information_schema.columns WHERE table_schema = current_schema()
		UNION ALL SELECT 'index ' || indexname, CASE WHEN indexdef LIKE '% WHERE %' THEN 'partial' ELSE '' END
		FROM pg_indexes i WHERE schemaname = current_schema() AND indexname NOT LIKE '%\_pkey' AND indexname NOT LIKE '%\_key'`)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]string)
	var name, facts string
	if _, err := pgx.ForEachRow(rows, []any{&name, &facts}, func() error { list[name] = facts; return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

// sqliteSchema returns the same of an SQLite file.
func sqliteSchema(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), `
		SELECT 'column ' || m.name || '.' || c.name,
			CASE c.type WHEN 'BIGINT' THEN 'integer' ELSE lower(c.type) END || iif(c."notnull" OR c.pk, ' not null', '')
		FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
		UNION ALL SELECT 'index ' || name, iif(sql LIKE '%WHERE%', 'partial', '') FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list := make(map[string]string)
	for rows.Next() {
		var name, facts string
		if err := rows.Scan(&name, &facts); err != nil {
			t.Fatal(err)
		}
		list[name] = facts
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
