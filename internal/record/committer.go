package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// A committer carries out, in their order, what a recording need not wait for:
// commits of its state and the sealing of its files. What fails is tried again
// until it succeeds or the Recorder gives up; the next Recover does the rest.
type committer struct {
	recorder *Recorder
	cfg      Config
	log      *slog.Logger
	jobs     chan func(context.Context) error
}

func newCommitter(r *Recorder, log *slog.Logger) *committer {
	return &committer{recorder: r, cfg: r.cfg, log: log, jobs: make(chan func(context.Context) error, 32)}
}

// enqueue adds a job. It blocks while too many wait; the queue of the stream
// takes the frames meanwhile.
func (c *committer) enqueue(job func(context.Context) error) { c.jobs <- job }

// finish says that no job follows.
func (c *committer) finish() { close(c.jobs) }

// run carries out jobs until finish.
func (c *committer) run() {
	for job := range c.jobs {
		c.persist(c.recorder.commits, job)
	}
}

// persist tries job until it succeeds or ctx ends.
func (c *committer) persist(ctx context.Context, job func(context.Context) error) {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := job(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			c.log.Warn("left to the next start", "err", err)
			return
		}
		c.log.Error("cannot commit, trying again", "retry_after", wait, "err", err)
		pause(ctx, wait)
	}
}

// try runs a transaction until its outcome is known or ctx ends.
func (c *committer) try(ctx context.Context, fn func(store.Tx) error) error {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := c.cfg.Store.Update(ctx, fn)
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain) || ctx.Err() != nil {
			return err
		}
		pause(ctx, wait)
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// announce writes ev and owes it to whom the domain's notify config names. It is
// part of the transaction that makes the event true.
func announce(ctx context.Context, tx store.Tx, row live.Recording, ev live.Event) error {
	ev, err := tx.AddEvent(ctx, ev)
	if err != nil {
		return err
	}
	notify, err := tx.NotifyConfig(ctx, ev.Key.Domain)
	if errors.Is(err, live.ErrConfigNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !notify.Wants(ev.Type) {
		return nil
	}
	return tx.AddDelivery(ctx, live.Delivery{
		ID:      ev.ID.DeliveryID(),
		Event:   ev,
		URL:     notify.NotifyURL,
		SignKey: row.SignKey,
		State:   live.DeliveryPending,
		DueAt:   ev.OccurredAt,
	})
}

// commitState writes the recording and what happened to it.
func (c *committer) commitState(ctx context.Context, row live.Recording, ev live.Event) error {
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if row.ID != "" {
			if err := tx.PutRecording(ctx, row); err != nil {
				return err
			}
		}
		return announce(ctx, tx, row, ev)
	})
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", ev.Type, ev.Key, err)
	}
	c.cfg.Committed()
	return nil
}

// commitRow writes the recording.
func (c *committer) commitRow(ctx context.Context, row live.Recording) error {
	if err := c.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.PutRecording(ctx, row) }); err != nil {
		return fmt.Errorf("commit recording %s: %w", row.ID, err)
	}
	return nil
}

// A sealing is a file on its way from the spool to its bucket. Its steps can be
// repeated, each leaves behind what the next needs.
type sealing struct {
	row       live.RecordFile
	recording live.Recording
	prefix    string
	spool     spoolFile // nil once finished
	finish    func(media.File) (media.Summary, error)
}

// seal finishes the file, fixes its name, stores the object and tells of it.
func (c *committer) seal(ctx context.Context, s *sealing) error {
	path := c.recorder.spoolPath(s.row.ID, s.row.Format)
	if s.row.State == live.FileOpen {
		if err := c.finishFile(ctx, s); err != nil {
			return err
		}
	}
	if s.row.State == live.FileSealed {
		if err := c.storeObject(ctx, s, path); err != nil {
			return err
		}
		if err := c.commitStored(ctx, s); err != nil {
			return err
		}
	}
	return durable.Remove(path)
}

// finishFile completes the container and commits the file's name and facts,
// before anything bears the name.
func (c *committer) finishFile(ctx context.Context, s *sealing) error {
	summary, err := s.finish(s.spool)
	empty := errors.Is(err, media.ErrNoMedia)
	if err != nil && !empty {
		// Whatever went wrong half-way, recovery starts from the bytes alone.
		s.finish = recoverer(s.row.Format)
		return fmt.Errorf("finish record file %s: %w", s.row.ID, err)
	}
	row := s.row
	if empty {
		row.State = live.FileDiscarded
	} else {
		if err := s.spool.Sync(); err != nil {
			return fmt.Errorf("sync record file %s: %w", s.row.ID, err)
		}
		row.State = live.FileSealed
		row.Duration, row.Size = summary.Duration, summary.Size
		row.ObjectKey = c.objectKey(row, s.prefix, 0)
	}
	if err := c.commitFile(ctx, row); err != nil {
		return err
	}
	s.row = row
	if err := s.spool.Close(); err != nil {
		c.log.Warn("close spool file", "file_id", row.ID, "err", err)
	}
	s.spool = nil
	return nil
}

// objectKey names the object. taken tells how many names before it belong to
// other objects.
func (c *committer) objectKey(row live.RecordFile, prefix string, taken int) string {
	name := live.ExpandObjectPrefix(prefix, live.ObjectName{
		App: row.Key.App, Stream: row.Key.Stream, Sequence: row.Sequence, Start: row.StartTime, Stop: row.StopTime,
	}, c.cfg.Zone)
	if taken > 0 {
		name = fmt.Sprintf("%s_%d", name, taken)
	}
	return name + row.Format.Extension()
}

// storeObject puts the file into its bucket. A name that belongs to another
// object is given up for the next one.
func (c *committer) storeObject(ctx context.Context, s *sealing, path string) error {
	bucket, err := c.cfg.Buckets.Bucket(s.row.Bucket)
	if err != nil {
		return fmt.Errorf("store record file %s: %w", s.row.ID, err)
	}
	for taken := 1; ; taken++ {
		err := bucket.PutFile(ctx, s.row.ObjectKey, path)
		if err == nil {
			return nil
		}
		if !errors.Is(err, blob.ErrExists) {
			return fmt.Errorf("store record file %s: %w", s.row.ID, err)
		}
		row := s.row
		row.ObjectKey = c.objectKey(row, s.prefix, taken)
		if err := c.commitFile(ctx, row); err != nil {
			return err
		}
		s.row = row
	}
}

// commitStored makes it a fact that the object is there, together with the event
// and what is owed for it.
func (c *committer) commitStored(ctx context.Context, s *sealing) error {
	row := s.row
	row.State = live.FileStored
	now := c.cfg.Now()
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
		}},
	}
	err := c.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.PutRecordFile(ctx, row); err != nil {
			return err
		}
		return announce(ctx, tx, s.recording, ev)
	})
	if err != nil {
		return fmt.Errorf("commit record file %s: %w", row.ID, err)
	}
	s.row = row
	c.cfg.Committed()
	c.log.Info("record file stored", "file_id", row.ID, "record_id", row.Recording, "bucket", row.Bucket,
		"object_key", row.ObjectKey, "bytes", row.Size, "duration", row.Duration)
	return nil
}

func (c *committer) commitFile(ctx context.Context, row live.RecordFile) error {
	if err := c.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.PutRecordFile(ctx, row) }); err != nil {
		return fmt.Errorf("commit record file %s: %w", row.ID, err)
	}
	return nil
}
