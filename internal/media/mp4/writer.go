package mp4

import (
	"math"

	"tallylight/internal/media"
)

// A Writer makes the bytes of one growing file. It appends them to buffers of
// the caller, who writes those to the file in order; it keeps nothing of the
// media. It serves one goroutine.
type Writer struct {
	tracks       media.Tracks
	sequence     uint32
	video, audio progress
}

// progress is how far a track has come.
type progress struct {
	started  bool
	dts      uint64 // of the last sample
	duration uint32 // of the sample before it
}

// advance goes on to the next sample and returns its DTS.
func (p *progress) advance(u *media.Unit) (dts uint64) {
	dts = max(p.dts, uint64(max(0, ticks(u.DTS))))
	if p.started {
		p.duration = uint32(min(dts-p.dts, math.MaxUint32))
	}
	p.started, p.dts = true, dts
	return dts
}

// maxUnits bounds the units of one fragment.
const maxUnits = 1 << 20

// NewWriter returns a Writer for a file with the given tracks, at least one,
// each of a coding that media.Codec names.
func NewWriter(tracks media.Tracks) *Writer {
	// Until there is a second frame, nobody knows how long the first one lasts.
	const usualVideo, usualAudio = timescale / 30, timescale * 1024 / 48000
	return &Writer{
		tracks: tracks,
		video:  progress{duration: usualVideo},
		audio:  progress{duration: usualAudio},
	}
}

// freeSize is that of the free box, which has room for the header of an mdat
// with a size of 64 bits.
const freeSize = 16

// AppendHeader appends what a file begins with. Call it once, first.
func (w *Writer) AppendHeader(dst []byte) []byte {
	dst, ftyp := beginBox(dst, "ftyp")
	dst = append(dst, "isom\x00\x00\x02\x00isomiso6mp41"...)
	if w.tracks.Video != nil && w.tracks.Video.Codec == media.AV1 {
		dst = append(dst, "av01"...)
	}
	endBox(dst, ftyp)

	dst, free := beginBox(dst, "free")
	dst = appendZeros(dst, freeSize-boxHeaderSize)
	endBox(dst, free)

	var tracks []*track
	if t := w.tracks.Video; t != nil {
		tracks = append(tracks, newTrack(videoTrackID, *t))
	}
	if t := w.tracks.Audio; t != nil {
		tracks = append(tracks, newTrack(audioTrackID, *t))
	}
	return appendMoov(dst, tracks, true)
}

// AppendUnits appends one fragment with the frames of the file's tracks, or
// nothing if there are none. Timestamps are those of the file: they begin near 0
// and are rounded to 1/90000 s; DTS never fall within a track. Decoder
// configurations and data messages are left out. One call takes less than 2 GiB
// and at most 2^20 units.
func (w *Writer) AppendUnits(dst []byte, units []media.Unit) []byte {
	video, audio := w.extent(units, media.Video), w.extent(units, media.Audio)
	if video.samples+audio.samples == 0 {
		return dst
	}
	w.sequence++
	dst, moof := beginBox(dst, "moof")
	dst, mfhd := beginFullBox(dst, "mfhd", 0, 0)
	dst = be.AppendUint32(dst, w.sequence)
	endBox(dst, mfhd)
	var videoOffsetAt, audioOffsetAt int
	if video.samples > 0 {
		dst, videoOffsetAt = w.appendTraf(dst, units, media.Video, video.samples)
	}
	if audio.samples > 0 {
		dst, audioOffsetAt = w.appendTraf(dst, units, media.Audio, audio.samples)
	}
	endBox(dst, moof)

	// Data offsets count from the start of the moof (section 8.8.8).
	videoOffset := len(dst) - moof + boxHeaderSize
	if video.samples > 0 {
		be.PutUint32(dst[videoOffsetAt:], uint32(videoOffset))
	}
	if audio.samples > 0 {
		be.PutUint32(dst[audioOffsetAt:], uint32(videoOffset+video.bytes))
	}
	dst, mdat := beginBox(dst, "mdat")
	dst = w.appendBodies(dst, units, media.Video)
	dst = w.appendBodies(dst, units, media.Audio)
	endBox(dst, mdat)
	return dst
}

// extent is how much of a batch belongs to one track.
type extent struct{ samples, bytes int }

func (w *Writer) extent(units []media.Unit, kind media.Kind) (e extent) {
	for i := range units {
		if u := &units[i]; w.takes(u, kind) {
			e.samples++
			e.bytes += len(u.Body)
		}
	}
	return e
}

// takes reports whether u is a frame of the file's track of that kind.
func (w *Writer) takes(u *media.Unit, kind media.Kind) bool {
	return u.Kind == kind && !u.Config && w.tracks.Of(u) != nil
}

func (w *Writer) appendBodies(dst []byte, units []media.Unit, kind media.Kind) []byte {
	for i := range units {
		if u := &units[i]; w.takes(u, kind) {
			dst = append(dst, u.Body...)
		}
	}
	return dst
}

// Finish completes the file: see Recover, which it is.
func (w *Writer) Finish(f media.File) (media.Summary, error) { return Recover(f) }
