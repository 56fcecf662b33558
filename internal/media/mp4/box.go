package mp4

import "encoding/binary"

// be is the byte order of everything in a file.
var be = binary.BigEndian

const boxHeaderSize = 8

// beginBox appends the header of a box whose size endBox fills in once the
// contents have been appended (section 4.2).
func beginBox(dst []byte, typ string) (_ []byte, start int) {
	start = len(dst)
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, typ...), start
}

// beginFullBox does the same for a box with a version and flags.
func beginFullBox(dst []byte, typ string, version byte, flags uint32) (_ []byte, start int) {
	dst, start = beginBox(dst, typ)
	return be.AppendUint32(dst, uint32(version)<<24|flags), start
}

func endBox(dst []byte, start int) {
	be.PutUint32(dst[start:], uint32(len(dst)-start))
}

// appendBox appends a whole box.
func appendBox(dst []byte, typ string, payload []byte) []byte {
	dst, start := beginBox(dst, typ)
	dst = append(dst, payload...)
	endBox(dst, start)
	return dst
}

// appendZeros appends n zero bytes.
func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

// cutBox splits b after its first box, which must be whole and have a size of 32
// bits.
func cutBox(b []byte) (typ string, payload, rest []byte, ok bool) {
	if len(b) < boxHeaderSize {
		return "", nil, nil, false
	}
	size := uint64(be.Uint32(b))
	if size < boxHeaderSize || size > uint64(len(b)) {
		return "", nil, nil, false
	}
	return string(b[4:8]), b[boxHeaderSize:size], b[size:], true
}

// findBox returns the payload of the first box at a path of types inside b, or
// nil.
func findBox(b []byte, path ...string) []byte {
	for len(b) > 0 {
		typ, payload, rest, ok := cutBox(b)
		if !ok {
			return nil
		}
		if typ == path[0] {
			if len(path) == 1 {
				return payload
			}
			return findBox(payload, path[1:]...)
		}
		b = rest
	}
	return nil
}
