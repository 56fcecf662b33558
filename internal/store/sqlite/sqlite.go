// Package sqlite is the store on an SQLite file: the one of a server that stands
// alone.
//
// One connection writes and commits in groups (see writer); a few others read,
// each from a snapshot, and never wait for the writer. The database is in WAL
// mode with a sync for every commit, so what an Update has written survives a
// loss of power once Update has returned.
//
// One process has a database open as its own at a time; whoever calls Open sees
// to that. Others may Join it for a few small Updates.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	sqlitedriver "modernc.org/sqlite"

	"tallylight/internal/durable"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// defaultReaders is how many Views run at once unless Options say otherwise.
const defaultReaders = 4

// Options adjust a Store. The zero Options are good for a server.
type Options struct {
	// Readers is how many Views run at once, each on a connection of its own; 0
	// stands for 4.
	Readers int
	// Upgrading is called before each migration of a database that was written by an
	// earlier version, which may take minutes; nil: nobody is told.
	Upgrading func(migration string)

	guest bool   // the database is another process's; see Join
	node  string // in tests: of several on one database
}

// A Store keeps the server's state in an SQLite file.
type Store struct {
	writer    *writer
	readers   chan *conn // those that are free
	connected int        // how many readers there are
	close     func() error
}

var _ store.Store = (*Store)(nil)

// pragmas are for every connection, the writer's come on top. Only the writer's
// connection moves the log into the database, at every thousandth page or so
// (SQLite's default), and cuts the log's file back to 64 MiB after a long View
// let it grow.
var (
	pragmas       = []string{"busy_timeout = 5000", "foreign_keys = ON", "temp_store = MEMORY"}
	readerPragmas = append(pragmas[:len(pragmas):len(pragmas)], "query_only = ON", "wal_autocheckpoint = 0")
	writerPragmas = append(pragmas[:len(pragmas):len(pragmas)], "synchronous = FULL", "cache_size = -16384",
		"journal_size_limit = 67108864")
	guestPragmas = append(pragmas[:len(pragmas):len(pragmas)], "synchronous = FULL", "wal_autocheckpoint = 0")
)

var dialect = sqlstore.NewDialect(`SELECT value FROM json_each(%s)`, false)

// Open opens the database file at path, in a folder that exists; it makes the
// file, readable by its owner only, if it is missing. It checks the database for
// damage, for as long as is bearable at a start, and upgrades its schema.
//
// The errors wrap store.ErrDamaged, store.ErrNewerSchema or
// store.ErrSchemaChanged where these apply. ctx is for opening only. Open starts
// the goroutine that commits; Close ends it.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		return nil, err
	}
	return open(ctx, path, o, migrations)
}

// Join opens the database file at path, which exists, beside the process that
// has it open, if one has. What is updated through either is seen by both at
// once, and as durable. Join does not check the database nor upgrade its schema,
// which has to be that of this version, and it leaves it to the other process to
// move the log into the database; only the last one who closes does that anyway.
//
// The errors are those of Open, and fs.ErrNotExist where there is no database.
func Join(ctx context.Context, path string) (*Store, error) {
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		return nil, err
	}
	return open(ctx, path, Options{Readers: 1, guest: true}, migrations)
}

func open(ctx context.Context, path string, o Options, migrations []sqlstore.Migration) (*Store, error) {
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if err := ensureFile(path, o.guest); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	name, err := dsn(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	connector, err := sqlitedriver.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	s := &Store{readers: make(chan *conn, o.Readers)}
	if err := s.connect(ctx, connector, o, migrations); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, errors.Join(classify(err), s.disconnect()))
	}
	s.close = sync.OnceValue(s.shutDown)
	go s.writer.run()
	return s, nil
}

// ensureFile makes the file unless there is one; for a guest there has to be.
func ensureFile(path string, guest bool) error {
	if guest {
		_, err := os.Stat(path)
		return err
	}
	return create(path)
}

// create makes an empty database file if there is none. SQLite gives the files
// beside it the same mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.writer.update(ctx, fn)
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.writer.done:
		return store.ErrClosed
	}
	defer func() { s.readers <- c }()
	return c.view(ctx, fn)
}

// Close implements store.Store. Closing again waits for the first Close and
// returns its error.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutDown() error {
	s.writer.close()
	return s.disconnect()
}

// disconnect closes the connections, those that read as they become free. The
// writer's is the last: closing it moves the whole log into the database.
func (s *Store) disconnect() error {
	var errs []error
	for range s.connected {
		errs = append(errs, (<-s.readers).close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.conn.close())
	}
	return errors.Join(errs...)
}
