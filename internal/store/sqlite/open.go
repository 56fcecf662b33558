package sqlite

import (
	"context"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

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

// applicationID marks our databases in their header: "TALY".
const applicationID = 0x54414c59

// maxCheck bounds the check of the database at a start: what can be read in that
// time is checked. The rest is found out when it is used.
const maxCheck = 3 * time.Second

// dsn returns the name under which the driver opens a file.
func dsn(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") { // a drive of Windows
		abs = "/" + abs
	}
	u := url.URL{Scheme: "file", Path: abs}
	return u.String(), nil
}

// connect opens the connections, the writer's first, which checks and upgrades
// the database.
func (s *Store) connect(ctx context.Context, connector driver.Connector, o Options, migrations []sqlstore.Migration) error {
	pragmas := writerPragmas
	if o.guest {
		pragmas = guestPragmas
	}
	w, err := newConn(ctx, connector, pragmas...)
	if err != nil {
		return err
	}
	w.node = o.node
	s.writer = newWriter(w)
	if o.guest {
		err = visit(ctx, w, migrations)
	} else {
		err = own(ctx, w, migrations, o.Upgrading)
	}
	if err != nil {
		return err
	}
	for range o.Readers {
		r, err := newConn(ctx, connector, readerPragmas...)
		if err != nil {
			return err
		}
		r.node = o.node
		s.readers <- r
		s.connected++
	}
	return nil
}

// own checks and upgrades the database.
func own(ctx context.Context, w *conn, migrations []sqlstore.Migration, upgrading func(string)) error {
	if err := identify(ctx, w); err != nil {
		return err
	}
	if err := check(ctx, w, maxCheck); err != nil {
		return err
	}
	if err := useWAL(ctx, w); err != nil {
		return err
	}
	return migrate(ctx, w, migrations, upgrading)
}

// migrate upgrades the schema. A migration may make a table anew that others refer to,
// which SQLite takes for the end of all that they refer to.
func migrate(ctx context.Context, w *conn, migrations []sqlstore.Migration, upgrading func(string)) error {
	if _, err := w.exec("PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	err := sqlstore.Migrate(ctx, migrations, upgrading, w.inTx)
	_, onErr := w.exec("PRAGMA foreign_keys = ON")
	return errors.Join(err, onErr)
}

// visit sees that the database is one that this version can read and write.
func visit(ctx context.Context, w *conn, migrations []sqlstore.Migration) error {
	var id int
	if err := w.value(ctx, &id, `PRAGMA application_id`); err != nil {
		return err
	}
	if id != applicationID {
		return fmt.Errorf("%w (it is a database of another program)", store.ErrDamaged)
	}
	return sqlstore.CheckMigrated(ctx, migrations, w.inTx)
}

// identify marks an empty database as ours and refuses one of another program.
func identify(ctx context.Context, c *conn) error {
	var id, tables int
	if err := c.value(ctx, &id, `PRAGMA application_id`); err != nil {
		return err
	}
	if id == applicationID {
		return nil
	}
	if err := c.value(ctx, &tables, `SELECT count(*) FROM sqlite_schema`); err != nil {
		return err
	}
	if id != 0 || tables != 0 {
		return fmt.Errorf("%w (it is a database of another program)", store.ErrDamaged)
	}
	_, err := c.exec(fmt.Sprintf(`PRAGMA application_id = %d`, applicationID))
	return err
}

// check looks for damage, for at most limit.
func check(ctx context.Context, c *conn, limit time.Duration) error {
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var verdict string
	err := c.value(timed, &verdict, `PRAGMA quick_check(1)`)
	switch {
	case err != nil && timed.Err() != nil:
		return ctx.Err() // nil where only the time for the check is over
	case err != nil:
		return fmt.Errorf("check: %w", err)
	case verdict != "ok":
		return fmt.Errorf("%w (%s)", store.ErrDamaged, verdict)
	}
	return nil
}

func useWAL(ctx context.Context, c *conn) error {
	var mode string
	if err := c.value(ctx, &mode, `PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	if mode != "wal" {
		return errors.New("its file system cannot keep a write-ahead log; a local one can")
	}
	return nil
}
