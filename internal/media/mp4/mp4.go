// Package mp4 writes hybrid MP4: a fragmented file while it grows, a plain one
// once it is finished, without a second pass over the media.
//
// While it grows, a file is
//
//	ftyp  free(16 bytes)  moov(mvex)  moof mdat  moof mdat  …
//
// with one fragment a batch of units, so that it can be played up to the last
// whole fragment at any moment. [Recover] appends a moov with plain sample
// tables, syncs, and turns the free box into the header of an mdat that swallows
// everything up to it:
//
//	ftyp  mdat(moov moof mdat moof mdat …)  moov
//
// A [Writer] appends to the caller's buffer and keeps no media. Finishing and
// recovering after a crash are the same code. Until it is finished, a file that
// was left can be taken up again: see [Reopen].
//
// A [SegmentWriter] makes the same fragments into CMAF segments, for HLS and
// DASH: many small files of one track, which need no finishing.
//
// Boxes are those of ISO/IEC 14496-12; comments cite its sections. Sample
// entries follow ISO/IEC 14496-14 (AAC, MP3), 14496-15 (H.264, HEVC), AV1-ISOBMFF
// and Opus-in-ISOBMFF.
package mp4

import "time"

// timescale is that of the movie and of every track: RTMP's milliseconds and
// MPEG's 90 kHz are both whole numbers of it.
const timescale = 90000

// Identifiers of the tracks. A file without video begins with track 2.
const (
	videoTrackID = 1
	audioTrackID = 2
	nextTrackID  = 3
)

// ticks rounds d to the timescale.
func ticks(d time.Duration) int64 {
	const unit = int64(time.Second) / 10000 // d*9/unit is d in ticks
	n := int64(d)*9 + unit/2
	if n < 0 {
		n -= unit - 1 // divide downwards
	}
	return n / unit
}

// duration is the inverse of ticks.
func duration(ticks uint64) time.Duration {
	seconds, rest := ticks/timescale, ticks%timescale
	return time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/timescale
}
