package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"tallylight/internal/store"
)

// A Migration takes the schema from one version to the next.
type Migration struct {
	Version  int    // from 1
	Name     string // of its file
	SQL      string
	Checksum string // SHA-256 of SQL in hex
}

// Migrations returns the migrations in files, in order: 0001_what.sql and so on,
// without a gap.
func Migrations(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var list []Migration
	for i, name := range names { // sorted, as fs.Glob promises
		if want := fmt.Sprintf("%04d_", i+1); len(name) < len(want) || name[:len(want)] != want {
			return nil, fmt.Errorf("migration %s: its name must begin with %s", name, want)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", name, err)
		}
		// A checkout may change line ends, which must not change the checksum.
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		sum := sha256.Sum256(text)
		list = append(list, Migration{i + 1, name, string(text), hex.EncodeToString(sum[:])})
	}
	return list, nil
}

// Migrate brings the schema to the last of the migrations, each in a transaction
// of its own that inTx runs, and records them in the table schema_migrations.
// Of a schema that is there already, upgrading is told the name of each migration
// before that begins, unless it is nil. Migrate's errors wrap store.ErrNewerSchema or
// store.ErrSchemaChanged where the recorded migrations are not the first of ours.
func Migrate(ctx context.Context, migrations []Migration, upgrading func(name string), inTx func(context.Context, func(Conn) error) error) error {
	applied, err := applied(ctx, inTx)
	if err != nil {
		return err
	}
	if err := checkApplied(applied, migrations); err != nil {
		return err
	}
	for _, m := range migrations[len(applied):] {
		if upgrading != nil && len(applied) > 0 {
			upgrading(m.Name)
		}
		err := inTx(ctx, func(c Conn) error {
			if _, err := c.Exec(ctx, m.SQL); err != nil {
				return err
			}
			_, err := c.Exec(ctx, `INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
				m.Version, m.Name, m.Checksum, time.Now().UnixMicro())
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
	}
	return nil
}

// errOlderSchema is for those who may not upgrade.
var errOlderSchema = errors.New("store was written by an older version: start the server of this version once, which upgrades it")

// CheckMigrated returns an error unless the schema is that of the last of the
// migrations. Its errors wrap those that Migrate's wrap.
func CheckMigrated(ctx context.Context, migrations []Migration, inTx func(context.Context, func(Conn) error) error) error {
	applied, err := applied(ctx, inTx)
	if err != nil {
		return err
	}
	if err := checkApplied(applied, migrations); err != nil {
		return err
	}
	if len(applied) < len(migrations) {
		return errOlderSchema
	}
	return nil
}

// applied returns the migrations that are recorded.
func applied(ctx context.Context, inTx func(context.Context, func(Conn) error) error) (list []Migration, err error) {
	err = inTx(ctx, func(c Conn) (err error) {
		if _, err := c.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
			version    INTEGER PRIMARY KEY,
			name       TEXT NOT NULL,
			checksum   TEXT NOT NULL,
			applied_at BIGINT NOT NULL)`); err != nil {
			return err
		}
		list, err = all(ctx, c, func(scan func(...any) error) (m Migration, err error) {
			err = scan(&m.Version, &m.Name, &m.Checksum)
			return m, err
		}, `SELECT version, name, checksum FROM schema_migrations ORDER BY version`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read schema version: %w", err)
	}
	return list, nil
}

// checkApplied reports whether the applied migrations are the first of known.
func checkApplied(applied, known []Migration) error {
	for i, m := range applied {
		switch {
		case m.Version > len(known):
			return fmt.Errorf("%w (it has schema version %d, this version knows %d)", store.ErrNewerSchema, applied[len(applied)-1].Version, len(known))
		case m.Version != i+1:
			return fmt.Errorf("%w (migration %d is not recorded)", store.ErrSchemaChanged, i+1)
		case m.Checksum != known[i].Checksum:
			return fmt.Errorf("%w (migration %s)", store.ErrSchemaChanged, m.Name)
		}
	}
	return nil
}
