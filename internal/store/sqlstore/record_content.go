package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// scanRecordContent reads what RecordContents selects.
func scanRecordContent(scan func(...any) error) (c live.RecordContent, err error) {
	var config recordConfig
	err = scan(&c.Recording, &c.Format, jsonColumn{&config}, &c.Bucket,
		timeColumn{&c.StartTime}, timeColumn{&c.EndTime}, (*int64)(&c.Duration))
	c.Config = config.live()
	return c, err
}

// RecordContents implements store.Reader.
func (r *Reader) RecordContents(ctx context.Context, q live.RecordContentQuery) ([]live.RecordContent, error) {
	list, err := all(ctx, r.conn, scanRecordContent,
		`SELECT f.recording_id, f.format, r.config, f.bucket, min(f.start_time) AS first, max(f.stop_time), CAST(sum(f.duration_ns) AS BIGINT)
		FROM record_files f JOIN recordings r ON r.id = f.recording_id
		WHERE f.domain = $1 AND f.app = $2 AND f.stream = $3 AND f.state = 'stored' AND f.start_time < $5 AND f.stop_time > $4
		GROUP BY f.recording_id, f.format, r.config, f.bucket ORDER BY first, f.recording_id, f.format LIMIT $6`,
		q.Key.Domain, q.Key.App, q.Key.Stream, q.From.UnixMicro(), q.To.UnixMicro(), max(q.Limit, 0))
	if err != nil {
		return nil, fmt.Errorf("record contents of stream %s: %w", q.Key, err)
	}
	return list, nil
}
