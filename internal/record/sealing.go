package record

import (
	"context"
	"errors"
	"fmt"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// A sealing is a record file on its way from the spool to its bucket. Its steps
// can be repeated, each leaves behind what the next needs.
type sealing struct {
	row       live.RecordFile
	recording live.Recording
	rule      live.RecordFormat
	spool     spoolFile // nil once finished, and where slices are the file
	finish    finisher
}

// finish completes the container, commits the file's name and facts before
// anything bears the name, and hands the file to the lane.
func (c *committer) finish(ctx context.Context, s *sealing) error {
	if s.row.State == live.FileOpen && !formats[s.row.Format].sliced() {
		if err := c.recorder.finishFile(ctx, s); err != nil {
			return err
		}
	}
	c.lane.add(s)
	return nil
}

func (r *Recorder) finishFile(ctx context.Context, s *sealing) error {
	row := s.row
	row.State = live.FileDiscarded
	if s.spool != nil {
		summary, err := s.finish(s.spool)
		switch {
		case err == nil:
			row.State = live.FileSealed
			row.Duration, row.Size = summary.Duration, summary.Size
			row.ObjectKey = r.objectKey(row, s.rule, 0)
		case !errors.Is(err, media.ErrNoMedia):
			// Whatever went wrong half-way, recovery starts from the bytes alone.
			s.finish = formats[row.Format].recover
			return fmt.Errorf("finish record file %s: %w", row.ID, err)
		}
	}
	if err := r.commitFiles(ctx, row); err != nil {
		return err
	}
	s.row = row
	if s.spool != nil {
		if err := s.spool.Close(); err != nil {
			r.cfg.Log.Warn("close spool file", "file_id", row.ID, "err", err)
		}
	}
	s.spool, s.finish = nil, nil
	return nil
}

func (s *sealing) of() live.RecordingID { return s.row.Recording }

// carry stores the file and tells of it.
func (s *sealing) carry(ctx context.Context, r *Recorder) error {
	if formats[s.row.Format].sliced() {
		return s.carryIndex(ctx, r)
	}
	path := r.spoolPath(s.row.ID, s.row.Format.Extension())
	if s.row.State == live.FileDiscarded {
		return r.cfg.Uploads.Discard(s.row, path)
	}
	if s.row.State == live.FileSealed {
		if err := s.storeObject(ctx, r, path); err != nil {
			return err
		}
		if err := s.digestFile(ctx, r, path); err != nil {
			return err
		}
		if err := s.commitStored(ctx, r); err != nil {
			return err
		}
	}
	return r.cfg.Uploads.Done(s.row, path)
}

// objectKey names the object. taken tells how many names before it belong to
// other objects.
func (r *Recorder) objectKey(row live.RecordFile, rule live.RecordFormat, taken int) string {
	name := live.ExpandObjectPrefix(rule.ObjectPrefix, live.ObjectName{
		App: row.Key.App, Stream: row.Key.Stream, Sequence: row.Sequence, Start: row.StartTime, Stop: row.StopTime,
	}, r.cfg.Zone)
	return numbered(name, taken) + row.Format.Extension()
}

// storeObject puts the file into its bucket under the name that is committed. If
// that turns out to be another's, the next name is committed first.
func (s *sealing) storeObject(ctx context.Context, r *Recorder, path string) error {
	for taken := 1; ; taken++ {
		err := r.cfg.Uploads.Put(ctx, s.row, path, s.row.ObjectKey)
		if !errors.Is(err, blob.ErrExists) {
			return err
		}
		row := s.row
		row.ObjectKey = r.objectKey(row, s.rule, taken)
		if err := r.commitFiles(ctx, row); err != nil {
			return err
		}
		s.row = row
	}
}

// store puts a file into its bucket under the first of the names that belongs to
// no other object, and returns it.
func (r *Recorder) store(ctx context.Context, row live.RecordFile, path string, name func(taken int) string) (key string, err error) {
	for taken := 0; ; taken++ {
		key = name(taken)
		err = r.cfg.Uploads.Put(ctx, row, path, key)
		if !errors.Is(err, blob.ErrExists) {
			return key, err
		}
	}
}

// commitStored makes it a fact that the object is there, together with the event
// and what is owed for it.
func (s *sealing) commitStored(ctx context.Context, r *Recorder) error {
	row := s.row
	row.State = live.FileStored
	now := r.cfg.Now()
	tracks := tracksOf(row.Tracks)
	width, height := tracks.pictureSize()
	ev := live.Event{
		ID:         row.ID.EventID(),
		Type:       live.EventFileCreated,
		Key:        row.Key,
		Recording:  row.Recording,
		OccurredAt: now,
		Detail: live.EventDetail{File: &live.FileDetail{
			ID: row.ID, Format: row.Format, Bucket: row.Bucket, ObjectKey: row.ObjectKey,
			StartTime: row.StartTime, StopTime: row.StopTime, Duration: row.Duration, Size: row.Size,
			PushArgs: s.recording.PushArgs,
			Endpoint: s.recording.Config.OSSEndpoint, Codecs: tracks.codecs(), Width: width, Height: height,
			SHA256: row.SHA256, Gaps: row.Gaps,
		}},
	}
	var owed []live.Delivery
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		if err := tx.PutRecordFile(ctx, row); err != nil {
			return err
		}
		owed, err = r.announce(ctx, tx, s.recording, ev)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit record file %s: %w", row.ID, err)
	}
	s.row = row
	r.cfg.Committed(owed...)
	r.cfg.Log.Info("record file stored", "domain", row.Key.Domain, "app", row.Key.App, "stream", row.Key.Stream,
		"file_id", row.ID, "record_id", row.Recording, "bucket", row.Bucket,
		"object_key", row.ObjectKey, "bytes", row.Size, "duration", row.Duration)
	return nil
}

// formatRule returns what a rule says of files of format f.
func formatRule(rule live.RecordConfig, f live.Format) live.RecordFormat {
	for _, rf := range rule.Formats {
		if rf.Format == f {
			return rf
		}
	}
	return live.RecordFormat{Format: f}
}
