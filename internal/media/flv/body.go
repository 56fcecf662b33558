package flv

import (
	"encoding/binary"
	"errors"
	"time"

	"tallylight/internal/media"
)

// A Packet says what the body of an audio or video tag carries.
type Packet uint8

const (
	// PacketOther is nothing to record: end of sequence, metadata, a command, an
	// empty frame, or only tracks other than track 0.
	PacketOther Packet = iota
	// PacketConfig is a decoder configuration record.
	PacketConfig
	// PacketFrame is one access unit or audio frame.
	PacketFrame
)

// A Body is the content of an audio or video tag, which is also that of an RTMP
// audio or video message.
type Body struct {
	Packet Packet
	Codec  media.Codec // media.CodecUnknown for one that is not recorded
	Key    bool        // a decoder can start here; true for all audio
	// Composition is PTS - DTS, in whole milliseconds of 24 signed bits. The
	// nanoseconds that Enhanced RTMP can add are ignored: tags hold none.
	Composition time.Duration
	Payload     []byte // part of the slice that was parsed
}

// errShortBody means that a body ends inside its header.
var errShortBody = errors.New("flv: audio or video body is too short")

// Legacy codings and packet types (FLV 10.1, sections E.4.2 and E.4.3). HEVC as
// id 12 is not in the specification, but encoders in the field use it.
const (
	videoIDAVC  = 7
	videoIDHEVC = 12

	audioIDMP3      = 2
	audioIDEnhanced = 9
	audioIDAAC      = 10
	audioIDMP38k    = 14

	sequenceHeader = 0 // of AVC and AAC
	rawFrame       = 1
)

// Enhanced RTMP v2, "Enhanced Video" and "Enhanced Audio". Packet types that
// both have carry the same numbers.
const (
	exHeader = 0x80 // bit of a video body's first byte

	exSequenceStart = 0
	exCodedFrames   = 1
	exCodedFramesX  = 3 // video: composition time is 0 and left out
	exMetadata      = 4 // video: colour; audio: channel layout
	exMultitrack    = 5 // audio; video has 6
	exVideoTracks   = 6
	exModEx         = 7

	oneTrack             = 0
	manyTracksManyCodecs = 2

	frameKey     = 1
	frameCommand = 5
)

// FourCCs of Enhanced RTMP.
const (
	fourCCAVC  = "avc1"
	fourCCHEVC = "hvc1"
	fourCCAV1  = "av01"
	fourCCAAC  = "mp4a"
	fourCCMP3  = ".mp3"
	fourCCOpus = "Opus"
)

// ParseVideoBody reads the header of a video body: legacy, Enhanced RTMP v1 or
// v2. Of several tracks it reads track 0. It allocates nothing.
func ParseVideoBody(b []byte) (Body, error) {
	if len(b) == 0 {
		return Body{}, errShortBody
	}
	frameType := b[0] >> 4 & 7
	if b[0]&exHeader != 0 {
		return parseExVideo(b, frameType)
	}
	body := Body{Key: frameType == frameKey, Payload: b[1:]}
	if frameType == frameCommand {
		return body, nil
	}
	switch b[0] & 15 {
	case videoIDAVC:
		body.Codec = media.H264
	case videoIDHEVC:
		body.Codec = media.HEVC
	default:
		body.Packet = PacketFrame
		return body.orOther(), nil
	}
	if len(b) < 5 {
		return Body{}, errShortBody
	}
	body.Payload = b[5:]
	switch b[1] {
	case sequenceHeader:
		body.Packet = PacketConfig
	case rawFrame:
		body.Packet = PacketFrame
		body.Composition = composition(b[2:])
	}
	return body.orOther(), nil
}

func parseExVideo(b []byte, frameType byte) (Body, error) {
	packetType, b, err := skipModEx(b[0]&15, b[1:])
	if err != nil {
		return Body{}, err
	}
	body := Body{Key: frameType == frameKey}
	if frameType == frameCommand && packetType != exMetadata {
		return body, nil
	}
	var fourCC []byte
	if packetType == exVideoTracks {
		packetType, fourCC, b, err = trackZero(b)
	} else {
		fourCC, b, err = cut(b, 4)
	}
	if err != nil {
		return Body{}, err
	}
	switch string(fourCC) {
	case fourCCAVC:
		body.Codec = media.H264
	case fourCCHEVC:
		body.Codec = media.HEVC
	case fourCCAV1:
		body.Codec = media.AV1
	}
	switch packetType {
	case exSequenceStart:
		body.Packet = PacketConfig
	case exCodedFrames:
		body.Packet = PacketFrame
		if body.Codec == media.H264 || body.Codec == media.HEVC {
			var offset []byte
			if offset, b, err = cut(b, 3); err != nil {
				return Body{}, err
			}
			body.Composition = composition(offset)
		}
	case exCodedFramesX:
		body.Packet = PacketFrame
	}
	body.Payload = b
	return body.orOther(), nil
}

