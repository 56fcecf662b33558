// Package flv writes, reads, finishes and recovers FLV files, and parses the
// bodies of audio and video tags, which are those of RTMP messages too.
//
// A [Writer] appends to the caller's buffer and keeps no media. What it wrote is
// an FLV file at every tag boundary, so that [Recover] only has to drop a torn
// last tag. HEVC, AV1 and Opus are written as Enhanced RTMP v1 and v2 lay down;
// H.264, AAC and MP3 in the older form that every player reads.
//
// The format is Adobe Flash Video File Format Specification 10.1, annex E;
// comments cite its sections.
package flv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errMalformed is wrapped by what the parsers say of bytes that are not FLV.
var errMalformed = errors.New("flv: malformed")

const (
	fileHeaderSize = 9  // section E.2
	tagHeaderSize  = 11 // section E.4.1
	backSize       = 4  // PreviousTagSize, section E.3

	// maxBody is the largest body that a tag can hold, in bytes.
	maxBody = 1<<24 - 1
)

// Bits of the file header that say which kinds of tags follow.
const (
	hasVideo = 1
	hasAudio = 4
)

// readFileHeader reads the file header and the PreviousTagSize0 behind it.
func readFileHeader(r io.Reader) error {
	var b [fileHeaderSize + backSize]byte
	if _, err := io.ReadFull(r, b[:fileHeaderSize]); err != nil {
		return noEOF(err)
	}
	if string(b[:3]) != "FLV" || b[3] != 1 {
		return fmt.Errorf("%w: file begins with % x", errMalformed, b[:4])
	}
	if offset := binary.BigEndian.Uint32(b[5:]); offset != fileHeaderSize {
		return fmt.Errorf("%w: header of %d bytes", errMalformed, offset)
	}
	if _, err := io.ReadFull(r, b[fileHeaderSize:]); err != nil {
		return noEOF(err)
	}
	return nil
}

// noEOF turns the end of the input inside something into the unexpected end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
