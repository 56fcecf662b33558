package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// A leftover is a recording that the last run of the server left unfinished.
type leftover struct {
	row    live.Recording
	files  []live.RecordFile // all of them, by sequence
	askURL string
}

// Recover takes up what the last run of the server left behind. A recording whose
// rule still waits for the encoder goes on waiting, and a push of the stream
// continues it; others are closed. That is committed before Recover returns. Files
// are reopened, or finished, stored and announced, in the background, which Close
// waits for. Call it once, before the first Open.
func (r *Recorder) Recover(ctx context.Context) error {
	left, err := r.findLeftovers(ctx)
	if err != nil {
		return fmt.Errorf("find unfinished recordings: %w", err)
	}
	if err := r.checkSpool(left); err != nil {
		return err
	}
	written, err := r.sweepSpool(ctx)
	if err != nil {
		return err
	}
	for _, l := range left {
		if err := r.recoverOne(ctx, l, written); err != nil {
			return err
		}
	}
	return nil
}

// spoolMark is the name of a file in the spool that says: this is it.
const spoolMark = ".tallylight-spool"

// checkSpool fails if files are expected in the spool and it seems to be another
// folder: one where a volume is not mounted. They would be given up otherwise.
func (r *Recorder) checkSpool(left []*leftover) error {
	mark := filepath.Join(r.cfg.SpoolDir, spoolMark)
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	unfinished := slices.ContainsFunc(left, func(l *leftover) bool {
		return slices.ContainsFunc(l.files, func(f live.RecordFile) bool { return f.State == live.FileOpen || f.State == live.FileSealed })
	})
	spooled, err := r.spooled("")
	if err != nil {
		return err
	}
	if unfinished && len(spooled) == 0 {
		return fmt.Errorf("the spool %s is empty, but unfinished files are expected there: "+
			"mount its volume, or create the file %s to give them up", r.cfg.SpoolDir, mark)
	}
	return durable.WriteFile(mark, nil, 0o644)
}

// spooled returns the names of the files and slices in the spool that begin with a
// prefix.
func (r *Recorder) spooled(prefix string) (names []string, err error) {
	entries, err := os.ReadDir(r.cfg.SpoolDir)
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), spoolSuffix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// findLeftovers returns the recordings that are not closed or have unfinished
// files, oldest first.
func (r *Recorder) findLeftovers(ctx context.Context) ([]*leftover, error) {
	found := make(map[live.RecordingID]*leftover)
	err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
		open, err := tx.OpenRecordings(ctx)
		if err != nil {
			return err
		}
		unfinished, err := tx.UnfinishedRecordFiles(ctx)
		if err != nil {
			return err
		}
		for _, rec := range open {
			found[rec.ID] = &leftover{row: rec}
		}
		for _, f := range unfinished {
			if found[f.Recording] != nil {
				continue
			}
			rec, err := tx.Recording(ctx, f.Recording)
			if err != nil {
				return err
			}
			found[rec.ID] = &leftover{row: rec}
		}
		for _, l := range found {
			if l.files, err = tx.RecordingFiles(ctx, l.row.ID); err != nil {
				return err
			}
			notify, err := tx.NotifyConfig(ctx, l.row.Key.Domain)
			if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
				return err
			}
			l.askURL = notify.OnDemandURL
		}
		return nil
	})
	var list []*leftover
	for _, l := range found {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *leftover) int { return strings.Compare(string(a.row.ID), string(b.row.ID)) })
	return list, err
}

// recoverOne commits what became of a recording and sees to its files. If a push
// was feeding it, that is over: receivers are told that it paused. written tells
// when files were written last.
func (r *Recorder) recoverOne(ctx context.Context, l *leftover, written map[live.RecordFileID]time.Time) error {
	if l.row.State == live.RecordingClosed {
		r.finishLeftover(l)
		return nil
	}
	now := r.cfg.Now()
	wasActive := l.row.State == live.RecordingActive
	if wasActive {
		l.row.State, l.row.PausedAt = live.RecordingPaused, l.lastWritten(written, now)
	}
	if l.row.PausedAt.After(now) { // the clock was set back: no wait is longer than DelayTime
		l.row.PausedAt = now
	}
	waits := !l.row.Manual && now.Before(deadline(l.row)) && r.recordings[l.row.Key] == nil
	if !waits {
		l.row.State, l.row.PausedAt = live.RecordingClosed, time.Time{}
	}
	var err error
	switch {
	case wasActive:
		err = r.commitState(ctx, l.row, live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordPaused, Key: l.row.Key, Recording: l.row.ID, OccurredAt: now,
		})
	case !waits:
		err = r.commitRow(ctx, l.row)
	}
	switch {
	case err != nil:
		return err
	case waits:
		r.waitAgain(l)
	default:
		r.finishLeftover(l)
	}
	return nil
}

