package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/live"
)

const recordConfigColumns = `domain, app, stream, oss_endpoint, oss_bucket, on_demand, delay_ns,
	start_time, end_time, formats, created_at`

// scanRecordConfig reads recordConfigColumns.
func scanRecordConfig(scan func(...any) error) (live.RecordConfig, error) {
	var c live.RecordConfig
	var formats []recordFormat
	err := scan(&c.Domain, &c.App, &c.Stream, &c.OSSEndpoint, &c.OSSBucket, &c.OnDemand, (*int64)(&c.DelayTime),
		timeColumn{&c.StartTime}, timeColumn{&c.EndTime}, jsonColumn{&formats}, timeColumn{&c.CreatedAt})
	c.Formats = liveFormats(formats)
	return c, err
}

// RecordConfig implements store.Reader.
func (r *Reader) RecordConfig(ctx context.Context, key live.StreamKey) (live.RecordConfig, error) {
	c, err := one(ctx, r.conn, live.ErrConfigNotFound, scanRecordConfig,
		`SELECT `+recordConfigColumns+` FROM record_configs WHERE domain = $1 AND app = $2 AND stream = $3`,
		key.Domain, key.App, key.Stream)
	if err != nil {
		return c, fmt.Errorf("record config %s: %w", key, err)
	}
	return c, nil
}

// MatchRecordConfig implements store.Reader.
func (r *Reader) MatchRecordConfig(ctx context.Context, key live.StreamKey) (live.RecordConfig, error) {
	for _, candidate := range live.MatchKeys(key) {
		c, err := r.RecordConfig(ctx, candidate)
		if !errors.Is(err, live.ErrConfigNotFound) {
			return c, err
		}
	}
	return live.RecordConfig{}, fmt.Errorf("record config for stream %s: %w", key, live.ErrConfigNotFound)
}

// RecordConfigs implements store.Reader.
func (r *Reader) RecordConfigs(ctx context.Context, q live.RecordConfigQuery) ([]live.RecordConfig, int, error) {
	const where = ` FROM record_configs WHERE domain = $1 AND ($2 = '' OR app = $2) AND ($3 = '' OR stream = $3)`
	total, err := one(ctx, r.conn, nil, value[int], `SELECT count(*)`+where, q.Domain, q.App, q.Stream)
	if err != nil {
		return nil, 0, fmt.Errorf("count record configs of domain %s: %w", q.Domain, err)
	}
	order := ` ORDER BY created_at, id`
	if q.Descending {
		order = ` ORDER BY created_at DESC, id DESC`
	}
	page, err := all(ctx, r.conn, scanRecordConfig,
		`SELECT `+recordConfigColumns+where+order+` LIMIT $4 OFFSET $5`,
		q.Domain, q.App, q.Stream, max(q.Limit, 0), max(q.Offset, 0))
	if err != nil {
		return nil, 0, fmt.Errorf("record configs of domain %s: %w", q.Domain, err)
	}
	return page, total, nil
}

// AddRecordConfig implements store.Tx.
func (t *Tx) AddRecordConfig(ctx context.Context, c live.RecordConfig) error {
	formats, err := encode(storedFormats(c.Formats))
	if err == nil {
		err = change(ctx, t.conn, live.ErrConfigExists,
			`INSERT INTO record_configs (`+recordConfigColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (domain, app, stream) DO NOTHING`,
			c.Domain, c.App, c.Stream, c.OSSEndpoint, c.OSSBucket, int64(c.OnDemand), int64(c.DelayTime),
			micros(c.StartTime), micros(c.EndTime), formats, micros(c.CreatedAt))
	}
	if err != nil {
		return fmt.Errorf("add record config %s: %w", c.Key(), err)
	}
	return nil
}

// SetRecordConfig implements store.Tx.
func (t *Tx) SetRecordConfig(ctx context.Context, c live.RecordConfig) error {
	formats, err := encode(storedFormats(c.Formats))
	if err == nil {
		err = change(ctx, t.conn, live.ErrConfigNotFound,
			`UPDATE record_configs SET oss_endpoint = $4, oss_bucket = $5, on_demand = $6, delay_ns = $7,
				start_time = $8, end_time = $9, formats = $10
			WHERE domain = $1 AND app = $2 AND stream = $3`,
			c.Domain, c.App, c.Stream, c.OSSEndpoint, c.OSSBucket, int64(c.OnDemand), int64(c.DelayTime),
			micros(c.StartTime), micros(c.EndTime), formats)
	}
	if err != nil {
		return fmt.Errorf("set record config %s: %w", c.Key(), err)
	}
	return nil
}

// DeleteRecordConfig implements store.Tx.
func (t *Tx) DeleteRecordConfig(ctx context.Context, key live.StreamKey) error {
	err := change(ctx, t.conn, live.ErrConfigNotFound,
		`DELETE FROM record_configs WHERE domain = $1 AND app = $2 AND stream = $3`, key.Domain, key.App, key.Stream)
	if err != nil {
		return fmt.Errorf("delete record config %s: %w", key, err)
	}
	return nil
}

// A recordFormat is a live.RecordFormat as stored in JSON. The names of its
// members are part of the schema.
type recordFormat struct {
	Format            live.Format   `json:"format"`
	CycleDuration     time.Duration `json:"cycle_ns"`
	SliceDuration     time.Duration `json:"slice_ns,omitempty"`
	ObjectPrefix      string        `json:"object_prefix"`
	SliceObjectPrefix string        `json:"slice_object_prefix,omitempty"`
}

func storedFormats(list []live.RecordFormat) []recordFormat {
	stored := make([]recordFormat, len(list))
	for i, f := range list {
		stored[i] = recordFormat(f)
	}
	return stored
}

func liveFormats(stored []recordFormat) []live.RecordFormat {
	var list []live.RecordFormat
	for _, f := range stored {
		list = append(list, live.RecordFormat(f))
	}
	return list
}
