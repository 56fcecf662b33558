// Package mpegts writes MPEG transport streams: the slices of a recording that
// HTTP Live Streaming plays one after another.
//
// A [Muxer] writes all slices of a recording, so that clock and continuity
// counters go on from one to the next. It appends to the caller's buffer and
// keeps no media. A slice begins with the tables that a player needs and is
// complete at every end of a frame: nothing has to be filled in, and [Recover]
// only has to drop a torn last frame. Frames lie one behind the other, each in a
// PES packet of its own.
//
// Packets are those of ISO/IEC 13818-1; comments cite its sections. Video is in
// the byte stream format of ITU-T H.264 and H.265 annex B, AAC in ADTS (ISO/IEC
// 14496-3 section 1.A.2), MP3 as it is, and Opus as ETSI TS Opus 0.1.3-draft
// describes, which is what players implement. AV1 has no settled mapping.
package mpegts

import "tallylight/internal/media"

// Holds reports whether a transport stream can hold a coding.
func Holds(c media.Codec) bool {
	switch c {
	case media.H264, media.HEVC, media.AAC, media.MP3, media.Opus:
		return true
	}
	return false
}

// Packet identifiers (section 2.4.3.3). They are the same in every slice, so
// that Recover need not read the tables.
const (
	patPID   = 0
	videoPID = 0x100
	audioPID = 0x101
	pmtPID   = 0x1000
)
