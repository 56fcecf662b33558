package mpegts

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/media"
)

// PacketSize is the size of a transport stream packet, in bytes. Frames begin and
// end with packets.
const PacketSize = packetSize

// errMalformed says that bytes are not what a Muxer makes.
var errMalformed = errors.New("mpegts: malformed")

// A Frame is a frame as the encoder sent it: without the framing of transport
// streams, and without what a Muxer adds to pictures.
type Frame struct {
	Kind        media.Kind
	Key         bool
	DTS         time.Duration // on the timeline of the recording
	Composition time.Duration // PTS - DTS
	Body        []byte        // as that of a media.Unit; valid during the call
	End         int64         // where its last packet ends, counted from the first packet of the slice
}

// A Demuxer reads the frames of slices that a Muxer wrote for the same tracks: of
// all slices of a recording one after the other, or from any frame on. It serves
// one goroutine.
type Demuxer struct {
	video, audio *track
	sets         map[string]bool // parameter sets of the video's configuration

	packets scanner
	clock   int64 // last DTS, in ticks
	started bool  // there was a frame
	random  bool  // of the frame that is being read
	pes     []byte
	body    []byte
}

// NewDemuxer returns a Demuxer that expects the begin of a slice.
func NewDemuxer(tracks media.Tracks) *Demuxer {
	d := &Demuxer{
		video: newTrack(tracks.Video, videoPID),
		audio: newTrack(tracks.Audio, audioPID),
		sets:  make(map[string]bool),
	}
	if d.video != nil {
		for _, set := range bytes.Split(d.video.parameters, startCode) {
			d.sets[string(set)] = true
		}
	}
	return d
}

// BeginSlice makes the Demuxer expect the begin of a slice. A frame that is not
// whole is forgotten.
func (d *Demuxer) BeginSlice() { d.packets = scanner{} }

// BeginFrame makes the Demuxer expect a frame that may be any of a slice.
func (d *Demuxer) BeginFrame() { d.packets = scanner{packets: tablePackets} }

// Read takes the next packets, which must be whole, and calls fn for each frame
// that they complete, until fn returns an error, which Read then returns.
func (d *Demuxer) Read(packets []byte, fn func(Frame) error) error {
	if len(packets)%packetSize != 0 {
		return fmt.Errorf("%w: part of a packet", errMalformed)
	}
	for ; len(packets) > 0; packets = packets[packetSize:] {
		p, ok := parsePacket(packets[:packetSize])
		before := d.packets.open
		if !ok || !d.packets.takePacket(p) {
			return fmt.Errorf("%w: packet %d", errMalformed, d.packets.packets)
		}
		if p.payload == nil || d.packets.packets <= tablePackets {
			continue
		}
		if before == nil {
			d.pes, d.random = d.pes[:0], p.random
		}
		if len(d.pes)+len(p.payload) > maxFrame {
			return fmt.Errorf("%w: frame of more than %d bytes", errMalformed, maxFrame)
		}
		d.pes = append(d.pes, p.payload...)
		if d.packets.open != nil {
			continue
		}
		f, err := d.frame(p.pid)
		if err == nil {
			err = fn(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxFrame bounds a frame, in bytes: an RTMP message has less.
const maxFrame = 32 << 20

// frame reads the PES packet that is whole.
func (d *Demuxer) frame(pid uint16) (f Frame, err error) {
	h, ok := parsePESHeader(d.pes)
	if !ok || h.length > len(d.pes) {
		return Frame{}, fmt.Errorf("%w: PES header", errMalformed)
	}
	if !d.started {
		d.started, d.clock = true, int64(h.dts)
	}
	d.clock = unwrap(h.dts, d.clock)
	pts := unwrap(h.pts, d.clock)
	f = Frame{
		Kind:        media.Audio,
		Key:         true,
		DTS:         signedDuration(d.clock - clockStart),
		Composition: signedDuration(pts - d.clock),
		End:         d.packets.packets * packetSize,
	}
	t := d.audio
	if pid == videoPID {
		t, f.Kind = d.video, media.Video
	}
	if t == nil {
		return Frame{}, fmt.Errorf("%w: %w", errMalformed, media.ErrOtherTracks)
	}
	switch payload := d.pes[h.length:]; t.codec {
	case media.H264, media.HEVC:
		f.Body, f.Key = d.picture(t.codec, payload), d.random
	case media.AAC:
		f.Body, ok = t.adts.strip(payload)
	case media.Opus:
		f.Body, ok = stripOpusHeader(payload)
	default:
		f.Body = payload
	}
	if !ok || len(f.Body) == 0 {
		return Frame{}, fmt.Errorf("%w: frame of %s", errMalformed, t.codec)
	}
	return f, nil
}

// signedDuration is the inverse of ticks.
func signedDuration(n int64) time.Duration {
	if n < 0 {
		return -duration(-n)
	}
	return duration(n)
}

// picture turns a byte stream into an access unit with lengths, as it came in. It
// leaves out delimiters, and the parameter sets that the configuration has.
func (d *Demuxer) picture(c media.Codec, stream []byte) []byte {
	d.body = d.body[:0]
	for {
		n, rest, ok := cutStream(stream)
		if !ok {
			return d.body
		}
		stream = rest
		if len(n) == 0 || n.isDelimiter(c) || d.sets[string(n)] {
			continue
		}
		for digit := d.video.lengthSize - 1; digit >= 0; digit-- {
			d.body = append(d.body, byte(len(n)>>(8*digit)))
		}
		d.body = append(d.body, n...)
	}
}

// cutStream returns the NAL unit behind the first start code of a byte stream (H.264
// and H.265 annex B.1), without the zeros that trail it, and what follows it, which
// begins with a start code; ok is false if there is none.
func cutStream(b []byte) (n nalu, rest []byte, ok bool) {
	short := startCode[1:]
	_, b, ok = bytes.Cut(b, short)
	if end := bytes.Index(b, short); end >= 0 {
		b, rest = b[:end], b[end:]
	}
	return bytes.TrimRight(b, "\x00"), rest, ok
}

// strip returns the only frame of a PES packet without its header.
func (h adts) strip(b []byte) (frame []byte, ok bool) {
	if len(b) < adtsHeaderSize {
		return nil, false
	}
	frame = b[adtsHeaderSize:]
	var header adts
	h.append(header[:0], len(frame))
	return frame, header == adts(b)
}

// stripOpusHeader does the same for what appendOpusHeader wrote.
func stripOpusHeader(b []byte) (packet []byte, ok bool) {
	if len(b) < 2 || b[0] != 0x7f || b[1] != 0xe0 {
		return nil, false
	}
	size, b := 0, b[2:]
	for len(b) > 0 {
		c := b[0]
		size, b = size+int(c), b[1:]
		if c < 255 {
			return b, size == len(b)
		}
	}
	return nil, false
}
