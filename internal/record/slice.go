package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// nextSlice returns the facts of the slice that begins now, with units from a
// point of the timeline on.
func (o *output) nextSlice(from time.Duration, now time.Time) live.Slice {
	f := o.file.row
	s := live.Slice{
		Key:           f.Key,
		Recording:     f.Recording,
		File:          f.ID,
		Format:        f.Format,
		Sequence:      o.slices,
		Offset:        from - o.file.base,
		Discontinuity: o.jump,
		Bucket:        f.Bucket,
		Endpoint:      o.recording.rule.OSSEndpoint,
		StartTime:     now,
	}
	s.Width, s.Height = o.recording.writing.pictureSize()
	o.slices++
	o.jump = false
	return s
}

// endSlice hands the open slice to the committer, if there is one. After a torn
// one the strands begin anew.
func (o *output) endSlice(torn bool) {
	p := o.file.part
	if p == nil {
		return
	}
	o.file.part = nil
	for i, spool := range p.spools {
		s := &slicePart{
			slice: p.slice, rule: o.rule, early: p.start - p.lowest,
			path: o.partPath(p, &o.strands[i]), spool: spool, finish: o.finisher(i, torn || p.empty),
		}
		s.slice.Kind = o.strands[i].kind
		o.recording.committer.enqueue(func(ctx context.Context) error { return o.recording.committer.finishSlice(ctx, s) })
	}
	if torn {
		o.strands = nil
	}
}

// writeInitial writes the init segments of a file with its first slice, whose
// number and begin they share.
func (o *output) writeInitial(first *live.Slice) error {
	for i := range o.strands {
		initial := o.strands[i].initial
		if initial == nil || slices.Contains(o.file.inits, initial.kind) {
			continue
		}
		s := &slicePart{slice: *first, rule: o.rule, path: o.recording.recorder.slicePath(*first, initial.suffix)}
		s.slice.Kind, s.slice.Size, s.slice.Discontinuity = initial.kind, int64(len(initial.content)), false
		if err := durable.WriteFile(s.path, initial.content, 0o644); err != nil {
			return fmt.Errorf("write init segment of %s: %w", first.File, err)
		}
		o.file.inits = append(o.file.inits, initial.kind)
		o.recording.committer.enqueue(func(context.Context) error {
			o.recording.committer.lane.add(s)
			return nil
		})
	}
	return nil
}

// A slicePart is a slice on its way from the spool to its bucket.
type slicePart struct {
	slice  live.Slice
	rule   live.RecordFormat
	early  time.Duration // how long before its offset the first frame of a track is decoded
	path   string        // in the spool
	spool  spoolFile     // nil once finished
	finish finisher
}

// finishSlice completes the slice and hands it to the lane, or removes it if nothing
// playable is in it.
func (c *committer) finishSlice(_ context.Context, s *slicePart) error {
	if s.spool != nil {
		if err := c.complete(s); err != nil {
			return fmt.Errorf("finish slice %d of %s: %w", s.slice.Sequence, s.slice.File, err)
		}
	}
	if s.slice.Size == 0 {
		return durable.Remove(s.path)
	}
	c.lane.add(s)
	return nil
}

// complete completes the container of the slice and learns its facts. A slice with
// nothing playable has no size.
func (c *committer) complete(s *slicePart) error {
	summary, err := s.finish(s.spool)
	if err != nil && !errors.Is(err, media.ErrNoMedia) {
		s.finish = formats[s.slice.Format].recover
		return err
	}
	if err := s.spool.Close(); err != nil {
		c.log.Warn("close spool file", "file_id", s.slice.File, "err", err)
	}
	s.spool, s.finish = nil, nil
	s.slice.Size = summary.Size
	s.measure(summary)
	return nil
}

// measure sets where the slice begins and how long it lasts: up to the next one, which
// is known of pictures where there is a next one, or to the end of its last frame.
func (s *slicePart) measure(summary media.Summary) {
	next := s.slice.Duration
	switch {
	case s.slice.Kind == live.SliceMuxed && next <= 0:
		s.slice.Duration = summary.Duration - s.early
	case s.slice.Kind == live.SliceVideo:
		s.slice.Duration = summary.Duration
		if toNext := s.slice.Offset + next - summary.Start; next > 0 && toNext > 0 {
			s.slice.Duration = toNext
		}
	case s.slice.Kind == live.SliceAudio:
		s.slice.Duration = summary.Duration
	}
	if s.slice.Duration <= 0 {
		s.slice.Duration = usualStep // of a lone frame
	}
	if s.slice.Kind != live.SliceMuxed {
		s.slice.Offset = summary.Start // tracks do not begin at the same instant
	}
}

func (s *slicePart) of() live.RecordingID { return s.slice.Recording }

