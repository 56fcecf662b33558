package mp4

import (
	"fmt"

	"tallylight/internal/media"
)

// A SegmentWriter makes the CMAF segments (ISO/IEC 23000-19) of one track: an
// initialization section, and any number of segments that are played behind it.
// The tracks of a recording have a SegmentWriter each. It appends to buffers of
// the caller, who writes those to the segments in order; it keeps nothing of the
// media. It serves one goroutine.
//
// All tracks share the timeline of the units that they are given, on which HLS
// and DASH players keep them in sync: decoding times are written as they are,
// composition offsets are signed, and no edit list moves anything.
type SegmentWriter struct {
	track     *track
	fragments fragmenter
	segment   Slice // that is being written
}

// A Slice is the facts of one segment.
type Slice struct {
	kind       media.Kind
	frames     int
	size       int64  // bytes
	start, end uint64 // ticks; the last frame is taken to last as long as the one before it
}

// NewSegmentWriter returns a SegmentWriter for a track of a coding that
// media.Codec names, of the kind media.Video or media.Audio.
func NewSegmentWriter(t media.Track, kind media.Kind) *SegmentWriter {
	id := uint32(audioTrackID)
	if kind == media.Video {
		id = videoTrackID
	}
	w := &SegmentWriter{track: newTrack(id, t), segment: Slice{kind: kind}}
	w.fragments.add(id, t.Codec)
	return w
}

// AppendInit appends the initialization section, which is an object of its own.
// Of MP3 only frames tell rate and channels: they are known after the first
// AppendUnits.
func (w *SegmentWriter) AppendInit(dst []byte) []byte {
	dst = appendBox(dst, "ftyp", []byte("cmfc\x00\x00\x00\x00cmfciso6"))
	return appendMoov(dst, []*track{w.track}, true)
}

// segmentType is the box that a segment begins with (section 8.16.2). The brands
// are those of DASH and of CMAF.
var segmentType = appendBox(nil, "styp", []byte("msdh\x00\x00\x00\x00msdhcmfs"))

// AppendHeader appends what a segment begins with. Call it once for each
// segment, first.
func (w *SegmentWriter) AppendHeader(dst []byte) []byte {
	w.segment.size += int64(len(segmentType))
	return append(dst, segmentType...)
}

// AppendUnits appends one fragment with the frames of the track, or nothing if
// there are none. Timestamps are those of the recording, and go on from segment
// to segment; for the rest see [Writer.AppendUnits].
func (w *SegmentWriter) AppendUnits(dst []byte, units []media.Unit) []byte {
	t := &w.fragments.tracks[0]
	start := len(dst)
	dst = w.fragments.append(dst, units)
	if len(dst) == start {
		return dst
	}
	s := &w.segment
	if s.frames == 0 {
		s.start = t.runStart
		w.describeMP3(units)
	}
	frames, _ := t.extent(units)
	s.frames += frames
	s.size += int64(len(dst) - start)
	s.end = t.dts + uint64(t.duration)
	return dst
}

// describeMP3 completes the description of an MP3 track by its first frame.
func (w *SegmentWriter) describeMP3(units []media.Unit) {
	t := &w.fragments.tracks[0]
	if t.codec != media.MP3 {
		return
	}
	for i := range units {
		if u := &units[i]; t.takes(u) && len(u.Body) >= mp3Header {
			describeMP3(w.track.description, [mp3Header]byte(u.Body))
			return
		}
	}
}

// EndSlice returns the facts of the segment that was written, and begins the
// next one.
func (w *SegmentWriter) EndSlice() Slice {
	s := w.segment
	w.segment = Slice{kind: s.kind}
	return s
}

// Finish completes the file that took all of the segment: it syncs it. A file
// of another size, because a write failed, is recovered. If it has no frame, the
// error is media.ErrNoMedia.
func (s Slice) Finish(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("finish segment: %w", err)
	}
	if info.Size() != s.size {
		return RecoverSegment(f)
	}
	if s.frames == 0 {
		return media.Summary{}, fmt.Errorf("finish segment: %w", media.ErrNoMedia)
	}
	if err := f.Sync(); err != nil {
		return media.Summary{}, fmt.Errorf("finish segment: %w", err)
	}
	summary := media.Summary{Start: duration(s.start), Duration: duration(s.end - s.start), Size: s.size}
	if s.kind == media.Video {
		summary.VideoFrames = s.frames
	} else {
		summary.AudioFrames = s.frames
	}
	return summary, nil
}
