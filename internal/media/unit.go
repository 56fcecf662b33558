// Package media holds what flows from an encoder to a file: units of coded
// audio and video with their timestamps, and the pooled memory they live in.
//
// An ingest protocol cuts units out of what it reads and hands them on in
// batches; a container writer under media/ turns them into bytes. Bodies are
// reference counted, so that one copy serves every taker.
package media

import (
	"bytes"
	"time"
)

// A Kind tells what a unit carries.
type Kind uint8

const (
	Video Kind = iota + 1
	Audio
	// Data is timed metadata: an AMF0 script message of the publisher.
	Data
)

// String returns "video", "audio" or "data".
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	case Data:
		return "data"
	}
	return "unknown"
}

// A Codec names a coding of audio or video.
type Codec uint8

const (
	// CodecUnknown marks units of a coding that we cannot store.
	CodecUnknown Codec = iota
	H264
	HEVC
	AV1
	AAC
	MP3
	Opus
)

// String returns the codec's short name, in lower case.
func (c Codec) String() string {
	return [...]string{"unknown", "h264", "hevc", "av1", "aac", "mp3", "opus"}[c]
}

// A Unit is one access unit, one audio frame, one decoder configuration or one
// data message.
//
// Whoever keeps a Unit beyond the call that handed it over calls Retain, and
// Release when done.
type Unit struct {
	Kind  Kind
	Codec Codec
	// Config says that Body is a decoder configuration record and no media:
	// AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord,
	// AV1CodecConfigurationRecord, AudioSpecificConfig or OpusHead. MP3 has none.
	Config bool
	Key    bool // a decoder can start here; true for every audio frame
	// DTS is the decoding time on the session's clock, which starts anywhere
	// and never wraps. Composition is PTS - DTS, and may be negative.
	DTS         time.Duration
	Composition time.Duration
	// Body is immutable. Video is NAL units with their lengths, of which the
	// configuration tells how many bytes they have (H264, HEVC), or OBUs (AV1);
	// audio is one raw frame; data is AMF0 values, the name of the message first.
	Body []byte

	block *Block
}

// PTS returns the presentation time on the session's clock.
func (u *Unit) PTS() time.Duration { return u.DTS + u.Composition }

// Retain keeps the unit's body alive for one more holder.
func (u *Unit) Retain() {
	if u.block != nil {
		u.block.refs.Add(1)
	}
}

// Release gives one hold on the body back. The body must not be read after.
func (u *Unit) Release() {
	if u.block != nil {
		u.block.release()
		u.block = nil
		u.Body = nil
	}
}

// A Track is a coding and its decoder configuration.
type Track struct {
	Codec  Codec
	Config []byte // decoder configuration record; empty for MP3
}

// Equal reports whether a decoder set up for t can go on with other.
func (t Track) Equal(other Track) bool {
	return t.Codec == other.Codec && bytes.Equal(t.Config, other.Config)
}