// ParseAudioBody reads the header of an audio body: legacy, Enhanced RTMP v1 or
// v2. Of several tracks it reads track 0. It allocates nothing.
func ParseAudioBody(b []byte) (Body, error) {
	if len(b) == 0 {
		return Body{}, errShortBody
	}
	body := Body{Key: true, Packet: PacketFrame, Payload: b[1:]}
	switch b[0] >> 4 {
	case audioIDEnhanced:
		return parseExAudio(b)
	case audioIDMP3, audioIDMP38k:
		body.Codec = media.MP3
	case audioIDAAC:
		if len(b) < 2 {
			return Body{}, errShortBody
		}
		body.Codec = media.AAC
		body.Payload = b[2:]
		switch b[1] {
		case sequenceHeader:
			body.Packet = PacketConfig
		case rawFrame:
		default:
			body.Packet = PacketOther
		}
	}
	return body.orOther(), nil
}

func parseExAudio(b []byte) (Body, error) {
	packetType, b, err := skipModEx(b[0]&15, b[1:])
	if err != nil {
		return Body{}, err
	}
	var fourCC []byte
	if packetType == exMultitrack {
		packetType, fourCC, b, err = trackZero(b)
	} else {
		fourCC, b, err = cut(b, 4)
	}
	if err != nil {
		return Body{}, err
	}
	body := Body{Key: true, Payload: b}
	switch string(fourCC) {
	case fourCCAAC:
		body.Codec = media.AAC
	case fourCCMP3:
		body.Codec = media.MP3
	case fourCCOpus:
		body.Codec = media.Opus
	}
	switch packetType {
	case exSequenceStart:
		body.Packet = PacketConfig
	case exCodedFrames:
		body.Packet = PacketFrame
	}
	return body.orOther(), nil
}

// orOther makes a body without payload PacketOther.
func (b Body) orOther() Body {
	if len(b.Payload) == 0 {
		b.Packet = PacketOther
	}
	return b
}

// skipModEx skips the modifiers in front of a packet and returns the packet's
// type with what follows it.
func skipModEx(packetType byte, b []byte) (byte, []byte, error) {
	for packetType == exModEx {
		size, rest, err := cut(b, 1)
		if err != nil {
			return 0, nil, err
		}
		n := int(size[0]) + 1
		if n == 256 {
			if size, rest, err = cut(rest, 2); err != nil {
				return 0, nil, err
			}
			n = int(binary.BigEndian.Uint16(size)) + 1
		}
		modifier, rest, err := cut(rest, n+1)
		if err != nil {
			return 0, nil, err
		}
		packetType, b = modifier[n]&15, rest
	}
	return packetType, b, nil
}

// trackZero finds track 0 in a multitrack body. Without one, the packet's type
// is that of metadata, which nobody records.
func trackZero(b []byte) (packetType byte, fourCC, payload []byte, err error) {
	header, b, err := cut(b, 1)
	if err != nil {
		return 0, nil, nil, err
	}
	layout, packetType := header[0]>>4, header[0]&15
	if layout != manyTracksManyCodecs {
		if fourCC, b, err = cut(b, 4); err != nil {
			return 0, nil, nil, err
		}
	}
	for len(b) > 0 {
		if layout == manyTracksManyCodecs {
			if fourCC, b, err = cut(b, 4); err != nil {
				return 0, nil, nil, err
			}
		}
		var id, track []byte
		if id, b, err = cut(b, 1); err != nil {
			return 0, nil, nil, err
		}
		if layout == oneTrack {
			track, b = b, nil
		} else {
			var size []byte
			if size, b, err = cut(b, 3); err != nil {
				return 0, nil, nil, err
			}
			if track, b, err = cut(b, int(uint24(size))); err != nil {
				return 0, nil, nil, err
			}
		}
		if id[0] == 0 {
			return packetType, fourCC, track, nil
		}
	}
	return exMetadata, nil, nil, nil
}

// cut splits b after n bytes.
func cut(b []byte, n int) (head, rest []byte, err error) {
	if len(b) < n {
		return nil, nil, errShortBody
	}
	return b[:n], b[n:], nil
}

// composition reads a composition time: 24 signed bits of milliseconds.
func composition(b []byte) time.Duration {
	return time.Duration(int32(uint24(b)<<8)>>8) * time.Millisecond
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}
