package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const sliceColumns = `domain, app, stream, recording_id, bucket, endpoint, object_key, start_time, duration_ns,
	size, width, height, stored_at, file_id, format, kind, sequence, offset_ns, discontinuity`

// scanSlice reads sliceColumns.
func scanSlice(scan func(...any) error) (s live.Slice, err error) {
	err = scan(&s.Key.Domain, &s.Key.App, &s.Key.Stream, &s.Recording, &s.Bucket, &s.Endpoint, &s.ObjectKey,
		timeColumn{&s.StartTime}, (*int64)(&s.Duration), &s.Size, &s.Width, &s.Height, timeColumn{&s.StoredAt},
		&s.File, &s.Format, &s.Kind, &s.Sequence, (*int64)(&s.Offset), &s.Discontinuity)
	return s, err
}

// Slices implements store.Reader.
func (r *Reader) Slices(ctx context.Context, q live.SliceQuery) ([]live.Slice, error) {
	list, err := all(ctx, r.conn, scanSlice, `SELECT `+sliceColumns+` FROM slices
		WHERE domain = $1 AND app = $2 AND stream = $3 AND stored_at >= $4 AND stored_at < $5
			AND kind = ''
		ORDER BY stored_at, object_key LIMIT $6`,
		q.Key.Domain, q.Key.App, q.Key.Stream, q.From.UnixMicro(), q.To.UnixMicro(), max(q.Limit, 0))
	if err != nil {
		return nil, fmt.Errorf("slices of stream %s: %w", q.Key, err)
	}
	return list, nil
}

// FileSlices implements store.Reader.
func (r *Reader) FileSlices(ctx context.Context, id live.RecordFileID) ([]live.Slice, error) {
	list, err := all(ctx, r.conn, scanSlice,
		`SELECT `+sliceColumns+` FROM slices WHERE file_id = $1 ORDER BY sequence, kind`, string(id))
	if err != nil {
		return nil, fmt.Errorf("slices of record file %s: %w", id, err)
	}
	return list, nil
}

// AddSlice implements store.Tx.
func (t *Tx) AddSlice(ctx context.Context, s live.Slice) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO slices (`+sliceColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (domain, app, stream, stored_at, object_key) DO NOTHING`,
		s.Key.Domain, s.Key.App, s.Key.Stream, string(s.Recording), s.Bucket, s.Endpoint, s.ObjectKey,
		micros(s.StartTime), int64(s.Duration), s.Size, s.Width, s.Height, s.StoredAt.UnixMicro(),
		string(s.File), string(s.Format), string(s.Kind), s.Sequence, int64(s.Offset), s.Discontinuity)
	if err != nil {
		return fmt.Errorf("add slice %s of stream %s: %w", s.ObjectKey, s.Key, err)
	}
	return nil
}

// DeleteSlices implements store.Tx.
func (t *Tx) DeleteSlices(ctx context.Context, id live.RecordFileID) error {
	if _, err := t.conn.Exec(ctx, `DELETE FROM slices WHERE file_id = $1`, string(id)); err != nil {
		return fmt.Errorf("delete slices of record file %s: %w", id, err)
	}
	return nil
}
