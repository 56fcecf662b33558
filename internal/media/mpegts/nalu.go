package mpegts

import "tallylight/internal/media"

// startCode stands before each NAL unit (H.264 and H.265 annex B.1).
var startCode = []byte{0, 0, 0, 1}

// Types of NAL units: H.264 table 7-1, H.265 table 7-1.
const (
	avcSPS = 7
	avcPPS = 8
	avcAUD = 9

	hevcFirstNonVCL = 32
	hevcVPS         = 32
	hevcSPS         = 33
	hevcPPS         = 34
	hevcAUD         = 35
)

// A nalu is one NAL unit, which is not empty.
type nalu []byte

// typ returns the type of a NAL unit of H264 or HEVC.
func (n nalu) typ(c media.Codec) byte {
	if c == media.H264 {
		return n[0] & 31
	}
	return n[0] >> 1 & 63
}

// isDelimiter reports whether n is an access unit delimiter.
func (n nalu) isDelimiter(c media.Codec) bool {
	if c == media.H264 {
		return n.typ(c) == avcAUD
	}
	return n.typ(c) == hevcAUD
}

// lengthSize returns how many bytes tell the length of a NAL unit, by the decoder
// configuration record: 1 to 4. Nearly all encoders use 4.
func lengthSize(c media.Codec, config []byte) int {
	at := 4 // lengthSizeMinusOne (ISO/IEC 14496-15 sections 5.3.3.1 and 8.3.3.1)
	if c == media.HEVC {
		at = 21
	}
	if len(config) <= at {
		return 4
	}
	return int(config[at]&3) + 1
}

// cutNALU splits an access unit with lengths of lengthSize bytes after its first NAL
// unit, which is nil if it is empty. It returns false if the length exceeds what
// there is.
func cutNALU(b []byte, lengthSize int) (n nalu, rest []byte, ok bool) {
	if lengthSize == 0 || len(b) < lengthSize { // 0: the track is not one of NAL units
		return nil, nil, false
	}
	var length uint32
	for _, digit := range b[:lengthSize] {
		length = length<<8 | uint32(digit)
	}
	b = b[lengthSize:]
	if uint64(length) > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:length:length], b[length:], true
}

// An accessUnit is what has to be known of one before it is written.
type accessUnit struct {
	size       int  // as a byte stream, without delimiters
	parameters bool // it brings its own parameter sets
	temporal   byte // HEVC: nuh_temporal_id_plus1 of its pictures
}

// inspect walks over an access unit. It returns false if the body is malformed
// or has no NAL unit besides delimiters.
func inspect(c media.Codec, body []byte, lengthSize int) (au accessUnit, ok bool) {
	var found uint8 // bit 0 to 2: VPS, SPS, PPS
	au.temporal = 1
	for len(body) > 0 {
		var n nalu
		if n, body, ok = cutNALU(body, lengthSize); !ok {
			return accessUnit{}, false
		}
		if len(n) == 0 || n.isDelimiter(c) {
			continue
		}
		au.size += len(startCode) + len(n)
		switch typ := n.typ(c); {
		case c == media.H264 && typ == avcSPS, c == media.HEVC && typ == hevcSPS:
			found |= 2
		case c == media.H264 && typ == avcPPS, c == media.HEVC && typ == hevcPPS:
			found |= 4
		case c == media.HEVC && typ == hevcVPS:
			found |= 1
		case c == media.HEVC && typ < hevcFirstNonVCL && len(n) > 1:
			au.temporal = n[1] & 7
		}
	}
	au.parameters = found == 7 || c == media.H264 && found == 6
	return au, au.size > 0
}

// appendDelimiter appends an access unit delimiter that allows every kind of
// slice (H.264 section 7.3.2.4, H.265 section 7.3.2.5). That of HEVC has the
// temporal sub-layer of its access unit.
func appendDelimiter(dst []byte, c media.Codec, temporal byte) []byte {
	dst = append(dst, startCode...)
	if c == media.H264 {
		return append(dst, avcAUD, 0xf0)
	}
	return append(dst, hevcAUD<<1, temporal, 0x50)
}

// parametersAVC returns the parameter sets of an AVCDecoderConfigurationRecord
// (ISO/IEC 14496-15 section 5.3.3.1) as a byte stream: those before the record
// breaks off, if it does.
func parametersAVC(config []byte) []byte {
	const fixedSize = 6
	if len(config) < fixedSize {
		return nil
	}
	sets, rest := appendParameters(nil, config[fixedSize:], int(config[fixedSize-1]&31))
	if len(rest) > 0 {
		sets, _ = appendParameters(sets, rest[1:], int(rest[0]))
	}
	return sets
}

// parametersHEVC does the same for an HEVCDecoderConfigurationRecord (ISO/IEC
// 14496-15 section 8.3.3.1).
func parametersHEVC(config []byte) []byte {
	const fixedSize, arrayHeaderSize = 23, 3
	if len(config) < fixedSize {
		return nil
	}
	var sets []byte
	rest := config[fixedSize:]
	for range config[fixedSize-1] {
		if len(rest) < arrayHeaderSize {
			break
		}
		sets, rest = appendParameters(sets, rest[arrayHeaderSize:], int(be.Uint16(rest[1:])))
	}
	return sets
}

// appendParameters appends n NAL units with lengths of two bytes and returns what
// follows them, or nil if they break off.
func appendParameters(dst, b []byte, n int) (_, rest []byte) {
	for range n {
		if len(b) < 2 {
			return dst, nil
		}
		length := int(be.Uint16(b))
		if b = b[2:]; length > len(b) {
			return dst, nil
		}
		if length > 0 {
			dst = append(dst, startCode...)
			dst = append(dst, b[:length]...)
		}
		b = b[length:]
	}
	return dst, b
}
