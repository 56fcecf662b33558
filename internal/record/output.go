package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// pieceBytes bounds what one write hands to the operating system, give or take a
// frame, and with it the memory of the buffer that it is built in.
const pieceBytes = 256 << 10

// An output writes one format of a recording: one record file after the other.
type output struct {
	recording *recording
	rule      live.RecordFormat
	format    *format
	sequence  int           // of the next file
	slices    int           // sequence of the next slice
	strands   []strand      // nil: the next part needs new ones
	origin    time.Duration // of the timeline, that is 0 in continuous strands
	jump      bool          // the timestamps of the next slice do not go on
	left      []*slicePart  // slices of the last run, while the file is reopened
	file      *file         // nil while none is open
}

// A file is a record file that grows in the spool.
type file struct {
	row   live.RecordFile
	base  time.Duration    // of the timeline, where the file begins
	begun bool             // base is known
	cut   bool             // the first of its slices has begun
	inits []live.SliceKind // the init segments that were written
	part  *part            // nil before the first frame, and between two slices
	stop  time.Time        // when its last frame came in
}

// A part is what an output appends to: the whole file, or a slice of it.
type part struct {
	spools []spoolFile // one a strand
	empty  bool        // nothing was written
	size   int64       // of all spools together
	synced time.Time
	slice  live.Slice // of sliced formats
	// Of the timeline: the DTS of its first unit, where a slice counts from, and the
	// lowest DTS, of a track that is behind.
	from, start, lowest time.Duration
}

