package mp4

import "tallylight/internal/media"

// A Writer makes the bytes of one growing file. It appends them to buffers of
// the caller, who writes those to the file in order; it keeps nothing of the
// media. It serves one goroutine.
type Writer struct {
	tracks    media.Tracks
	fragments fragmenter
}

// NewWriter returns a Writer for a file with the given tracks, at least one,
// each of a coding that media.Codec names.
func NewWriter(tracks media.Tracks) *Writer {
	w := &Writer{tracks: tracks}
	if t := tracks.Video; t != nil {
		w.fragments.add(videoTrackID, t.Codec)
	}
	if t := tracks.Audio; t != nil {
		w.fragments.add(audioTrackID, t.Codec)
	}
	return w
}

// freeSize is that of the free box, which has room for the header of an mdat
// with a size of 64 bits.
const freeSize = 16

// AppendHeader appends what a file begins with. Call it once, first.
func (w *Writer) AppendHeader(dst []byte) []byte {
	dst = appendFTYP(dst, w.tracks.Video != nil && w.tracks.Video.Codec == media.AV1)

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

// appendFTYP appends the box that says what kind of file it is (section 4.3).
func appendFTYP(dst []byte, av1 bool) []byte {
	dst, ftyp := beginBox(dst, "ftyp")
	dst = append(dst, "isom\x00\x00\x02\x00isomiso6mp41"...)
	if av1 {
		dst = append(dst, "av01"...)
	}
	endBox(dst, ftyp)
	return dst
}

// AppendUnits appends one fragment with the frames of the file's tracks, or
// nothing if there are none. Timestamps are those of the file: they begin near 0
// and are rounded to 1/90000 s; DTS never fall within a track. Decoder
// configurations and data messages are left out. One call takes less than 2 GiB
// and at most 2^20 units.
func (w *Writer) AppendUnits(dst []byte, units []media.Unit) []byte {
	return w.fragments.append(dst, units)
}

// Finish completes the file: see Recover, which it is.
func (w *Writer) Finish(f media.File) (media.Summary, error) { return Recover(f) }