// lastWritten returns when the files of l were written last.
func (l *leftover) lastWritten(written map[live.RecordFileID]time.Time, now time.Time) time.Time {
	var last time.Time
	for _, f := range l.files {
		if t := written[f.ID]; t.After(last) {
			last = t
		}
	}
	if last.IsZero() || last.After(now) {
		return now
	}
	return last
}

// deadline returns when a recording that is paused ends.
func deadline(row live.Recording) time.Time {
	t := row.PausedAt.Add(row.Config.DelayTime)
	if end := row.Config.EndTime; !end.IsZero() && end.Before(t) {
		return end
	}
	return t
}

// waitAgain makes a recording of l that waits for its encoder.
func (r *Recorder) waitAgain(l *leftover) {
	rec := newRecording(r, l.row.Key, l.row.Config)
	rec.signKey, rec.askURL, rec.left = l.row.SignKey, l.askURL, l
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recordings[rec.key] = rec
	r.running.Go(rec.run)
	rec.log.Info("recording goes on waiting", "record_id", l.row.ID, "until", deadline(l.row))
}

// finishLeftover finishes the files of a recording that is over.
func (r *Recorder) finishLeftover(l *leftover) {
	c := newCommitter(r, r.cfg.Log.With("record_id", l.row.ID))
	r.running.Go(c.run)
	r.running.Go(func() {
		defer c.close()
		for _, f := range l.files {
			c.finishLeft(f, l.row)
		}
	})
}

// finishLeft finishes a file of the last run, if that is left to do.
func (c *committer) finishLeft(f live.RecordFile, rec live.Recording) {
	s := &sealing{row: f, recording: rec, rule: formatRule(rec.Config, f.Format)}
	switch {
	case f.State == live.FileSealed:
		c.lane.add(s)
		return
	case f.State != live.FileOpen:
		return
	case !formats[f.Format].sliced():
		c.enqueue(func(ctx context.Context) error {
			if err := c.recorder.openLeft(s); err != nil {
				return err
			}
			return c.finish(ctx, s)
		})
		return
	}
	var left []*slicePart
	c.enqueue(func(context.Context) (err error) {
		left, err = c.recorder.spooledSlices(f, rec)
		return err
	})
	c.enqueue(func(ctx context.Context) error {
		for ; len(left) > 0; left = left[1:] {
			if err := c.finishLeftSlice(ctx, left[0]); err != nil {
				return err
			}
		}
		return nil
	})
	c.enqueue(func(ctx context.Context) error { return c.finish(ctx, s) })
}

