package mpegts

import (
	"bytes"
	"slices"
)

// A transport stream packet (section 2.4.3.2) and its adaptation field (section
// 2.4.3.4).
const (
	packetSize  = 188
	headerSize  = 4
	payloadSize = packetSize - headerSize

	syncByte = 0x47

	// Bits of the second byte.
	errorIndicator = 0x80
	startsUnit     = 0x40

	// Bits of the fourth byte, whose lower half is the continuity counter.
	scrambled     = 0xc0
	hasAdaptation = 0x20
	hasPayload    = 0x10
	counterMask   = 0x0f

	// Bits of the adaptation field's second byte.
	discontinuity = 0x80
	randomAccess  = 0x40
	hasPCR        = 0x10

	pcrSize = 6
)

// An adaptation is the content of an adaptation field; flags of 0 ask for none.
type adaptation struct {
	flags byte
	pcr   uint64 // PCR base, if flags has hasPCR
}

// stuffing fills adaptation fields and tables.
var stuffing = bytes.Repeat([]byte{0xff}, payloadSize)

// size returns how many bytes of a packet the field takes.
func (a adaptation) size() int {
	switch {
	case a.flags == 0:
		return 0
	case a.flags&hasPCR == 0:
		return 2
	}
	return 2 + pcrSize
}

// append appends the field, stuffed to a size that is at least its own. A field
// of one byte has no flags.
func (a adaptation) append(dst []byte, size int) []byte {
	if size == 0 {
		return dst
	}
	end := len(dst) + size
	dst = append(dst, byte(size-1))
	if size == 1 {
		return dst
	}
	dst = append(dst, a.flags)
	if a.flags&hasPCR != 0 {
		// 33 bits of base, 6 reserved bits, 9 bits of extension, which are 0.
		dst = be.AppendUint32(dst, uint32(a.pcr>>1))
		dst = append(dst, byte(a.pcr<<7)|0x7e, 0)
	}
	return append(dst, stuffing[:end-len(dst)]...)
}

// A packetizer cuts one PES packet into transport stream packets. Its size is
// known from the start, since only the last packet may be stuffed and the
// stuffing stands before the payload.
type packetizer struct {
	dst   []byte
	track *track
	first adaptation // of the first packet, until that has begun
	start byte       // startsUnit until then
	left  int        // bytes that do not fit into the packets begun so far
	room  int        // bytes that the last of these lacks
}

// newPacketizer returns one for a PES packet of size bytes, whose first transport
// stream packet has the given adaptation field. It makes room for all of them.
func newPacketizer(dst []byte, t *track, first adaptation, size int) packetizer {
	more := max(0, size-(payloadSize-first.size()))
	packets := 1 + (more+payloadSize-1)/payloadSize
	return packetizer{
		dst:   slices.Grow(dst, packets*packetSize),
		track: t,
		first: first,
		start: startsUnit,
		left:  size,
	}
}

// fills reports whether a PES packet of size bytes would fill its transport
// stream packets, so that none is stuffed.
func fills(size int, first adaptation) bool {
	size -= payloadSize - first.size()
	return size >= 0 && size%payloadSize == 0
}

// write appends the next bytes of the PES packet.
func (p *packetizer) write(b []byte) {
	for len(b) > 0 {
		if p.room == 0 && p.start == 0 && len(b) >= payloadSize {
			b = b[p.writeWhole(b):]
			continue
		}
		if p.room == 0 {
			p.next()
		}
		n := min(p.room, len(b))
		p.dst = append(p.dst, b[:n]...)
		p.room -= n
		b = b[n:]
	}
}

// writeWhole appends the packets that b fills, and returns how much of b went
// into them. Nearly all packets of video are such, so that this decides what a
// stream costs.
func (p *packetizer) writeWhole(b []byte) int {
	n := len(b) - len(b)%payloadSize
	dst, pid, counter := p.dst, p.track.pid, p.track.counter
	for at := 0; at < n; at += payloadSize {
		dst = append(dst, syncByte, byte(pid>>8), byte(pid), hasPayload|counter)
		dst = append(dst, b[at:at+payloadSize]...)
		counter = (counter + 1) & counterMask
	}
	p.dst, p.track.counter = dst, counter
	p.left -= n
	return n
}

// next begins a packet.
func (p *packetizer) next() {
	adaptationSize := p.first.size()
	adaptationSize += max(0, payloadSize-adaptationSize-p.left)
	control := byte(hasPayload)
	if adaptationSize > 0 {
		control |= hasAdaptation
	}
	p.dst = append(p.dst, syncByte, p.start|byte(p.track.pid>>8), byte(p.track.pid), control|p.track.count())
	p.dst = p.first.append(p.dst, adaptationSize)
	p.room = payloadSize - adaptationSize
	p.left -= p.room
	p.first, p.start = adaptation{}, 0
}

// appendClock appends a packet that has nothing but a PCR. Packets without
// payload do not count.
func appendClock(dst []byte, t *track, pcr uint64) []byte {
	dst = append(dst, syncByte, byte(t.pid>>8), byte(t.pid), hasAdaptation|(t.counter-1)&counterMask)
	return adaptation{flags: hasPCR | t.flags(), pcr: pcr}.append(dst, payloadSize)
}
