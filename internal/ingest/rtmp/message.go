package rtmp

import (
	"encoding/binary"

	"tallylight/internal/media"
)

// Message types (RTMP, sections 5.4 and 7.1).
const (
	typeSetChunkSize     = 1
	typeAbort            = 2
	typeAcknowledgement  = 3
	typeUserControl      = 4
	typeWindowAckSize    = 5
	typeSetPeerBandwidth = 6
	typeAudio            = 8
	typeVideo            = 9
	typeDataAMF3         = 15
	typeCommandAMF3      = 17
	typeDataAMF0         = 18
	typeCommandAMF0      = 20
	typeAggregate        = 22
)

// User control events (RTMP, section 7.1.7).
const (
	eventStreamBegin  = 0
	eventPingRequest  = 6
	eventPingResponse = 7
)

// A message is one RTMP message. Its unit has the body and one hold on it, and
// nothing else; body aside, it is the receiver's to fill.
type message struct {
	typeID    byte
	streamID  uint32
	timestamp uint32 // milliseconds; wraps
	unit      media.Unit
}

// body returns the message's payload.
func (m *message) body() []byte { return m.unit.Body }

// uint32Body reads the payload of a protocol control message.
func (m *message) uint32Body() (n uint32, ok bool) {
	if len(m.body()) < 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(m.body()), true
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}

func appendUint24(dst []byte, n uint32) []byte {
	return append(dst, byte(n>>16), byte(n>>8), byte(n))
}