// carry stores the slice under its name, which follows from its facts, and
// remembers it. A name that belongs to another object is given up for the next.
func (s *slicePart) carry(ctx context.Context, r *Recorder) error {
	row := live.RecordFile{ID: s.slice.File, Key: s.slice.Key, Bucket: s.slice.Bucket, Format: s.slice.Format}
	name := live.ExpandSliceObjectPrefix(s.rule.SliceObjectPrefix, s.slice.Key, s.slice.StartTime, s.slice.Sequence)
	key, err := r.store(ctx, row, s.path, func(taken int) string {
		return numbered(name, taken) + sliceSuffix(s.slice.Kind)
	})
	if err != nil {
		return err
	}
	slice := s.slice
	slice.ObjectKey, slice.StoredAt = key, r.cfg.Now()
	err = r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		known, err := tx.FileSlices(ctx, slice.File)
		if err != nil {
			return err
		}
		for i := range known { // an earlier Update of uncertain outcome
			if known[i].Sequence == slice.Sequence && known[i].Kind == slice.Kind {
				return nil
			}
		}
		return tx.AddSlice(ctx, slice)
	})
	if err != nil {
		return fmt.Errorf("commit slice %d of %s: %w", slice.Sequence, slice.File, err)
	}
	r.growPlaylist(ctx, slice, s.rule)
	return r.cfg.Uploads.Done(row, s.path)
}

// numbered returns a name that belongs to nobody after taken ones that do.
func numbered(name string, taken int) string {
	if taken == 0 {
		return name
	}
	return name + "_" + strconv.Itoa(taken)
}

// slicePath is where a slice grows. The name says what is known of the slice, so
// that nothing has to be committed before it begins.
func (r *Recorder) slicePath(s live.Slice, suffix string) string {
	jump := 0
	if s.Discontinuity {
		jump = 1
	}
	return filepath.Join(r.cfg.SpoolDir, fmt.Sprintf("%s.%d.%d.%d.%d%s%s",
		s.File, s.Sequence, s.StartTime.UnixMicro(), s.Offset.Microseconds(), jump, suffix, spoolSuffix))
}

// spooledSlices returns the slices of a file that the last run left in the spool,
// in their order.
func (r *Recorder) spooledSlices(row live.RecordFile, rec live.Recording) ([]*slicePart, error) {
	names, err := r.spooled(string(row.ID) + ".")
	if err != nil {
		return nil, err
	}
	var list []*slicePart
	for _, name := range names {
		s := &slicePart{rule: formatRule(rec.Config, row.Format), path: filepath.Join(r.cfg.SpoolDir, name), slice: live.Slice{
			Key: row.Key, Recording: row.Recording, File: row.ID, Format: row.Format,
			Bucket: row.Bucket, Endpoint: rec.Config.OSSEndpoint,
		}}
		if !s.parseName(strings.TrimSuffix(name, spoolSuffix)) {
			continue
		}
		s.slice.Width, s.slice.Height = tracksOf(row.Tracks).pictureSize()
		list = append(list, s)
	}
	sortSlices(list)
	return list, nil
}

// parseName reads what slicePath wrote.
func (s *slicePart) parseName(name string) bool {
	fields := strings.SplitN(name, ".", 5)
	if len(fields) != 5 || fields[4] == "" {
		return false
	}
	sequence, err1 := strconv.Atoi(fields[1])
	start, err2 := strconv.ParseInt(fields[2], 10, 64)
	offset, err3 := strconv.ParseInt(fields[3], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	s.slice.Sequence, s.slice.StartTime = sequence, time.UnixMicro(start)
	s.slice.Offset = time.Duration(offset) * time.Microsecond
	s.slice.Discontinuity = fields[4][0] == '1'
	for _, kind := range []live.SliceKind{live.SliceMuxed, live.SliceVideo, live.SliceAudio, live.SliceVideoInit, live.SliceAudioInit} {
		if sliceSuffix(kind) == fields[4][1:] {
			s.slice.Kind = kind
			return true
		}
	}
	return false
}

// recoverSlice opens a slice of the last run, to be finished. Init segments were
// written whole.
func (r *Recorder) recoverSlice(s *slicePart) error {
	if s.slice.Kind.IsInit() {
		info, err := os.Stat(s.path)
		if err != nil {
			return err
		}
		s.slice.Size = info.Size()
		return nil
	}
	spool, err := r.cfg.openFile(s.path)
	if err != nil {
		return fmt.Errorf("recover slice %d of %s: %w", s.slice.Sequence, s.slice.File, err)
	}
	s.spool, s.finish = spool, formats[s.slice.Format].recover
	return nil
}

// sliceSuffix returns what the names of slices of a kind end in.
func sliceSuffix(k live.SliceKind) string {
	switch {
	case k == live.SliceMuxed:
		return ".ts"
	case k.IsInit():
		return "_" + string(k) + ".mp4"
	default:
		return "_" + string(k) + ".m4s"
	}
}

// sortSlices puts slices in the order of their numbers and kinds.
func sortSlices(list []*slicePart) {
	slices.SortFunc(list, func(a, b *slicePart) int {
		return cmp.Or(cmp.Compare(a.slice.Sequence, b.slice.Sequence), cmp.Compare(a.slice.Kind, b.slice.Kind))
	})
}
