// Package postgres is the store on a PostgreSQL database, version 15 or newer:
// the one that several servers can share.
//
// Every Update is a transaction of its own, on a connection of a bounded pool,
// and those of one server run beside each other as those of several do; only those
// that do nothing but owe an event share one. Each of
// its statements sees what was committed before it (READ COMMITTED); what one
// Update must not do behind another's back is guarded by row locks and unique
// keys. Commits that come together share a sync, which is PostgreSQL's own work. A
// View is a snapshot (REPEATABLE READ, READ ONLY).
//
// The database has to be reached directly or through a pooler that keeps a
// session on its connection. It may restart or fail over at any time: what ran
// then fails as package store says, what comes after connects again.
//
// PostgreSQL's text is UTF-8 without NUL. Bytes that are neither are kept as
// U+FFFD.
package postgres

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// Options adjust a Store.
type Options struct {
	// Node names this server among those that share the database, also after it
	// was started again: ReleaseClaims gives back what was claimed under this name.
	Node string
	// Connections bounds how many Updates and Views run at once, each on a
	// connection of its own; 0 stands for pool_max_conns of the URL, or 16.
	Connections int
	// Upgrading is called before each migration of a database that was written by an
	// earlier version, which may take minutes; nil: nobody is told.
	Upgrading func(migration string)

	guest bool // see Join
}

// A Store keeps the server's state in a PostgreSQL database.
type Store struct {
	pool  *pgxpool.Pool
	node  string
	joint *joint

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // Updates and Views; added to under mu, before closed
	close   func() error
}

var _ store.Store = (*Store)(nil)

var dialect = sqlstore.NewDialect(`SELECT jsonb_array_elements_text(%s::jsonb)`, true)

// Open connects to the database at a URL such as postgres://user@host/name and
// upgrades its schema. Of several servers that do so at once, one upgrades and the
// others wait. Close ends the goroutine that Open starts. What the URL leaves out comes from the environment variables of
// libpq, such as PGPASSWORD, and its files.
//
// The errors wrap store.ErrUnavailable, store.ErrDamaged, store.ErrNewerSchema or
// store.ErrSchemaChanged where these apply; none has the password. ctx is for
// opening only.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		return nil, err
	}
	return open(ctx, url, o, migrations)
}

// Join opens a database for a few small Updates beside the servers that use it.
// It does not upgrade the schema, which has to be that of this version. The
// errors are those of Open.
func Join(ctx context.Context, url string) (*Store, error) {
	migrations, err := sqlstore.Migrations(migrationFiles())
	if err != nil {
		return nil, err
	}
	return open(ctx, url, Options{Connections: 2, guest: true}, migrations)
}

func open(ctx context.Context, url string, o Options, migrations []sqlstore.Migration) (*Store, error) {
	cfg, err := poolConfig(url, o)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("open database %s on %s", cfg.ConnConfig.Database, cfg.ConnConfig.Host)
	if err := prepare(ctx, cfg.ConnConfig, o, migrations); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg) // connects when it has to
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	s := &Store{pool: pool, node: o.Node}
	s.joint = newJoint(s.oweTogether)
	s.close = sync.OnceValue(s.shutDown)
	go s.joint.run()
	return s, nil
}

// Close implements store.Store. Closing again waits for the first Close.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutDown() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	s.joint.stop()
	s.pool.Close()
	return nil
}

// enter counts an Update or a View, which ends with running.Done.
func (s *Store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.running.Add(1)
	return nil
}
