package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const sliceColumns = `domain, app, stream, recording_id, bucket, endpoint, object_key, start_time, duration_ns,
	size, width, height, stored_at`

// scanSlice reads sliceColumns.
func scanSlice(scan func(...any) error) (s live.Slice, err error) {
	err = scan(&s.Key.Domain, &s.Key.App, &s.Key.Stream, &s.Recording, &s.Bucket, &s.Endpoint, &s.ObjectKey,
		timeColumn{&s.StartTime}, (*int64)(&s.Duration), &s.Size, &s.Width, &s.Height, timeColumn{&s.StoredAt})
	return s, err
}

// Slices implements store.Reader.
func (r *Reader) Slices(ctx context.Context, q live.SliceQuery) ([]live.Slice, error) {
	list, err := all(ctx, r.conn, scanSlice, `SELECT `+sliceColumns+` FROM slices
		WHERE domain = $1 AND app = $2 AND stream = $3 AND stored_at >= $4 AND stored_at < $5
		ORDER BY stored_at, object_key LIMIT $6`,
		q.Key.Domain, q.Key.App, q.Key.Stream, q.From.UnixMicro(), q.To.UnixMicro(), max(q.Limit, 0))
	if err != nil {
		return nil, fmt.Errorf("slices of stream %s: %w", q.Key, err)
	}
	return list, nil
}

// AddSlice implements store.Tx.
func (t *Tx) AddSlice(ctx context.Context, s live.Slice) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM slices WHERE domain = $1 AND app = $2 AND stream = $3 AND stored_at < $4`,
		s.Key.Domain, s.Key.App, s.Key.Stream, s.StoredAt.Add(-live.SliceRetention).UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO slices (`+sliceColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (domain, app, stream, stored_at, object_key) DO NOTHING`,
			s.Key.Domain, s.Key.App, s.Key.Stream, string(s.Recording), s.Bucket, s.Endpoint, s.ObjectKey,
			micros(s.StartTime), int64(s.Duration), s.Size, s.Width, s.Height, s.StoredAt.UnixMicro())
	}
	if err != nil {
		return fmt.Errorf("add slice %s of stream %s: %w", s.ObjectKey, s.Key, err)
	}
	return nil
}
