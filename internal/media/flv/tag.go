package flv

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"tallylight/internal/media"
)

// A TagType tells what a tag carries. The numbers are those of RTMP message
// types.
type TagType uint8

const (
	TagAudio  TagType = 8
	TagVideo  TagType = 9
	TagScript TagType = 18
)

// A Tag is one tag of a file (section E.4.1).
type Tag struct {
	Type      TagType
	Timestamp time.Duration // whole milliseconds, 0 to 2^32-1 of them
	Body      []byte        // at most 16 MiB less one byte
}

// ParseTag reads the tag at the start of b, PreviousTagSize included, and
// returns how many bytes it takes. The tag's body is part of b. If b ends inside
// the tag, the error is io.ErrUnexpectedEOF.
func ParseTag(b []byte) (Tag, int, error) {
	if len(b) < tagHeaderSize {
		return Tag{}, 0, io.ErrUnexpectedEOF
	}
	t, size, err := parseTagHeader(b)
	if err != nil {
		return Tag{}, 0, err
	}
	end := tagHeaderSize + size
	if len(b) < end+backSize {
		return Tag{}, 0, io.ErrUnexpectedEOF
	}
	if err := checkBackSize(b[end:], size); err != nil {
		return Tag{}, 0, err
	}
	t.Body = b[tagHeaderSize:end:end]
	return t, end + backSize, nil
}

// parseTagHeader reads the 11 bytes in front of a body, and the body's size.
func parseTagHeader(b []byte) (t Tag, size int, err error) {
	t.Type = TagType(b[0])
	if t.Type != TagAudio && t.Type != TagVideo && t.Type != TagScript {
		return Tag{}, 0, fmt.Errorf("%w: tag of type %d", errMalformed, t.Type)
	}
	milliseconds := uint32(b[7])<<24 | uint24(b[4:])
	t.Timestamp = time.Duration(milliseconds) * time.Millisecond
	return t, int(uint24(b[1:])), nil
}

// checkBackSize reports whether the PreviousTagSize behind a body is right.
func checkBackSize(b []byte, size int) error {
	if got := binary.BigEndian.Uint32(b); got != uint32(tagHeaderSize+size) {
		return fmt.Errorf("%w: PreviousTagSize %d behind a tag of %d bytes", errMalformed, got, tagHeaderSize+size)
	}
	return nil
}

// Append appends the tag with its PreviousTagSize to dst.
func (t Tag) Append(dst []byte) []byte {
	dst, start := beginTag(dst, t.Type, t.Timestamp)
	dst = append(dst, t.Body...)
	return endTag(dst, start)
}

// beginTag appends a tag header without its size; endTag completes the tag once
// the body has been appended.
func beginTag(dst []byte, typ TagType, timestamp time.Duration) (_ []byte, start int) {
	ms := uint32(timestamp.Milliseconds())
	start = len(dst)
	return append(dst, byte(typ), 0, 0, 0, byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0), start
}

func endTag(dst []byte, start int) []byte {
	total := uint32(len(dst) - start)
	size := total - tagHeaderSize
	dst[start+1], dst[start+2], dst[start+3] = byte(size>>16), byte(size>>8), byte(size)
	return binary.BigEndian.AppendUint32(dst, total)
}

// Unit returns what the tag carries; ok is false if that is nothing to record.
// The unit shares the tag's body.
func (t Tag) Unit() (u media.Unit, ok bool, err error) {
	if t.Type == TagScript {
		return media.Unit{Kind: media.Data, DTS: t.Timestamp, Body: t.Body}, true, nil
	}
	u = media.Unit{Kind: media.Audio, DTS: t.Timestamp}
	parse := ParseAudioBody
	if t.Type == TagVideo {
		u.Kind, parse = media.Video, ParseVideoBody
	}
	body, err := parse(t.Body)
	if err != nil || body.Packet == PacketOther {
		return media.Unit{}, false, err
	}
	u.Codec = body.Codec
	u.Config = body.Packet == PacketConfig
	u.Key = body.Key && !u.Config
	u.Composition = body.Composition
	u.Body = body.Payload
	return u, true, nil
}
