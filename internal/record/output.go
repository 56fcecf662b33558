package record

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// pieceBytes bounds what one write hands to the operating system, give or take a
// frame, and with it the memory of the buffer that it is built in.
const pieceBytes = 256 << 10

// An output writes one format of a recording: one file after the other.
type output struct {
	recording *recording
	rule      live.RecordFormat
	sequence  int   // of the next file
	file      *file // nil while none is open
}

// A file is a record file that grows in the spool.
type file struct {
	row     live.RecordFile
	spool   spoolFile
	content container
	base    time.Duration // of the timeline, that is 0 in the file
	empty   bool          // nothing was written
	stop    time.Time     // when its last frame came in
	synced  time.Time
}

// scratch is what a write is built in; it is shared by all streams, so that its
// memory stays in the cache of the processor.
type scratch struct {
	bytes []byte
	units []media.Unit
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// openFiles opens the next file of every output for the given tracks. The store
// knows them, and the recording row, before they exist.
func (r *recording) openFiles(row live.Recording, tracks trackSet, now time.Time) error {
	started := r.row.ID == ""
	files := make([]*file, len(r.outputs))
	for i, o := range r.outputs {
		f, err := o.next(row.ID, tracks, now)
		if err != nil {
			return err
		}
		files[i] = f
	}
	ctx, cancel := context.WithTimeout(r.recorder.commits, openingTimeout)
	defer cancel()
	r.row = row
	ev := r.event(live.EventRecordStarted, live.EventDetail{}, now)
	err := r.committer.try(ctx, func(tx store.Tx) error {
		if started {
			if err := tx.PutRecording(ctx, row); err != nil {
				return err
			}
			if err := announce(ctx, tx, row, ev); err != nil {
				return err
			}
		}
		for _, f := range files {
			if err := tx.PutRecordFile(ctx, f.row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("open record files of %s: %w", row.ID, err)
	}
	if started {
		r.cfg.Committed()
	}
	r.writing = tracks
	for i, o := range r.outputs {
		if err := o.open(files[i]); err != nil {
			return err
		}
	}
	return nil
}

// next returns the file that follows in the output, not yet open.
func (o *output) next(id live.RecordingID, tracks trackSet, now time.Time) (*file, error) {
	bucket := o.recording.rule.OSSBucket
	if _, err := o.recording.cfg.Buckets.Bucket(bucket); err != nil {
		return nil, err
	}
	content, err := newContainer(o.rule.Format, tracks)
	if err != nil {
		return nil, err
	}
	return &file{
		row: live.RecordFile{
			ID:        live.NewRecordFileID(now),
			Recording: id,
			Key:       o.recording.key,
			Format:    o.rule.Format,
			State:     live.FileOpen,
			Bucket:    bucket,
			Sequence:  o.sequence,
			StartTime: now,
		},
		content: content,
		empty:   true,
		stop:    now,
		synced:  now,
	}, nil
}

// open creates the spool file of f.
func (o *output) open(f *file) error {
	spool, err := o.recording.cfg.createFile(o.recording.recorder.spoolPath(f.row.ID, f.row.Format))
	if err != nil {
		return fmt.Errorf("create spool file: %w", err)
	}
	f.spool = spool
	o.file = f
	o.sequence++
	return nil
}

// write appends units to the file, and goes on to the next file at the key frame
// at which the rule's cycle is over.
func (o *output) write(units []media.Unit, now time.Time) error {
	for len(units) > 0 {
		n := o.untilCycleEnd(units)
		if err := o.append(units[:n], now); err != nil {
			return err
		}
		if units = units[n:]; len(units) > 0 {
			if err := o.rotate(now); err != nil {
				return err
			}
		}
	}
	return nil
}

// untilCycleEnd returns how many of units belong to the open file.
func (o *output) untilCycleEnd(units []media.Unit) int {
	if o.file.empty {
		o.file.base = firstDTS(units)
	}
	end := o.file.base + o.rule.CycleDuration
	for i := range units {
		if units[i].DTS >= end && o.recording.writing.startsFile(&units[i]) {
			return i
		}
	}
	return len(units)
}

// firstDTS returns the lowest DTS of audio and video among units.
func firstDTS(units []media.Unit) time.Duration {
	first := units[0].DTS
	for i := range units {
		if units[i].Kind != media.Data {
			first = min(first, units[i].DTS)
		}
	}
	return first
}

// append writes units to the open file, in pieces.
func (o *output) append(units []media.Unit, now time.Time) error {
	if len(units) == 0 {
		return nil
	}
	f := o.file
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for len(units) > 0 {
		s.bytes, s.units = s.bytes[:0], s.units[:0]
		if f.empty {
			s.bytes = f.content.AppendHeader(s.bytes)
			f.empty = false
		}
		n, size := 0, 0
		for ; n < len(units) && size < pieceBytes; n++ {
			u := units[n]
			u.DTS = max(u.DTS-f.base, 0)
			size += len(u.Body)
			s.units = append(s.units, u)
		}
		s.bytes = f.content.AppendUnits(s.bytes, s.units)
		if _, err := f.spool.Write(s.bytes); err != nil {
			return fmt.Errorf("write record file %s: %w", f.row.ID, err)
		}
		units = units[n:]
	}
	f.stop = now
	clear(s.units) // they hold bodies
	if interval := o.recording.cfg.SyncInterval; interval > 0 && now.Sub(f.synced) >= interval {
		f.synced = now
		if err := f.spool.Sync(); err != nil {
			return fmt.Errorf("sync record file %s: %w", f.row.ID, err)
		}
	}
	return nil
}

// rotate seals the open file and opens the next one.
func (o *output) rotate(now time.Time) error {
	r := o.recording
	o.seal(false)
	f, err := o.next(r.row.ID, r.writing, now)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.recorder.commits, openingTimeout)
	defer cancel()
	if err := r.committer.try(ctx, func(tx store.Tx) error { return tx.PutRecordFile(ctx, f.row) }); err != nil {
		return fmt.Errorf("open record file %s: %w", f.row.ID, err)
	}
	return o.open(f)
}

// seal hands the open file to the committer. torn says that a write failed and
// the end of the file cannot be trusted.
func (o *output) seal(torn bool) {
	f := o.file
	if f == nil {
		return
	}
	o.file = nil
	finish := f.content.Finish
	if torn || f.empty {
		finish = recoverer(f.row.Format)
	}
	r := o.recording
	sealed := sealing{row: f.row, recording: r.row, prefix: o.rule.ObjectPrefix, spool: f.spool, finish: finish}
	sealed.row.StopTime = f.stop
	r.committer.enqueue(func(ctx context.Context) error { return r.committer.seal(ctx, &sealed) })
}

// errorDetail returns how receivers are told of a failure.
func errorDetail(cause error) *live.ErrorDetail {
	if errors.Is(cause, live.ErrBucketNotFound) {
		return &live.ErrorBucketNotFound
	}
	return &live.ErrorSegmenter
}
