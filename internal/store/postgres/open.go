package postgres

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

func migrationFiles() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

const (
	defaultConnections = 16
	connectTimeout     = 10 * time.Second
	// maxStatement bounds a statement where the database or the way to it hangs. It
	// is longer than what the database itself grants a statement.
	maxStatement = 40 * time.Second

	minVersion = 15_00_00
	// migrationLock is the key of the advisory lock under which the schema is
	// upgraded: "TALY".
	migrationLock = 0x54414c59
)

// settings are what connections ask of the database; the URL may ask otherwise.
var settings = map[string]string{
	"application_name":                    "tallylight",
	"statement_timeout":                   "30s",
	"lock_timeout":                        "10s",
	"idle_in_transaction_session_timeout": "60s", // a server that hangs must not hold its locks
}

// poolConfig reads a URL. Its errors do not quote it, because it may hold a
// password.
func poolConfig(text string, o Options) (*pgxpool.Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("open database: its URL is not like postgres://user@host/name (in a password, write special characters as %XX)")
	}
	cfg, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("open database on %s: its URL has a part that PostgreSQL does not know, or names a file that cannot be read", u.Host)
	}
	switch {
	case o.Connections > 0:
		cfg.MaxConns = int32(o.Connections)
	case !u.Query().Has("pool_max_conns"):
		cfg.MaxConns = defaultConnections
	}
	c := cfg.ConnConfig
	for name, value := range settings {
		c.RuntimeParams[name] = cmp.Or(c.RuntimeParams[name], value)
	}
	if !u.Query().Has("connect_timeout") {
		c.ConnectTimeout = connectTimeout
	}
	if c.ValidateConnect == nil { // with several hosts, the one that takes writes
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// A context that ends cancels the statement and not the connection.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	cfg.PingTimeout = connectTimeout
	cfg.AfterConnect = demandSync
	return cfg, nil
}

// demandSync makes commits durable on a database that is set up to lose some.
func demandSync(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}

// prepare checks the database and, unless for a guest, upgrades its schema, on a
// connection of its own.
func prepare(ctx context.Context, cfg *pgx.ConnConfig, o Options, migrations []sqlstore.Migration) (err error) {
	cfg = cfg.Copy()
	cfg.RuntimeParams["statement_timeout"] = "0" // an upgrade may take long, and so
	cfg.RuntimeParams["lock_timeout"] = "0"      // may waiting for another's
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return classifyConnect(ctx, err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		defer cancel()
		err = errors.Join(err, conn.Close(closing)) // gives back the lock
	}()
	s := &session{conn: conn}
	if err := checkServer(ctx, s); err != nil {
		return err
	}
	if o.guest {
		return sqlstore.CheckMigrated(ctx, migrations, inTx(conn))
	}
	if _, err := s.Exec(ctx, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, migrationLock)); err != nil {
		return fmt.Errorf("wait for another server's upgrade: %w", err)
	}
	if err := identify(ctx, s); err != nil {
		return err
	}
	return sqlstore.Migrate(ctx, migrations, o.Upgrading, inTx(conn))
}

// inTx returns what runs an fn in a read-write transaction of its own.
func inTx(conn *pgx.Conn) func(context.Context, func(sqlstore.Conn) error) error {
	return func(ctx context.Context, fn func(sqlstore.Conn) error) error {
		s := &session{conn: conn}
		if _, err := s.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
		err := fn(s)
		if err = cmp.Or(err, s.err); err != nil {
			rollback(conn)
			return err
		}
		return commit(conn)
	}
}

// checkServer refuses a database that cannot keep what is to be kept in it.
func checkServer(ctx context.Context, s *session) error {
	var version int
	var encoding string
	err := s.row(ctx, []any{&version, &encoding},
		`SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`)
	switch {
	case err != nil:
		return err
	case version < minVersion:
		return fmt.Errorf("it is PostgreSQL %d; 15 or newer is needed", version/10_000)
	case encoding != "UTF8":
		return fmt.Errorf("its encoding is %s; make one with ENCODING 'UTF8'", encoding)
	}
	return nil
}

// identify refuses the database of another program.
func identify(ctx context.Context, s *session) error {
	var tables, ours int
	err := s.row(ctx, []any{&tables, &ours},
		`SELECT count(DISTINCT table_name), count(*) FILTER (WHERE table_name = 'schema_migrations' AND column_name = 'checksum')
		FROM information_schema.columns WHERE table_schema = current_schema()`)
	if err == nil && tables > 0 && ours == 0 {
		return fmt.Errorf("%w (it is a database of another program)", store.ErrDamaged)
	}
	return err
}
