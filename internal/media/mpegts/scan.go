package mpegts

// A scanner follows the packets of a slice. It takes what a Muxer writes and
// nothing else: the two tables, then frames one behind the other, between which a
// PCR may stand alone.
type scanner struct {
	slice        Slice // up to the last whole frame
	packets      int64
	video, audio counter
	clock        int64 // last DTS, unwrapped

	open *counter // the track of a frame that is not whole yet, or nil
	size int      // of the open frame's PES packet in bytes, 0 if that is not told
	got  int      // bytes of it so far
	dts  int64
}

// A counter follows the continuity counter of a track.
type counter struct {
	started bool
	next    byte
}

// A packet is a transport stream packet in its parts.
type packet struct {
	pid     uint16
	start   bool // a PES packet or a table begins
	counter byte
	stuffed bool   // the adaptation field is larger than what it tells
	random  bool   // the frame is a key frame of the video, where that carries the clock
	payload []byte // nil for none
}

// parsePacket reads a packet. It returns false if b is none of ours.
func parsePacket(b []byte) (p packet, ok bool) {
	if b[0] != syncByte || b[1]&errorIndicator != 0 || b[3]&scrambled != 0 {
		return packet{}, false
	}
	p = packet{pid: be.Uint16(b[1:]) & 0x1fff, start: b[1]&startsUnit != 0, counter: b[3] & counterMask}
	rest := b[headerSize:]
	if b[3]&hasAdaptation != 0 {
		size := 1 + int(rest[0])
		if size > payloadSize {
			return packet{}, false
		}
		var a adaptation
		if size > 1 {
			a.flags = rest[1]
		}
		p.stuffed = size > a.size()
		p.random = a.flags&randomAccess != 0
		rest = rest[size:]
	}
	if b[3]&hasPayload != 0 {
		p.payload = rest
	}
	return p, true
}

// take takes the next packet. It returns false if a Muxer would not have written
// it there.
func (s *scanner) take(b []byte) bool {
	p, ok := parsePacket(b)
	return ok && s.takePacket(p)
}

func (s *scanner) takePacket(p packet) bool {
	s.packets++
	if s.packets <= tablePackets {
		return p.start && p.pid == [...]uint16{patPID, pmtPID}[s.packets-1]
	}
	var track *counter
	switch p.pid {
	case videoPID:
		track = &s.video
	case audioPID:
		track = &s.audio
	default:
		return false
	}
	if p.payload == nil {
		return s.open == nil
	}
	if track.started && p.counter != track.next {
		return false
	}
	*track = counter{started: true, next: (p.counter + 1) & counterMask}
	if p.start {
		if !s.begin(track, p.payload) {
			return false
		}
	} else if s.open != track {
		return false
	}
	s.got += len(p.payload)
	if s.size > 0 && s.got > s.size {
		return false
	}
	if s.got == s.size || s.size == 0 && p.stuffed {
		s.end()
	}
	return true
}

// begin begins a frame.
func (s *scanner) begin(track *counter, payload []byte) bool {
	h, ok := parsePESHeader(payload)
	openEnded := h.size == 0
	if !ok || s.open != nil || openEnded != (track == &s.video) {
		return false
	}
	if s.slice.video.frames+s.slice.audio.frames == 0 {
		s.clock = int64(h.dts)
	}
	s.open, s.size, s.got, s.dts = track, h.size, 0, unwrap(h.dts, s.clock)
	return true
}

// end adds the open frame, which is whole, to the slice.
func (s *scanner) end() {
	if s.open == &s.video {
		s.slice.video.add(s.dts)
	} else {
		s.slice.audio.add(s.dts)
	}
	s.clock, s.open = s.dts, nil
	s.slice.size = s.packets * packetSize
}
