package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tallylight/internal/media"
)

// Chunk sizes in bytes (RTMP, section 5.4.1). A larger one than
// maxChunkSize cannot make a difference, because no message is longer.
const (
	defaultChunkSize = 128
	maxChunkSize     = 1<<24 - 1
)

const (
	// maxChunkStreams bounds the chunk streams of a connection. Encoders use
	// about five.
	maxChunkStreams = 64
	// maxChunkHeader is the size of the longest chunk header: 3 bytes basic
	// header, 11 message header, 4 extended timestamp.
	maxChunkHeader = 18
	// extendedTimestamp in the 24 bits of a timestamp says that 32 bits follow.
	extendedTimestamp = 1<<24 - 1
)

// errChunk is the root of the errors of a chunkReader. After one the rest of the
// connection cannot be read.
var errChunk = errors.New("malformed chunk")

// A chunkReader assembles messages from chunks (RTMP, section 5.3). It is fed
// with bytes in pieces of any size and holds nothing but the messages in
// assembly.
type chunkReader struct {
	arena     media.Arena
	chunkSize int
	// maxMessage bounds the size of a message, and half of what all messages in
	// assembly may have.
	maxMessage int

	streams    []*chunkStream
	latest     *chunkStream // of the latest chunk
	left       int          // bytes that the latest chunk still lacks
	assembling int          // bytes of the messages in assembly

	header [maxChunkHeader]byte // the beginning of a header that is cut off
	held   int                  // bytes in header

	repeatKnown bool // whether the peer repeats extended timestamps in type 3
	repeats     bool

	message   message // the latest complete one
	discarded uint64  // messages given up before they were complete
}

// A chunkStream is the state of one chunk stream id: the header that following
// chunks refer to, and the message in assembly.
type chunkStream struct {
	id        uint32
	type3     int // the header of its type 3 chunks if that is one byte, or else -1
	timestamp uint32
	delta     uint32 // what a type 3 chunk adds that begins a message
	field     uint32 // the latest timestamp or delta as it was sent
	extended  bool   // that needed 32 bits
	length    int
	typeID    byte
	streamID  uint32

	open   bool // a message is in assembly
	unit   media.Unit
	filled int
}

// A chunkHeader is a chunk header as it was sent.
type chunkHeader struct {
	format   byte // 0 to 3
	id       uint32
	time     uint32 // timestamp (format 0) or delta (1 and 2)
	extended bool
	length   int
	typeID   byte
	streamID uint32
}

func newChunkReader(maxMessage int) *chunkReader {
	return &chunkReader{chunkSize: defaultChunkSize, maxMessage: maxMessage}
}

// read reads from b up to the end of the next message. It returns how many bytes
// it took, and the message or, if b has no end of one, nil with all of b taken.
// The message is the reader's until the next call; the hold on its body is the
// caller's. Set Chunk Size and Abort are carried out and not returned.
func (r *chunkReader) read(b []byte) (n int, m *message, err error) {
	for n < len(b) {
		if r.left == 0 {
			used, begun, err := r.readHeader(b[n:])
			n += used
			if err != nil {
				return n, nil, err
			}
			if !begun {
				return n, nil, nil
			}
		}
		s := r.latest
		k := copy(s.unit.Body[s.filled:s.filled+r.left], b[n:])
		n += k
		s.filled += k
		r.left -= k
		if r.left > 0 || s.filled < s.length {
			continue
		}
		r.finish(s)
		if r.message.typeID > typeAbort {
			return n, &r.message, nil
		}
		if err := r.control(); err != nil {
			return n, nil, err
		}
	}
	return n, nil, nil
}

// finish makes the message of s the latest complete one.
func (r *chunkReader) finish(s *chunkStream) {
	r.message = message{typeID: s.typeID, streamID: s.streamID, timestamp: s.timestamp, unit: s.unit}
	r.assembling -= s.length
	s.open, s.unit = false, media.Unit{}
}

// control carries out the latest message, which is Set Chunk Size, Abort or of
// the unassigned type 0.
func (r *chunkReader) control() error {
	defer r.message.unit.Release()
	value, ok := r.message.uint32Body()
	switch r.message.typeID {
	case typeSetChunkSize:
		if !ok || value == 0 || value > 1<<31-1 {
			return fmt.Errorf("%w: set chunk size %d", errChunk, value)
		}
		r.chunkSize = min(int(value), maxChunkSize)
	case typeAbort:
		if !ok {
			return fmt.Errorf("%w: abort without chunk stream id", errChunk)
		}
		if s := r.find(value); s != nil {
			r.discard(s)
		}
	}
	return nil
}

// discard gives up the message in assembly of s, if there is one.
func (r *chunkReader) discard(s *chunkStream) {
	if !s.open {
		return
	}
	r.discarded++
	r.assembling -= s.length
	s.unit.Release()
	s.open, s.unit = false, media.Unit{}
}

// close gives back the memory of the messages in assembly.
func (r *chunkReader) close() {
	for _, s := range r.streams {
		r.discard(s)
	}
	r.arena.Close()
}

// readHeader reads the header at the beginning of b, or the rest of one, and
// begins its chunk. It returns how many bytes of b it took; begun is false if
// the header is cut off.
func (r *chunkReader) readHeader(b []byte) (n int, begun bool, err error) {
	// Most chunks of a large message have this one byte of header.
	if s := r.latest; r.held == 0 && s != nil && s.open && !s.extended && int(b[0]) == s.type3 {
		r.left = min(r.chunkSize, s.length-s.filled)
		return 1, true, nil
	}
	if r.held > 0 {
		return r.resumeHeader(b)
	}
	h, n, err := r.parseHeader(b)
	if err != nil {
		return 0, false, err
	}
	if n == 0 {
		r.held = copy(r.header[:], b)
		return len(b), false, nil
	}
	return n, true, r.begin(h)
}

