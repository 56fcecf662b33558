package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

const recordingColumns = `id, domain, app, stream, session_id, state, config, push_args, sign_key, started_at, paused_at, manual`

// scanRecording reads recordingColumns.
func scanRecording(scan func(...any) error) (live.Recording, error) {
	var r live.Recording
	var config recordConfig
	var args []pushArg
	err := scan(&r.ID, &r.Key.Domain, &r.Key.App, &r.Key.Stream, &r.Session, &r.State,
		jsonColumn{&config}, jsonColumn{&args}, &r.SignKey, timeColumn{&r.StartedAt}, timeColumn{&r.PausedAt}, &r.Manual)
	r.Config = config.live()
	for _, a := range args {
		r.PushArgs = append(r.PushArgs, live.Arg(a))
	}
	return r, err
}

// Recording implements store.Reader.
func (r *Reader) Recording(ctx context.Context, id live.RecordingID) (live.Recording, error) {
	rec, err := one(ctx, r.conn, live.ErrNotFound, scanRecording,
		`SELECT `+recordingColumns+` FROM recordings WHERE id = $1`, string(id))
	if err != nil {
		return rec, fmt.Errorf("recording %s: %w", id, err)
	}
	return rec, nil
}

// OpenRecordings implements store.Reader.
func (r *Reader) OpenRecordings(ctx context.Context) ([]live.Recording, error) {
	list, err := all(ctx, r.conn, scanRecording,
		`SELECT `+recordingColumns+` FROM recordings
		WHERE state <> 'closed' AND node = $1 ORDER BY started_at, id`, r.node)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	return list, nil
}

// PutRecording implements store.Tx.
func (t *Tx) PutRecording(ctx context.Context, r live.Recording) error {
	if err := t.putRecording(ctx, r); err != nil {
		return fmt.Errorf("put recording %s: %w", r.ID, err)
	}
	return nil
}

func (t *Tx) putRecording(ctx context.Context, r live.Recording) error {
	config, err := encode(storedConfig(r.Config))
	if err != nil {
		return err
	}
	args := make([]pushArg, len(r.PushArgs))
	for i, a := range r.PushArgs {
		args[i] = pushArg(a)
	}
	pushArgs, err := encode(args)
	if err != nil {
		return err
	}
	_, err = t.conn.Exec(ctx, `INSERT INTO recordings (`+recordingColumns+`, node)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET
			domain = excluded.domain, app = excluded.app, stream = excluded.stream,
			session_id = excluded.session_id, state = excluded.state, config = excluded.config,
			push_args = excluded.push_args, sign_key = excluded.sign_key,
			started_at = excluded.started_at, paused_at = excluded.paused_at, manual = excluded.manual`,
		string(r.ID), r.Key.Domain, r.Key.App, r.Key.Stream, string(r.Session), string(r.State),
		config, pushArgs, r.SignKey, micros(r.StartedAt), micros(r.PausedAt), r.Manual, t.node)
	return err
}

// A recordConfig is the snapshot of a live.RecordConfig in a recording, as
// stored in JSON. The names of its members are part of the schema.
type recordConfig struct {
	Domain      string         `json:"domain"`
	App         string         `json:"app"`
	Stream      string         `json:"stream"`
	OSSEndpoint string         `json:"oss_endpoint,omitempty"`
	OSSBucket   string         `json:"oss_bucket"`
	OnDemand    live.OnDemand  `json:"on_demand"`
	DelayTime   time.Duration  `json:"delay_ns"`
	StartTime   time.Time      `json:"start_time,omitzero"`
	EndTime     time.Time      `json:"end_time,omitzero"`
	Formats     []recordFormat `json:"formats"`
	CreatedAt   time.Time      `json:"created_at,omitzero"`
}

func storedConfig(c live.RecordConfig) recordConfig {
	return recordConfig{
		Domain: c.Domain, App: c.App, Stream: c.Stream,
		OSSEndpoint: c.OSSEndpoint, OSSBucket: c.OSSBucket,
		OnDemand: c.OnDemand, DelayTime: c.DelayTime,
		StartTime: stored(c.StartTime), EndTime: stored(c.EndTime),
		Formats:   storedFormats(c.Formats),
		CreatedAt: stored(c.CreatedAt),
	}
}

func (c recordConfig) live() live.RecordConfig {
	return live.RecordConfig{
		Domain: c.Domain, App: c.App, Stream: c.Stream,
		OSSEndpoint: c.OSSEndpoint, OSSBucket: c.OSSBucket,
		OnDemand: c.OnDemand, DelayTime: c.DelayTime,
		StartTime: c.StartTime, EndTime: c.EndTime,
		Formats:   liveFormats(c.Formats),
		CreatedAt: c.CreatedAt,
	}
}

// A pushArg is a live.Arg as stored in JSON.
type pushArg struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
