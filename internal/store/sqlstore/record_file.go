package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const recordFileColumns = `id, recording_id, domain, app, stream, format, state, bucket, sequence, start_time,
	tracks, object_key, stop_time, duration_ns, size, sha256, gaps`

// scanRecordFile reads recordFileColumns.
func scanRecordFile(scan func(...any) error) (f live.RecordFile, err error) {
	err = scan(&f.ID, &f.Recording, &f.Key.Domain, &f.Key.App, &f.Key.Stream, &f.Format, &f.State,
		&f.Bucket, &f.Sequence, timeColumn{&f.StartTime},
		jsonColumn{&f.Tracks}, &f.ObjectKey, timeColumn{&f.StopTime}, (*int64)(&f.Duration), &f.Size, &f.SHA256, jsonColumn{&f.Gaps})
	return f, err
}

// RecordFile implements store.Reader.
func (r *Reader) RecordFile(ctx context.Context, id live.RecordFileID) (live.RecordFile, error) {
	f, err := one(ctx, r.conn, live.ErrNotFound, scanRecordFile,
		`SELECT `+recordFileColumns+` FROM record_files WHERE id = $1`, string(id))
	if err != nil {
		return f, fmt.Errorf("record file %s: %w", id, err)
	}
	return f, nil
}

// own is whether no other node than $1 has the recording of a file f.
const own = `NOT EXISTS (SELECT 1 FROM recordings r WHERE r.id = f.recording_id AND r.node <> $1)`

// OwnRecordFile implements store.Reader.
func (r *Reader) OwnRecordFile(ctx context.Context, id live.RecordFileID) (bool, error) {
	list, err := all(ctx, r.conn, value[string], `SELECT f.id FROM record_files f WHERE f.id = $2 AND `+own, r.node, string(id))
	if err != nil {
		return false, fmt.Errorf("whose record file %s is: %w", id, err)
	}
	return len(list) > 0, nil
}

// UnfinishedRecordFiles implements store.Reader.
func (r *Reader) UnfinishedRecordFiles(ctx context.Context) ([]live.RecordFile, error) {
	list, err := all(ctx, r.conn, scanRecordFile,
		`SELECT `+recordFileColumns+` FROM record_files f
		WHERE state IN ('open', 'sealed') AND `+own+` ORDER BY start_time, id`, r.node)
	if err != nil {
		return nil, fmt.Errorf("unfinished record files: %w", err)
	}
	return list, nil
}

// RecordingFiles implements store.Reader.
func (r *Reader) RecordingFiles(ctx context.Context, id live.RecordingID) ([]live.RecordFile, error) {
	list, err := all(ctx, r.conn, scanRecordFile,
		`SELECT `+recordFileColumns+` FROM record_files WHERE recording_id = $1 ORDER BY sequence, id`, string(id))
	if err != nil {
		return nil, fmt.Errorf("record files of recording %s: %w", id, err)
	}
	return list, nil
}

// LatestRecordingFiles implements store.Reader.
func (r *Reader) LatestRecordingFiles(ctx context.Context, id live.RecordingID, limit int) ([]live.RecordFile, error) {
	list, err := all(ctx, r.conn, scanRecordFile,
		`SELECT `+recordFileColumns+` FROM record_files WHERE recording_id = $1 ORDER BY sequence DESC, id DESC LIMIT $2`, string(id), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("latest record files of recording %s: %w", id, err)
	}
	return list, nil
}

// PutRecordFile implements store.Tx.
func (t *Tx) PutRecordFile(ctx context.Context, f live.RecordFile) error {
	tracks, err := encode(f.Tracks)
	if err != nil {
		return fmt.Errorf("put record file %s: %w", f.ID, err)
	}
	gaps, err := encode(f.Gaps)
	if err != nil {
		return fmt.Errorf("put record file %s: %w", f.ID, err)
	}
	_, err = t.conn.Exec(ctx, `INSERT INTO record_files (`+recordFileColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET
			recording_id = excluded.recording_id, domain = excluded.domain, app = excluded.app, stream = excluded.stream,
			format = excluded.format, state = excluded.state, bucket = excluded.bucket, sequence = excluded.sequence,
			start_time = excluded.start_time, tracks = excluded.tracks, object_key = excluded.object_key, stop_time = excluded.stop_time,
			duration_ns = excluded.duration_ns, size = excluded.size, sha256 = excluded.sha256, gaps = excluded.gaps`,
		string(f.ID), string(f.Recording), f.Key.Domain, f.Key.App, f.Key.Stream, string(f.Format), string(f.State),
		f.Bucket, f.Sequence, micros(f.StartTime),
		tracks, f.ObjectKey, micros(f.StopTime), int64(f.Duration), f.Size, f.SHA256, gaps)
	if err != nil {
		return fmt.Errorf("put record file %s: %w", f.ID, err)
	}
	return nil
}