// resumeHeader is readHeader where the header's beginning has been held.
func (r *chunkReader) resumeHeader(b []byte) (n int, begun bool, err error) {
	held := r.held
	total := held + copy(r.header[held:], b)
	h, n, err := r.parseHeader(r.header[:total])
	if err != nil {
		return 0, false, err
	}
	if n == 0 {
		r.held = total
		return total - held, false, nil
	}
	r.held = 0
	if err := r.begin(h); err != nil {
		return 0, false, err
	}
	if n >= held {
		return n - held, true, nil
	}
	// What looked like an extended timestamp was payload, and perhaps the
	// beginning of the next header.
	s, rest := r.latest, r.header[n:held]
	k := copy(s.unit.Body[s.filled:s.filled+r.left], rest)
	s.filled += k
	r.left -= k
	r.held = copy(r.header[:], rest[k:])
	return 0, true, nil
}

// parseHeader reads the chunk header at the beginning of b (RTMP, section
// 5.3.1) and returns its size, which is 0 if b ends inside it.
func (r *chunkReader) parseHeader(b []byte) (h chunkHeader, n int, err error) {
	h.format, h.id, n = b[0]>>6, uint32(b[0]&0x3f), 1
	switch h.id {
	case 0:
		n = 2
	case 1:
		n = 3
	}
	if len(b) < n {
		return h, 0, nil
	}
	switch n {
	case 2:
		h.id = 64 + uint32(b[1])
	case 3:
		h.id = 64 + uint32(b[1]) + uint32(b[2])<<8
	}
	if h.format == 3 {
		return r.parseType3(h, n, b)
	}

	size := [...]int{11, 7, 3}[h.format]
	if len(b) < n+size {
		return h, 0, nil
	}
	f := b[n : n+size]
	n += size
	h.time = uint24(f)
	if h.format <= 1 {
		h.length, h.typeID = int(uint24(f[3:])), f[6]
	}
	if h.format == 0 {
		h.streamID = binary.LittleEndian.Uint32(f[7:])
	}
	if h.time == extendedTimestamp {
		if len(b) < n+4 {
			return h, 0, nil
		}
		h.time, h.extended = binary.BigEndian.Uint32(b[n:]), true
		n += 4
	}
	return h, n, nil
}

// parseType3 completes a type 3 header, whose basic header has n bytes. After an
// extended timestamp it repeats the 32 bits, unless the peer is one that leaves
// them out. Which it is, the first such header tells: the field is there if it
// has the value sent before or, as with some encoders, the timestamp where that
// was a delta.
func (r *chunkReader) parseType3(h chunkHeader, n int, b []byte) (chunkHeader, int, error) {
	s := r.find(h.id)
	if s == nil {
		return h, 0, fmt.Errorf("%w: type 3 header begins chunk stream %d", errChunk, h.id)
	}
	if !s.extended || r.repeatKnown && !r.repeats {
		return h, n, nil
	}
	if len(b) < n+4 {
		return h, 0, nil
	}
	if !r.repeatKnown {
		v := binary.BigEndian.Uint32(b[n:])
		r.repeatKnown, r.repeats = true, v == s.field || v == s.timestamp
		if !r.repeats {
			return h, n, nil
		}
	}
	return h, n + 4, nil
}

// begin begins a chunk, and the message if the chunk is its first.
func (r *chunkReader) begin(h chunkHeader) error {
	s := r.find(h.id)
	if s == nil {
		if h.format > 1 { // some clients begin with type 1
			return fmt.Errorf("%w: type %d header begins chunk stream %d", errChunk, h.format, h.id)
		}
		if len(r.streams) == maxChunkStreams {
			return fmt.Errorf("%w: more than %d chunk streams", errChunk, maxChunkStreams)
		}
		s = &chunkStream{id: h.id, type3: -1}
		if h.id < 64 {
			s.type3 = 3<<6 | int(h.id)
		}
		r.streams = append(r.streams, s)
	}
	r.latest = s
	if h.format < 3 {
		r.discard(s)
		s.field, s.extended, s.delta = h.time, h.extended, h.time
	}
	if !s.open {
		if err := r.open(s, h); err != nil {
			return err
		}
	}
	r.left = min(r.chunkSize, s.length-s.filled)
	return nil
}

// open begins a message on s. A type 3 header after a type 0 adds that one's
// timestamp (RTMP, section 5.3.1.2.4).
func (r *chunkReader) open(s *chunkStream, h chunkHeader) error {
	switch h.format {
	case 0:
		s.timestamp, s.streamID = h.time, h.streamID
	default:
		s.timestamp += s.delta
	}
	if h.format <= 1 {
		s.length, s.typeID = h.length, h.typeID
	}
	if s.length > r.maxMessage {
		return fmt.Errorf("%w: message of type %d has %d bytes, at most %d are allowed now", errChunk, s.typeID, s.length, r.maxMessage)
	}
	if r.assembling+s.length > 2*r.maxMessage {
		return fmt.Errorf("%w: messages in assembly have more than %d bytes", errChunk, 2*r.maxMessage)
	}
	r.assembling += s.length
	s.unit, s.filled, s.open = r.arena.Body(s.length), 0, true
	return nil
}

func (r *chunkReader) find(id uint32) *chunkStream {
	if r.latest != nil && r.latest.id == id {
		return r.latest
	}
	for _, s := range r.streams {
		if s.id == id {
			return s
		}
	}
	return nil
}
