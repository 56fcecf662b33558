package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const indexFileColumns = `id, domain, app, stream, bucket, endpoint, object_key, start_time, end_time, duration_ns,
	width, height, created_at`

// scanIndexFile reads indexFileColumns.
func scanIndexFile(scan func(...any) error) (f live.IndexFile, err error) {
	err = scan(&f.ID, &f.Key.Domain, &f.Key.App, &f.Key.Stream, &f.Bucket, &f.Endpoint, &f.ObjectKey,
		timeColumn{&f.StartTime}, timeColumn{&f.EndTime}, (*int64)(&f.Duration), &f.Width, &f.Height, timeColumn{&f.CreatedAt})
	return f, err
}

// IndexFile implements store.Reader.
func (r *Reader) IndexFile(ctx context.Context, id live.IndexFileID) (live.IndexFile, error) {
	f, err := one(ctx, r.conn, live.ErrNotFound, scanIndexFile,
		`SELECT `+indexFileColumns+` FROM index_files WHERE id = $1`, string(id))
	if err != nil {
		return f, fmt.Errorf("index file %s: %w", id, err)
	}
	return f, nil
}

// IndexFiles implements store.Reader.
func (r *Reader) IndexFiles(ctx context.Context, q live.IndexFileQuery) ([]live.IndexFile, int, error) {
	const where = ` FROM index_files WHERE domain = $1 AND app = $2 AND stream = $3 AND created_at >= $4 AND created_at < $5`
	args := []any{q.Key.Domain, q.Key.App, q.Key.Stream, q.From.UnixMicro(), q.To.UnixMicro()}
	total, err := one(ctx, r.conn, nil, value[int], `SELECT count(*)`+where, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("count index files of stream %s: %w", q.Key, err)
	}
	order := `created_at, id`
	if q.Descending {
		order = `created_at DESC, id DESC`
	}
	page, err := all(ctx, r.conn, scanIndexFile, `SELECT `+indexFileColumns+where+` ORDER BY `+order+` LIMIT $6 OFFSET $7`,
		append(args, max(q.Limit, 0), max(q.Offset, 0))...)
	if err != nil {
		return nil, 0, fmt.Errorf("index files of stream %s: %w", q.Key, err)
	}
	return page, total, nil
}

// AddIndexFile implements store.Tx.
func (t *Tx) AddIndexFile(ctx context.Context, f live.IndexFile) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM index_files WHERE domain = $1 AND app = $2 AND stream = $3 AND created_at < $4`,
		f.Key.Domain, f.Key.App, f.Key.Stream, f.CreatedAt.Add(-live.IndexFileRetention).UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO index_files (`+indexFileColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			string(f.ID), f.Key.Domain, f.Key.App, f.Key.Stream, f.Bucket, f.Endpoint, f.ObjectKey,
			micros(f.StartTime), micros(f.EndTime), int64(f.Duration), f.Width, f.Height, f.CreatedAt.UnixMicro())
	}
	if err != nil {
		return fmt.Errorf("add index file %s: %w", f.ID, err)
	}
	return nil
}

// DeleteIndexFile implements store.Tx.
func (t *Tx) DeleteIndexFile(ctx context.Context, id live.IndexFileID) error {
	if err := change(ctx, t.conn, live.ErrNotFound, `DELETE FROM index_files WHERE id = $1`, string(id)); err != nil {
		return fmt.Errorf("delete index file %s: %w", id, err)
	}
	return nil
}
