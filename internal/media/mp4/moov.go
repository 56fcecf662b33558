package mp4

import (
	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// A track is one track as a moov box describes it.
type track struct {
	id            uint32
	width, height uint16
	description   []byte // payload of the stsd box
	samples       samples
}

func newTrack(id uint32, t media.Track) *track {
	info, _ := codec.Parse(t) // what could not be read is 0
	return &track{
		id:          id,
		width:       uint16(info.Width),
		height:      uint16(info.Height),
		description: appendSampleDescription(nil, t, info),
	}
}

func (t *track) isVideo() bool { return t.id == videoTrackID }

// edit tells how a track is placed in the movie, in ticks: after how much
// emptiness its media begins, and from which composition time on.
func (t *track) edit() (empty, mediaTime uint64) {
	if t.samples.start == 0 {
		return 0, 0
	}
	mediaTime = uint64(max(0, t.samples.minPTS-int64(t.samples.start)))
	return t.samples.start + mediaTime, mediaTime
}

// duration returns how long the track lasts in the movie, in ticks.
func (t *track) duration() uint64 {
	empty, _ := t.edit()
	return empty + t.samples.duration()
}

// appendMoov appends the description of the movie (section 8.2). That of a
// fragmented movie has empty tables and says that fragments follow.
func appendMoov(dst []byte, tracks []*track, fragmented bool) []byte {
	dst, moov := beginBox(dst, "moov")
	var movie uint64
	for _, t := range tracks {
		movie = max(movie, t.duration())
	}
	dst = appendMVHD(dst, movie)
	for _, t := range tracks {
		dst = t.appendTrak(dst)
	}
	if fragmented {
		var mvex int
		dst, mvex = beginBox(dst, "mvex")
		for _, t := range tracks {
			dst = t.appendTREX(dst)
		}
		endBox(dst, mvex)
	}
	endBox(dst, moov)
	return dst
}

// identity is the transformation matrix that changes nothing, section 6.2.2.
var identity = [9]uint32{0: 1 << 16, 4: 1 << 16, 8: 1 << 30}

func appendMatrix(dst []byte) []byte {
	for _, n := range identity {
		dst = be.AppendUint32(dst, n)
	}
	return dst
}

func appendMVHD(dst []byte, movie uint64) []byte {
	dst, box := beginFullBox(dst, "mvhd", 1, 0)
	dst = appendZeros(dst, 16) // creation and modification time: unknown
	dst = be.AppendUint32(dst, timescale)
	dst = be.AppendUint64(dst, movie)
	dst = be.AppendUint32(dst, 1<<16) // rate
	dst = be.AppendUint16(dst, 1<<8)  // volume
	dst = appendZeros(dst, 10)
	dst = appendMatrix(dst)
	dst = appendZeros(dst, 24)
	dst = be.AppendUint32(dst, nextTrackID)
	endBox(dst, box)
	return dst
}

func (t *track) appendTrak(dst []byte) []byte {
	dst, trak := beginBox(dst, "trak")
	dst = t.appendTKHD(dst)
	dst = t.appendEDTS(dst)

	dst, mdia := beginBox(dst, "mdia")
	dst, mdhd := beginFullBox(dst, "mdhd", 1, 0)
	dst = appendZeros(dst, 16)
	dst = be.AppendUint32(dst, timescale)
	dst = be.AppendUint64(dst, t.samples.duration())
	dst = append(dst, 0x55, 0xc4, 0, 0) // language: undetermined
	endBox(dst, mdhd)
	dst = t.appendHDLR(dst)

	dst, minf := beginBox(dst, "minf")
	if t.isVideo() {
		var vmhd int
		dst, vmhd = beginFullBox(dst, "vmhd", 0, 1)
		dst = appendZeros(dst, 8)
		endBox(dst, vmhd)
	} else {
		var smhd int
		dst, smhd = beginFullBox(dst, "smhd", 0, 0)
		dst = appendZeros(dst, 4)
		endBox(dst, smhd)
	}
	dst = appendDINF(dst)
	dst, stbl := beginBox(dst, "stbl")
	dst = appendBox(dst, "stsd", t.description)
	dst = t.samples.appendTables(dst)
	endBox(dst, stbl)
	endBox(dst, minf)
	endBox(dst, mdia)
	endBox(dst, trak)
	return dst
}

// Where the payload of a tkhd box of version 1 keeps what finishing reads back.
const (
	trackIDAt   = 20
	widthAt     = 88
	tkhdPayload = 96
)

func (t *track) appendTKHD(dst []byte) []byte {
	const enabled, inMovie = 1, 2
	dst, box := beginFullBox(dst, "tkhd", 1, enabled|inMovie)
	dst = appendZeros(dst, 16)
	dst = be.AppendUint32(dst, t.id)
	dst = appendZeros(dst, 4)
	dst = be.AppendUint64(dst, t.duration())
	dst = appendZeros(dst, 12)
	volume := uint16(1 << 8)
	if t.isVideo() {
		volume = 0
	}
	dst = be.AppendUint16(dst, volume)
	dst = appendZeros(dst, 2)
	dst = appendMatrix(dst)
	dst = be.AppendUint32(dst, uint32(t.width)<<16)
	dst = be.AppendUint32(dst, uint32(t.height)<<16)
	endBox(dst, box)
	return dst
}

// appendEDTS appends an edit list (section 8.6.6) if the track begins after 0:
// sample tables alone cannot say so.
func (t *track) appendEDTS(dst []byte) []byte {
	empty, mediaTime := t.edit()
	if empty == 0 {
		return dst
	}
	dst, edts := beginBox(dst, "edts")
	dst, elst := beginFullBox(dst, "elst", 1, 0)
	dst = be.AppendUint32(dst, 2)
	dst = appendEdit(dst, empty, -1)
	dst = appendEdit(dst, t.samples.duration(), int64(mediaTime))
	endBox(dst, elst)
	endBox(dst, edts)
	return dst
}

func appendEdit(dst []byte, duration uint64, mediaTime int64) []byte {
	dst = be.AppendUint64(dst, duration)
	dst = be.AppendUint64(dst, uint64(mediaTime))
	return be.AppendUint32(dst, 1<<16) // rate
}

func (t *track) appendHDLR(dst []byte) []byte {
	handler, name := "soun", "Audio"
	if t.isVideo() {
		handler, name = "vide", "Video"
	}
	dst, box := beginFullBox(dst, "hdlr", 0, 0)
	dst = appendZeros(dst, 4)
	dst = append(dst, handler...)
	dst = appendZeros(dst, 12)
	dst = append(dst, name...)
	dst = append(dst, 0)
	endBox(dst, box)
	return dst
}

// appendDINF says that the media is in this file.
func appendDINF(dst []byte) []byte {
	dst, dinf := beginBox(dst, "dinf")
	dst, dref := beginFullBox(dst, "dref", 0, 0)
	dst = be.AppendUint32(dst, 1)
	const selfContained = 1
	dst, url := beginFullBox(dst, "url ", 0, selfContained)
	endBox(dst, url)
	endBox(dst, dref)
	endBox(dst, dinf)
	return dst
}

func (t *track) appendTREX(dst []byte) []byte {
	dst, box := beginFullBox(dst, "trex", 0, 0)
	dst = be.AppendUint32(dst, t.id)
	dst = be.AppendUint32(dst, 1) // sample description
	dst = appendZeros(dst, 8)     // duration and size are given a sample
	flags := uint32(flagsSync)
	if t.isVideo() {
		flags = flagsNonSync
	}
	dst = be.AppendUint32(dst, flags)
	endBox(dst, box)
	return dst
}

// parseMoov reads back the tracks of a moov that appendMoov made; nil if it is
// not one.
func parseMoov(b []byte) []*track {
	var tracks []*track
	for len(b) > 0 {
		typ, payload, rest, ok := cutBox(b)
		if !ok {
			return nil
		}
		b = rest
		if typ != "trak" {
			continue
		}
		header := findBox(payload, "tkhd")
		description := findBox(payload, "mdia", "minf", "stbl", "stsd")
		if len(header) != tkhdPayload || description == nil {
			return nil
		}
		t := &track{
			id:          be.Uint32(header[trackIDAt:]),
			width:       be.Uint16(header[widthAt:]),
			height:      be.Uint16(header[widthAt+4:]),
			description: append([]byte(nil), description...),
		}
		if t.id <= lastID(tracks) || t.id >= nextTrackID {
			return nil
		}
		tracks = append(tracks, t)
	}
	return tracks
}

func lastID(tracks []*track) uint32 {
	if len(tracks) == 0 {
		return 0
	}
	return tracks[len(tracks)-1].id
}
