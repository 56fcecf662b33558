package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Recover finishes what the last run of the server left behind: recordings that
// nobody feeds any more are closed before it returns; their files are finished,
// stored and announced in the background, which Close waits for. Call it once,
// before the first Open.
func (r *Recorder) Recover(ctx context.Context) error {
	var (
		files      []live.RecordFile
		recordings = make(map[live.RecordingID]live.Recording)
	)
	err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
		open, err := tx.OpenRecordings(ctx)
		if err != nil {
			return err
		}
		for _, rec := range open {
			recordings[rec.ID] = rec
		}
		if files, err = tx.UnfinishedRecordFiles(ctx); err != nil {
			return err
		}
		for _, f := range files {
			if _, ok := recordings[f.Recording]; ok {
				continue
			}
			if recordings[f.Recording], err = tx.Recording(ctx, f.Recording); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("find unfinished recordings: %w", err)
	}
	c := newCommitter(r, r.cfg.Log)
	for _, rec := range recordings {
		if err := r.closeInterrupted(ctx, c, rec); err != nil {
			return err
		}
	}
	if err := r.removeStrays(ctx); err != nil {
		return err
	}
	if len(files) == 0 {
		return nil
	}
	r.cfg.Log.Info("recovering record files", "files", len(files))
	pending := make([]*sealing, len(files))
	for i, f := range files {
		rec := recordings[f.Recording]
		pending[i] = &sealing{row: f, recording: rec, prefix: prefixOf(rec.Config, f.Format), finish: recoverer(f.Format)}
	}
	r.running.Go(func() { r.recoverFiles(r.commits, c, pending) })
	return nil
}

// recoverFiles takes files from where the crash left them to their buckets. One
// that cannot go on yet does not hold up the others.
func (r *Recorder) recoverFiles(ctx context.Context, c *committer, pending []*sealing) {
	for wait := firstRetry; len(pending) > 0; wait = min(2*wait, lastRetry) {
		var failed []*sealing
		for _, s := range pending {
			if err := r.recoverFile(ctx, c, s); err != nil {
				r.cfg.Log.Error("cannot recover record file, trying again", "file_id", s.row.ID, "retry_after", wait, "err", err)
				failed = append(failed, s)
			}
		}
		if pending = failed; len(pending) > 0 {
			pause(ctx, wait)
		}
		if ctx.Err() != nil {
			return
		}
	}
	r.cfg.Log.Info("recovered record files")
}

func (r *Recorder) recoverFile(ctx context.Context, c *committer, s *sealing) error {
	if s.row.State == live.FileOpen && s.spool == nil {
		if err := r.reopen(ctx, c, s); err != nil {
			return err
		}
	}
	return c.seal(ctx, s)
}

// closeInterrupted closes a recording that the crash interrupted. If a push was
// feeding it, that is over: receivers are told that it paused.
func (r *Recorder) closeInterrupted(ctx context.Context, c *committer, rec live.Recording) error {
	wasActive := rec.State == live.RecordingActive
	if rec.State == live.RecordingClosed {
		return nil
	}
	rec.State, rec.PausedAt = live.RecordingClosed, time.Time{}
	if !wasActive {
		return c.commitRow(ctx, rec)
	}
	now := r.cfg.Now()
	return c.commitState(ctx, rec, live.Event{
		ID: live.NewEventID(now), Type: live.EventRecordPaused, Key: rec.Key, Recording: rec.ID, OccurredAt: now,
	})
}

// reopen opens the spool file of s again; if there is none, it is discarded.
func (r *Recorder) reopen(ctx context.Context, c *committer, s *sealing) error {
	f, err := os.OpenFile(r.spoolPath(s.row.ID, s.row.Format), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		r.cfg.Log.Warn("record file had not been created", "file_id", s.row.ID, "record_id", s.row.Recording)
		row := s.row
		row.State = live.FileDiscarded
		if err := c.commitFile(ctx, row); err != nil {
			return err
		}
		s.row = row
		return nil
	}
	if err != nil {
		return fmt.Errorf("recover record file %s: %w", s.row.ID, err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("recover record file %s: %w", s.row.ID, err), f.Close())
	}
	s.spool = f
	s.row.StopTime = info.ModTime() // of the last write
	return nil
}

// prefixOf returns the name template of the rule's files of format f.
func prefixOf(rule live.RecordConfig, f live.Format) string {
	for _, rf := range rule.Formats {
		if rf.Format == f {
			return rf.ObjectPrefix
		}
	}
	return ""
}

// removeStrays removes the spool files of record files that are stored or
// discarded: the crash came before they were removed. A file that the store does
// not know is kept: the store may be an old copy.
func (r *Recorder) removeStrays(ctx context.Context) error {
	entries, err := os.ReadDir(r.cfg.SpoolDir)
	if err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	for _, e := range entries {
		id, _, ok := strings.Cut(e.Name(), ".")
		if !ok || !strings.HasSuffix(e.Name(), spoolSuffix) {
			continue
		}
		var row live.RecordFile
		err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
			var err error
			row, err = tx.RecordFile(ctx, live.RecordFileID(id))
			return err
		})
		switch {
		case errors.Is(err, live.ErrNotFound):
			r.cfg.Log.Warn("spool file is unknown to the store, it is kept", "file", e.Name())
		case err != nil:
			return fmt.Errorf("look up spool file %s: %w", e.Name(), err)
		case row.State == live.FileStored || row.State == live.FileDiscarded:
			if err := durable.Remove(filepath.Join(r.cfg.SpoolDir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
