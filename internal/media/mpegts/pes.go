package mpegts

// The header of a PES packet (section 2.4.3.6).
const (
	pesPrefix    = "\x00\x00\x01" // before stream_id
	pesLengthAt  = 4
	pesLengthEnd = 6
	pesFixedSize = 9

	maxPESLength = 0xffff

	pesAligned = 0x84 // a frame begins right behind the header
	pesHasPTS  = 0x80
	pesHasDTS  = 0x40

	// A timestamp has a marker that says which one it is.
	timestampSize = 5
	markerPTSOnly = 0b0010
	markerPTS     = 0b0011
	markerDTS     = 0b0001
)

// appendPESHeader appends the header of a PES packet whose length is not told,
// which only video may leave open.
func appendPESHeader(dst []byte, streamID byte, pts, dts uint64) []byte {
	dst = append(dst, pesPrefix...)
	dst = append(dst, streamID, 0, 0, pesAligned)
	if pts == dts {
		dst = append(dst, pesHasPTS, timestampSize)
		return appendTimestamp(dst, markerPTSOnly, pts)
	}
	dst = append(dst, pesHasPTS|pesHasDTS, 2*timestampSize)
	dst = appendTimestamp(dst, markerPTS, pts)
	return appendTimestamp(dst, markerDTS, dts)
}

// A pesHeader is what is read back of a PES packet's header.
type pesHeader struct {
	size     int // of the whole PES packet in bytes, or 0 if it is not told
	length   int // of the header
	pts, dts uint64
}

// parsePESHeader reads what appendPESHeader wrote. It returns false if b begins
// otherwise.
func parsePESHeader(b []byte) (h pesHeader, ok bool) {
	if len(b) < pesFixedSize+timestampSize || string(b[:len(pesPrefix)]) != pesPrefix || b[6] != pesAligned {
		return pesHeader{}, false
	}
	if length := int(be.Uint16(b[pesLengthAt:])); length > 0 {
		h.size = pesLengthEnd + length
	}
	h.pts = parseTimestamp(b[pesFixedSize:])
	h.dts, h.length = h.pts, pesFixedSize+int(b[8])
	switch {
	case b[7] == pesHasPTS && b[8] == timestampSize:
	case b[7] == pesHasPTS|pesHasDTS && b[8] == 2*timestampSize && len(b) >= pesFixedSize+2*timestampSize:
		h.dts = parseTimestamp(b[pesFixedSize+timestampSize:])
	default:
		return pesHeader{}, false
	}
	return h, true
}
