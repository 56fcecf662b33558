package mpegts

import "tallylight/internal/media"

// Values of stream_type (section 2.4.4.9).
const (
	streamTypeMP3     = 0x03
	streamTypePrivate = 0x06
	streamTypeAAC     = 0x0f
	streamTypeH264    = 0x1b
	streamTypeHEVC    = 0x24
)

// Values of stream_id (section 2.4.3.7).
const (
	streamIDPrivate = 0xbd
	streamIDAudio   = 0xc0
	streamIDVideo   = 0xe0
)

// A track is an elementary stream and how far it has come.
type track struct {
	codec       media.Codec
	pid         uint16
	streamType  byte
	streamID    byte
	descriptors []byte // of the program map
	parameters  []byte // H264, HEVC: parameter sets as a byte stream
	lengthSize  int    // H264, HEVC: of the lengths in frames, in bytes
	adts        adts   // AAC

	counter   byte // continuity counter of the next packet with payload
	continued bool // there was a packet with payload
}

// newTrack returns the track for t, or nil if t is nil or of what a transport
// stream cannot describe.
func newTrack(t *media.Track, pid uint16) *track {
	if t == nil {
		return nil
	}
	made := &track{codec: t.Codec, pid: pid}
	switch t.Codec {
	case media.H264:
		made.streamType, made.streamID = streamTypeH264, streamIDVideo
		made.parameters, made.lengthSize = parametersAVC(t.Config), lengthSize(t.Codec, t.Config)
	case media.HEVC:
		made.streamType, made.streamID = streamTypeHEVC, streamIDVideo
		made.parameters, made.lengthSize = parametersHEVC(t.Config), lengthSize(t.Codec, t.Config)
	case media.AAC:
		var ok bool
		made.streamType, made.streamID = streamTypeAAC, streamIDAudio
		if made.adts, ok = newADTS(t.Config); !ok {
			return nil
		}
	case media.MP3:
		made.streamType, made.streamID = streamTypeMP3, streamIDAudio
	case media.Opus:
		var ok bool
		made.streamType, made.streamID = streamTypePrivate, streamIDPrivate
		if made.descriptors, ok = opusDescriptors(t.Config); !ok {
			return nil
		}
	default:
		return nil
	}
	return made
}

// count returns the continuity counter for the next packet with payload.
func (t *track) count() byte {
	c := t.counter
	t.counter = (c + 1) & counterMask
	t.continued = true
	return c
}

// flags returns the flags that the adaptation field of the next packet must
// have: the counters of a Muxer go on from nothing, even if its first slice is
// played after one of another Muxer.
func (t *track) flags() byte {
	if t.continued {
		return 0
	}
	return discontinuity
}