// scratch is what a write is built in; it is shared by all streams, so that its
// memory stays in the cache of the processor.
type scratch struct {
	bytes []byte
	units []media.Unit
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// newOutputs returns an output for every format of the rule.
func newOutputs(r *recording, rule live.RecordConfig) []*output {
	var list []*output
	for _, f := range rule.Formats {
		format, ok := formats[f.Format]
		if !ok {
			r.log.Error("rule has an unknown format", "format", f.Format)
			continue
		}
		list = append(list, &output{recording: r, rule: f, format: format})
	}
	return list
}

// openFiles begins the next file of every output that can hold the tracks, whose
// first frame came in at first. The store knows the files, and the recording row,
// before they exist.
func (r *recording) openFiles(row live.Recording, tracks trackSet, first, now time.Time) error {
	started := r.row.ID == ""
	var rows []live.RecordFile
	for _, o := range r.outputs {
		o.strands, o.file = nil, nil
		if !o.holds(tracks) {
			r.log.Warn("format cannot hold the stream, it is left out", "format", o.rule.Format)
			continue
		}
		f, err := o.next(row.ID, tracks, first)
		if err != nil {
			return err
		}
		o.file = f
		rows = append(rows, f.row)
	}
	if rows == nil {
		return errFormat
	}
	ctx, cancel := context.WithTimeout(r.recorder.commits, openingTimeout)
	defer cancel()
	if started {
		if err := r.awaitEarlierNews(ctx); err != nil {
			return fmt.Errorf("open record files: %w", err)
		}
	}
	r.row = row
	ev := r.event(live.EventRecordStarted, live.EventDetail{}, now)
	var owed []live.Delivery
	err := r.recorder.try(ctx, func(tx store.Tx) (err error) {
		if started {
			if err := tx.PutRecording(ctx, row); err != nil {
				return err
			}
			if owed, err = r.recorder.announce(ctx, tx, row, ev); err != nil {
				return err
			}
		}
		for _, f := range rows {
			if err := tx.PutRecordFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("open record files of %s: %w", row.ID, err)
	}
	if started {
		r.cfg.Committed(owed...)
	}
	r.writing = tracks
	return nil
}

// awaitEarlierNews waits until what happened to the stream before is committed, so
// that receivers are told in order.
func (r *recording) awaitEarlierNews(ctx context.Context) error {
	if r.before != nil {
		select {
		case <-r.before.done:
			r.before = nil
		case <-ctx.Done():
			return fmt.Errorf("wait for earlier commits: %w", ctx.Err())
		}
	}
	return r.committer.flush(ctx)
}

// errFormat means that no format of the rule can hold the stream.
var errFormat = errors.New("no format of the rule can hold the stream")

func (o *output) holds(t trackSet) bool {
	return (t.Video == nil || o.format.holds(t.Video.Codec)) && (t.Audio == nil || o.format.holds(t.Audio.Codec))
}

// next returns the file that follows in the output, of which nothing is written
// yet. Its first frame came in at first.
func (o *output) next(id live.RecordingID, tracks trackSet, first time.Time) (*file, error) {
	r := o.recording
	if _, err := r.cfg.Buckets.Bucket(r.rule.OSSBucket); err != nil {
		return nil, err
	}
	if err := r.cfg.Uploads.Room(); err != nil {
		return nil, err
	}
	if !o.format.continuous {
		o.strands = nil
	}
	f := &file{
		row: live.RecordFile{
			ID:        live.NewRecordFileID(first),
			Recording: id,
			Key:       r.key,
			Format:    o.rule.Format,
			State:     live.FileOpen,
			Bucket:    r.rule.OSSBucket,
			Sequence:  o.sequence,
			StartTime: first,
			Tracks:    tracks.rows(),
		},
		stop: first,
	}
	o.sequence++
	return f, nil
}

// write appends units to the file, and goes on to the next file at the key frame
// at which the rule's cycle is over.
func (o *output) write(units []media.Unit, now time.Time) error {
	for len(units) > 0 {
		n := o.untilCycleEnd(units)
		if err := o.fill(units[:n], now); err != nil {
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

// untilCycleEnd returns how many of units belong to the open file: one at least if
// the file begins with them, however far other tracks are behind.
func (o *output) untilCycleEnd(units []media.Unit) int {
	f, first := o.file, 0
	if !f.begun {
		f.base, f.begun, first = firstDTS(units), true, 1
	}
	return first + o.recording.untilKey(units[first:], f.base, o.rule.CycleDuration)
}

// untilKey returns how many of units come before the first that a file can begin
// with, length after from or later.
func (r *recording) untilKey(units []media.Unit, from, length time.Duration) int {
	for i := range units {
		if units[i].DTS-from >= length && r.writing.startsFile(&units[i]) {
			return i
		}
	}
	return len(units)
}

// firstDTS returns the lowest DTS of audio and video among units, or that of the
// first data message if there is nothing else.
func firstDTS(units []media.Unit) time.Duration {
	first, found := units[0].DTS, false
	for i := range units {
		if units[i].Kind != media.Data && (!found || units[i].DTS < first) {
			first, found = units[i].DTS, true
		}
	}
	return first
}

// leadingDTS returns the DTS of the first audio or video among units, or that of the
// first data message if there is nothing else.
func leadingDTS(units []media.Unit) time.Duration {
	for i := range units {
		if units[i].Kind != media.Data {
			return units[i].DTS
		}
	}
	return units[0].DTS
}

// fill appends units to the open file, and goes on to the next slice where one
// ends.
func (o *output) fill(units []media.Unit, now time.Time) error {
	for len(units) > 0 {
		if o.file.part == nil {
			if err := o.beginPart(units, now); err != nil {
				return err
			}
		}
		n := len(units)
		if o.format.sliced() {
			n = o.untilSliceEnd(units)
		}
		if err := o.append(units[:n], now); err != nil {
			return err
		}
		if units = units[n:]; len(units) > 0 {
			p := o.file.part
			p.slice.Duration = leadingDTS(units) - p.start // up to the next one
			o.endSlice(false)
		}
	}
	return nil
}

// untilSliceEnd returns how many of units belong to the open slice: one at least if
// it is empty. It ends at a key frame, but without one after twice its time.
func (o *output) untilSliceEnd(units []media.Unit) int {
	p, first := o.file.part, 0
	if p.empty {
		first = 1
	}
	n := first + o.recording.untilKey(units[first:], p.from, o.rule.SliceDuration)
	for i := first; i < n; i++ {
		if units[i].DTS-p.from >= maxSlice(o.rule) {
			return i
		}
	}
	return n
}

// maxSlice returns how long a slice can get.
func maxSlice(rule live.RecordFormat) time.Duration { return 2 * rule.SliceDuration }

// beginPart creates the spool files that units go to.
func (o *output) beginPart(units []media.Unit, now time.Time) error {
	p := &part{empty: true, synced: now, from: leadingDTS(units)}
	p.start, p.lowest = p.from, p.from
	if !o.file.cut {
		p.start, o.file.cut = o.file.base, true
	}
	if o.strands == nil {
		o.strands, o.origin = o.format.open(media.Tracks(o.recording.writing)), o.file.base
		o.jump = o.format.continuous && o.slices > 0
	}
	if o.format.sliced() {
		p.slice = o.nextSlice(p.start, now)
		if err := o.writeInitial(&p.slice); err != nil {
			return err
		}
	}
	o.file.part = p // from here on seal closes what was created
	for i := range o.strands {
		spool, err := o.recording.cfg.createFile(o.partPath(p, &o.strands[i]))
		if err != nil {
			return fmt.Errorf("create spool file: %w", err)
		}
		p.spools = append(p.spools, spool)
	}
	return nil
}

// partPath returns where a strand of p grows.
func (o *output) partPath(p *part, s *strand) string {
	if o.format.sliced() {
		return o.recording.recorder.slicePath(p.slice, s.suffix)
	}
	return o.recording.recorder.spoolPath(o.file.row.ID, s.suffix)
}

// append writes units to the open part, in pieces.
func (o *output) append(units []media.Unit, now time.Time) error {
	f, p := o.file, o.file.part
	base := f.base
	if o.format.continuous {
		base = o.origin
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for len(units) > 0 {
		s.units = s.units[:0]
		n, size := 0, 0
		for ; n < len(units) && size < pieceBytes; n++ {
			u := units[n]
			if u.Kind != media.Data {
				p.lowest = min(p.lowest, u.DTS)
			}
			u.DTS = max(u.DTS-base, 0)
			size += len(u.Body)
			s.units = append(s.units, u)
		}
		for i := range o.strands {
			s.bytes = s.bytes[:0]
			if p.empty {
				s.bytes = o.strands[i].AppendHeader(s.bytes)
			}
			s.bytes = o.strands[i].AppendUnits(s.bytes, s.units)
			if _, err := p.spools[i].Write(s.bytes); err != nil {
				return fmt.Errorf("write record file %s: %w", f.row.ID, err)
			}
			p.size += int64(len(s.bytes))
		}
		p.empty = false
		units = units[n:]
	}
	f.stop = now
	clear(s.units) // they hold bodies
	if !o.format.sliced() {
		o.recording.cfg.Uploads.Grown(f.row, o.partPath(p, &o.strands[0]), p.size)
	}
	return o.sync(now)
}

// rest uses the time in which the recording waits: a slice is stored, a file is
// synced, so that little is left to be done at its end.
func (o *output) rest() {
	switch {
	case o.file == nil || o.file.part == nil:
	case o.format.sliced():
		o.endSlice(false)
	default:
		spool := o.file.part.spools[0]
		o.recording.committer.enqueue(func(context.Context) error {
			if err := spool.Sync(); err != nil {
				o.recording.log.Error("the disk may not have kept what was written", "err", err)
			}
			return nil
		})
	}
}

// sync makes what was written safe from a power cut, where the operator wants it
// before the file is finished.
func (o *output) sync(now time.Time) error {
	p, interval := o.file.part, o.recording.cfg.SyncInterval
	if interval <= 0 || now.Sub(p.synced) < interval {
		return nil
	}
	p.synced = now
	for _, spool := range p.spools {
		if err := spool.Sync(); err != nil {
			return fmt.Errorf("sync record file %s: %w", o.file.row.ID, err)
		}
	}
	return nil
}

// rotate seals the open file and begins the next one.
func (o *output) rotate(now time.Time) error {
	r := o.recording
	o.seal(false)
	f, err := o.next(r.row.ID, r.writing, now)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.recorder.commits, openingTimeout)
	defer cancel()
	if err := r.recorder.try(ctx, func(tx store.Tx) error { return tx.PutRecordFile(ctx, f.row) }); err != nil {
		return fmt.Errorf("open record file %s: %w", f.row.ID, err)
	}
	o.file = f
	return nil
}

// seal hands the open file to the committer. torn says that a write failed and
// the end of the file cannot be trusted.
func (o *output) seal(torn bool) {
	f := o.file
	if f == nil {
		return
	}
	if o.format.sliced() {
		o.endSlice(torn)
	}
	o.file = nil
	r := o.recording
	s := &sealing{row: f.row, recording: r.row, rule: o.rule}
	s.row.StopTime = f.stop
	if p := f.part; p != nil && len(p.spools) > 0 {
		s.spool, s.finish = p.spools[0], o.finisher(0, torn || p.empty)
	}
	r.committer.enqueue(func(ctx context.Context) error { return r.committer.finish(ctx, s) })
}

// finisher returns how a strand of the open part is completed.
func (o *output) finisher(strand int, torn bool) finisher {
	if torn {
		return o.format.recover
	}
	return o.strands[strand].end()
}

// open reports whether a file is open in any output.
func (r *recording) open() bool {
	return slices.ContainsFunc(r.outputs, func(o *output) bool { return o.file != nil })
}

// errorDetail returns how receivers are told of a failure.
func errorDetail(cause error) *live.ErrorDetail {
	switch {
	case errors.Is(cause, live.ErrBucketNotFound):
		return &live.ErrorBucketNotFound
	case errors.Is(cause, errFormat):
		return &live.ErrorStreamFormat
	}
	return &live.ErrorSegmenter
}
