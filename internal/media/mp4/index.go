package mp4

import (
	"slices"
	"time"

	"tallylight/internal/media"
)

// An Index is the description of a plain MP4 whose frames lie elsewhere: what a
// moov box tells of the samples of a movie, and of where they are in the one mdat
// box behind it. Until AppendHeader places the mdat, offsets count from the begin
// of its payload.
type Index struct {
	tracks []*track
}

// A Sample is what an Index has to know of a frame.
type Sample struct {
	DTS         time.Duration // on the timeline of the movie, which begins at 0
	Composition time.Duration // PTS - DTS
	Size        int           // bytes
	Key         bool
}

// NewIndex returns an Index of no samples for the given tracks, each of a coding
// that media.Codec names.
func NewIndex(tracks media.Tracks) *Index {
	x := &Index{}
	if t := tracks.Video; t != nil {
		x.tracks = append(x.tracks, newTrack(videoTrackID, *t))
	}
	if t := tracks.Audio; t != nil {
		x.tracks = append(x.tracks, newTrack(audioTrackID, *t))
	}
	return x
}

// track returns the track of a kind, or nil.
func (x *Index) track(kind media.Kind) *track {
	for _, t := range x.tracks {
		if t.isVideo() == (kind == media.Video) {
			return t
		}
	}
	return nil
}

// DescribeMP3 completes the description of MP3 by the first frame, or its first
// four bytes, which alone tell rate and channels. It does nothing where there is
// no track of MP3.
func (x *Index) DescribeMP3(frame []byte) {
	if t := x.track(media.Audio); t != nil && isMP3(t.description) && len(frame) >= mp3Header {
		describeMP3(t.description, [mp3Header]byte(frame))
	}
}

// AddChunk adds samples of a track that lie one behind the other, the first at an
// offset. There must be a track of the kind. A DTS before the one of the sample
// before, or before 0, is raised; the PTS stays.
func (x *Index) AddChunk(kind media.Kind, offset int64, chunk []Sample) {
	if len(chunk) == 0 {
		return
	}
	t := x.track(kind)
	t.samples.addChunk(uint64(offset), len(chunk))
	for i := range chunk {
		s := &chunk[i]
		dts := uint64(max(0, ticks(s.DTS)))
		duration := t.usualDuration()
		if t.samples.count() > 0 {
			dts = max(dts, t.samples.last)
			duration = uint32(dts - t.samples.last)
		}
		t.samples.add(sample{
			dts:         dts,
			duration:    duration, // of the last sample: that of the one before
			composition: int32(ticks(s.DTS+s.Composition) - int64(dts)),
			size:        uint32(s.Size),
			sync:        s.Key,
		})
	}
}

// usualDuration is how long a sample lasts that is alone in its track, in ticks.
func (t *track) usualDuration() uint32 {
	if t.isVideo() {
		return usualVideo
	}
	return usualAudio
}

// Duration returns how long the movie lasts.
func (x *Index) Duration() time.Duration {
	var end uint64
	for _, t := range x.tracks {
		if t.samples.count() > 0 {
			end = max(end, t.duration())
		}
	}
	return duration(end)
}

// Rebase lets the movie begin with its first frame: the lowest DTS becomes 0.
func (x *Index) Rebase() {
	started := x.started()
	if len(started) == 0 {
		return
	}
	zero := started[0].samples.start
	for _, t := range started {
		zero = min(zero, t.samples.start)
	}
	for _, t := range started {
		t.samples.start -= zero
		t.samples.last -= zero
		t.samples.minPTS -= int64(zero)
	}
}

// started returns the tracks that have samples.
func (x *Index) started() []*track {
	return slices.DeleteFunc(slices.Clone(x.tracks), func(t *track) bool { return t.samples.count() == 0 })
}

// AppendHeader appends all of the file up to the payload of its mdat box, which
// has size bytes. Call it once, last. Tracks without a sample are left out; if none
// is left, the error is media.ErrNoMedia.
func (x *Index) AppendHeader(dst []byte, size int64) ([]byte, error) {
	tracks := x.started()
	if len(tracks) == 0 {
		return dst, media.ErrNoMedia
	}
	start := len(dst)
	for placed := 0; ; {
		dst = appendFTYP(dst[:start], x.holdsAV1())
		dst = appendMoov(dst, tracks, false)
		dst = append(dst, largeMdat...)
		dst = be.AppendUint64(dst, uint64(size)+largeMdatSize)
		// Offsets of chunks depend on the size of the tables that hold them, and
		// that on whether offsets need 64 bits, which they may once they are known.
		move := len(dst) - start - placed
		if move == 0 {
			return dst, nil
		}
		placed += move
		for _, t := range tracks {
			t.samples.moveChunks(0, int64(move))
		}
	}
}

// largeMdatSize is the size of the header of an mdat box with a size of 64 bits.
const largeMdatSize = 16

func (x *Index) holdsAV1() bool {
	t := x.track(media.Video)
	return t != nil && findBox(t.description[8:], "av01") != nil
}

// moveChunks moves the chunks from the one with that number, from 0, on.
func (s *samples) moveChunks(from int, by int64) {
	for i := range s.chunks[from:] {
		s.chunks[from+i] += uint64(by)
	}
}