func (c *committer) finishLeftSlice(ctx context.Context, s *slicePart) error {
	if s.spool == nil {
		err := c.recorder.recoverSlice(s)
		if errors.Is(err, fs.ErrNotExist) {
			c.log.Error("slice is gone from the spool, it is given up", "file_id", s.slice.File, "err", err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return c.finishSlice(ctx, s)
}

// openLeft opens the spool file of s, to be recovered; if there is none, the file
// will be discarded.
func (r *Recorder) openLeft(s *sealing) error {
	if s.spool != nil {
		return nil
	}
	spool, stop, err := r.openWritten(r.spoolPath(s.row.ID, s.row.Format.Extension()))
	if errors.Is(err, fs.ErrNotExist) {
		r.cfg.Log.Warn("record file had not been created", "file_id", s.row.ID, "record_id", s.row.Recording)
		return nil
	}
	if err != nil {
		return fmt.Errorf("recover record file %s: %w", s.row.ID, err)
	}
	s.spool, s.finish = spool, formats[s.row.Format].recover
	s.row.StopTime = stop
	return nil
}

// openWritten opens a spool file of the last run and says when it was written.
func (r *Recorder) openWritten(path string) (spoolFile, time.Time, error) {
	spool, err := r.cfg.openFile(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := spool.Stat()
	if err != nil {
		return nil, time.Time{}, errors.Join(err, spool.Close())
	}
	return spool, info.ModTime(), nil
}

// takeUp continues what the last run left: the files that were open last are
// reopened, if all of them can be; others are finished, and the next frames begin
// new ones.
func (r *recording) takeUp(l *leftover) {
	r.row, r.deadline = l.row, deadline(l.row)
	reopened := make(map[live.RecordFileID]bool)
	if last := r.lastFiles(l); len(last) > 0 && r.reopenAll(last) {
		for _, f := range last {
			reopened[f.ID] = true
		}
	}
	for _, f := range l.files {
		if !reopened[f.ID] {
			r.committer.finishLeft(f, l.row)
		}
	}
	r.log.Info("recording taken up", "record_id", r.row.ID, "files", len(reopened))
}

// lastFiles returns the file that each output left open, or nil if one left none
// although it can hold the tracks: then new ones begin in all of them. It sets
// the numbers of the next files and slices.
func (r *recording) lastFiles(l *leftover) map[*output]live.RecordFile {
	last := make(map[*output]live.RecordFile)
	var tracks []live.Track // of all of them
	for _, o := range r.outputs {
		newest := -1
		for i, f := range l.files { // by sequence
			if f.Format == o.rule.Format {
				newest = i
			}
		}
		if newest < 0 {
			continue
		}
		f := l.files[newest]
		o.sequence = f.Sequence + 1
		if err := r.numberSlices(o, l); err != nil {
			r.log.Error("cannot read the slices of the last run", "err", err)
			return nil
		}
		if f.State == live.FileOpen && (tracks == nil || slices.EqualFunc(f.Tracks, tracks, sameRow)) {
			last[o], tracks = f, f.Tracks
		}
	}
	for _, o := range r.outputs {
		if _, ok := last[o]; !ok && o.holds(tracksOf(tracks)) {
			return nil
		}
	}
	return last
}

func sameRow(a, b live.Track) bool { return a.Codec == b.Codec && slices.Equal(a.Config, b.Config) }

// numberSlices sets the number of the output's next slice.
func (r *recording) numberSlices(o *output, l *leftover) error {
	if !o.format.sliced() {
		return nil
	}
	return r.cfg.Store.View(r.recorder.commits, func(tx store.Reader) error {
		for _, f := range l.files {
			if f.Format != o.rule.Format {
				continue
			}
			stored, err := tx.FileSlices(r.recorder.commits, f.ID)
			if err != nil {
				return err
			}
			for _, s := range stored {
				o.slices = max(o.slices, s.Sequence+1)
			}
			spooled, err := r.recorder.spooledSlices(f, l.row)
			if err != nil {
				return err
			}
			for _, s := range spooled {
				o.slices = max(o.slices, s.slice.Sequence+1)
			}
		}
		return nil
	})
}

// reopenAll reopens a file in each output and sets the timeline to go on where
// the longest ends. If one cannot be reopened, none is.
func (r *recording) reopenAll(last map[*output]live.RecordFile) bool {
	lengths := make(map[*output]time.Duration)
	var end time.Duration
	for o, f := range last {
		length, err := o.reopen(f)
		if err != nil {
			r.log.Warn("file is finished instead of continued", "file_id", f.ID, "err", err)
			for _, o := range r.outputs {
				o.letGo()
			}
			r.writing = trackSet{}
			return false
		}
		lengths[o], end = length, max(end, length)
		r.writing = tracksOf(f.Tracks)
	}
	r.known = r.writing
	r.timeline = resumedTimeline(end, r.writing)
	for o, length := range lengths {
		o.file.base = end - length
		for _, s := range o.left {
			r.committer.enqueue(func(ctx context.Context) error { return r.committer.finishLeftSlice(ctx, s) })
		}
		o.left = nil
	}
	return true
}

// letGo closes what was opened of a file that is not reopened after all.
func (o *output) letGo() {
	var spools []spoolFile
	for _, s := range o.left {
		if s.spool != nil {
			spools = append(spools, s.spool)
		}
	}
	if o.file != nil && o.file.part != nil {
		spools = append(spools, o.file.part.spools...)
	}
	for _, spool := range spools {
		if err := spool.Close(); err != nil {
			o.recording.log.Warn("close spool file", "err", err)
		}
	}
	o.file, o.strands, o.left = nil, nil, nil
}

// reopen makes row the open file of the output again and returns how long it is.
func (o *output) reopen(row live.RecordFile) (time.Duration, error) {
	if o.format.sliced() {
		return o.reopenSliced(row)
	}
	r := o.recording
	spool, stop, err := r.recorder.openWritten(r.recorder.spoolPath(row.ID, row.Format.Extension()))
	if err != nil {
		return 0, err
	}
	content, summary, err := o.format.reopen(spool, media.Tracks(tracksOf(row.Tracks)))
	if err == nil {
		_, err = spool.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return 0, errors.Join(err, spool.Close())
	}
	o.strands = []strand{{container: content, suffix: row.Format.Extension()}}
	o.file = &file{
		row: row, begun: true, stop: stop,
		part: &part{spools: []spoolFile{spool}, size: summary.Size, synced: r.cfg.Now()},
	}
	return summary.Duration, nil
}

// reopenSliced does so for a file of slices. The slice that was open last is
// finished; the next frames begin another.
func (o *output) reopenSliced(row live.RecordFile) (length time.Duration, err error) {
	r := o.recording
	f := &file{row: row, stop: row.StartTime}
	err = r.cfg.Store.View(r.recorder.commits, func(tx store.Reader) error {
		stored, err := tx.FileSlices(r.recorder.commits, row.ID)
		for _, s := range stored {
			f.count(s, &length)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if o.left, err = r.recorder.spooledSlices(row, r.row); err != nil {
		return 0, err
	}
	for _, s := range o.left {
		if err := r.recorder.recoverSlice(s); err != nil {
			return 0, err
		}
		slice := s.slice
		if s.spool != nil {
			summary, err := s.finish(s.spool)
			if errors.Is(err, media.ErrNoMedia) {
				continue
			}
			if err != nil {
				return 0, err
			}
			slice.Duration = summary.Duration
		}
		f.count(slice, &length)
	}
	o.file = f
	return length, nil
}

// count takes a slice of the last run into account.
func (f *file) count(s live.Slice, length *time.Duration) {
	switch {
	case s.Kind.IsInit():
		f.inits = append(f.inits, s.Kind)
		return
	case s.Kind == live.SliceAudio && len(f.row.Tracks) > 1: // beside the video
		return
	}
	f.begun, f.cut = true, true
	*length = max(*length, s.Offset+s.Duration) // slices need not follow each other without a gap
	if end := s.EndTime(); end.After(f.stop) {
		f.stop = end
	}
}

// sweepSpool removes the spool files of record files that need them no more,
// because the crash came before they were removed, and returns when the others
// were written. A file that the store does not know is kept: the store may be an
// old copy.
func (r *Recorder) sweepSpool(ctx context.Context) (map[live.RecordFileID]time.Time, error) {
	entries, err := os.ReadDir(r.cfg.SpoolDir)
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	written := make(map[live.RecordFileID]time.Time)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".file_") { // durable.WriteFile was interrupted
			if err := durable.Remove(filepath.Join(r.cfg.SpoolDir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		name, _, _ := strings.Cut(e.Name(), ".")
		name, _, _ = strings.Cut(name, playlistMark)
		if !strings.HasPrefix(name, "file_") || !strings.HasSuffix(e.Name(), spoolSuffix) && !strings.HasSuffix(e.Name(), playlistSuffix) {
			continue
		}
		var row live.RecordFile
		err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
			var err error
			row, err = tx.RecordFile(ctx, live.RecordFileID(name))
			return err
		})
		switch {
		case errors.Is(err, live.ErrNotFound):
			r.cfg.Log.Warn("spool file is unknown to the store, it is kept", "file", e.Name())
		case err != nil:
			return nil, fmt.Errorf("look up spool file %s: %w", e.Name(), err)
		case row.State != live.FileOpen && row.State != live.FileSealed || strings.HasSuffix(e.Name(), playlistSuffix):
			if err := durable.Remove(filepath.Join(r.cfg.SpoolDir, e.Name())); err != nil {
				return nil, err
			}
		default:
			if info, err := e.Info(); err == nil && info.ModTime().After(written[row.ID]) {
				written[row.ID] = info.ModTime()
			}
		}
	}
	return written, nil
}
