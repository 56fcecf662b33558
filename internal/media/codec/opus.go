package codec

import (
	"encoding/binary"
	"errors"
)

// An OpusHead is the identification header of RFC 7845, section 5.1. MP4 tells
// the same in another byte order.
type OpusHead struct {
	Channels      uint8
	PreSkip       uint16 // samples at 48 kHz that a player drops at the start
	SampleRate    uint32 // of the encoder's input, 0 if unknown
	OutputGain    int16  // in 1/256 dB
	MappingFamily uint8
	Mapping       []byte // stream count, coupled count and a byte a channel, unless family 0
}

// ParseOpusHead reads an OpusHead.
func ParseOpusHead(b []byte) (OpusHead, error) {
	if len(b) < 19 {
		return OpusHead{}, errShort
	}
	if string(b[:8]) != "OpusHead" {
		return OpusHead{}, errors.New("no OpusHead")
	}
	if b[8]>>4 != 0 { // the upper half is the major version
		return OpusHead{}, errors.New("OpusHead of a later version")
	}
	h := OpusHead{
		Channels:      b[9],
		PreSkip:       binary.LittleEndian.Uint16(b[10:]),
		SampleRate:    binary.LittleEndian.Uint32(b[12:]),
		OutputGain:    int16(binary.LittleEndian.Uint16(b[16:])),
		MappingFamily: b[18],
	}
	if h.Channels == 0 {
		return OpusHead{}, errors.New("OpusHead without channels")
	}
	if h.MappingFamily == 0 {
		return h, nil
	}
	n := 2 + int(h.Channels)
	if len(b) < 19+n {
		return OpusHead{}, errShort
	}
	h.Mapping = b[19 : 19+n]
	return h, nil
}

// opusRate is the rate at which every Opus stream is decoded.
const opusRate = 48000

func parseOpus(b []byte) (Info, error) {
	info := Info{Codecs: "opus", SampleRate: opusRate}
	head, err := ParseOpusHead(b)
	if err != nil {
		return info, err
	}
	info.Channels = int(head.Channels)
	return info, nil
}
