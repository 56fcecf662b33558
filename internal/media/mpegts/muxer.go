package mpegts

import (
	"math"

	"tallylight/internal/media"
)

// A Muxer makes the bytes of the slices of one recording. It appends them to
// buffers of the caller, who writes those to the slices' files in order; it keeps
// nothing of the media. It serves one goroutine.
type Muxer struct {
	tables       []byte // the packets of appendTables
	video, audio *track
	clock        *track // carries PCR: the video, else the audio
	lastClock    int64  // time of the frame with the last PCR
	lead         int64  // that video is decoded before its DTS, at most maxLead
	slice        Slice
	head         []byte // of the frame at hand
}

// NewMuxer returns a Muxer for a recording with the given tracks, at least one,
// and begins its first slice. A transport stream cannot hold tracks whose coding
// Holds denies, AAC that ADTS cannot name (object types beyond LTP, channels
// beyond 7.1) and Opus with channels that RFC 7845 does not name: such a track is
// left out.
//
// A recording may go on with a new Muxer, as after a crash: its first packets say
// that their counters begin anew.
func NewMuxer(tracks media.Tracks) *Muxer {
	m := &Muxer{
		video:     newTrack(tracks.Video, videoPID),
		audio:     newTrack(tracks.Audio, audioPID),
		lastClock: math.MinInt64 / 2,
	}
	var present []*track
	for _, t := range []*track{m.video, m.audio} {
		if t != nil {
			present = append(present, t)
		}
	}
	const noPCR = 0x1fff
	pcrPID := uint16(noPCR)
	if len(present) > 0 {
		m.clock = present[0]
		pcrPID = m.clock.pid
	}
	m.tables = appendTables(nil, pcrPID, present...)
	return m
}

// AppendHeader appends what a slice begins with: the tables that tell of its
// tracks. Call it once for each slice, first.
func (m *Muxer) AppendHeader(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, m.tables...)
	for table := 0; table < len(m.tables); table += packetSize { // counters of the next tables
		control := &m.tables[table+headerSize-1]
		*control = hasPayload | (*control+1)&counterMask
	}
	m.slice.size += int64(len(dst) - start)
	return dst
}

// AppendUnits appends the frames of the recording's tracks, in decoding order as
// given. Timestamps are those of the recording: they begin near 0 and are
// rounded to 1/90000 s. Key frames get the parameter sets of their track, unless
// they bring their own. Decoder configurations and data messages are left out,
// and so are frames that are empty, malformed, or too large for their framing:
// 8 KiB of AAC, nearly 64 KiB of other audio.
func (m *Muxer) AppendUnits(dst []byte, units []media.Unit) []byte {
	start := len(dst)
	for i := range units {
		u := &units[i]
		switch {
		case u.Config:
		case u.Kind == media.Video && m.video != nil && m.video.codec == u.Codec:
			dst = m.appendVideo(dst, u)
		case u.Kind == media.Audio && m.audio != nil && m.audio.codec == u.Codec:
			dst = m.appendAudio(dst, u)
		}
	}
	m.slice.size += int64(len(dst) - start)
	return dst
}

// EndSlice returns the facts of the slice that was written last, and begins the
// next one.
func (m *Muxer) EndSlice() Slice {
	ended := m.slice
	m.slice = Slice{video: ended.video.next(), audio: ended.audio.next()}
	return ended
}

// appendVideo appends a frame of video. The length of its PES packet is not told;
// instead its last transport stream packet is stuffed, by which Recover knows it.
//
// No frame may be shown before it is decoded. Where an encoder says so, all video
// is decoded earlier from then on.
func (m *Muxer) appendVideo(dst []byte, u *media.Unit) []byte {
	t := m.video
	au, ok := inspect(t.codec, u.Body, t.lengthSize)
	if !ok {
		return dst
	}
	now, pts := ticks(u.DTS), ticks(u.PTS())
	m.lead = max(m.lead, min(now-pts, maxLead))
	dts := now - m.lead
	m.slice.video.add(dts)
	first := m.adaptation(t, u, now)
	var parameters []byte
	if u.Key && !au.parameters {
		parameters = t.parameters
	}
	m.head = appendPESHeader(m.head[:0], t.streamID, timestamp(pts), timestamp(dts))
	m.head = appendDelimiter(m.head, t.codec, au.temporal)
	size := len(m.head) + len(parameters) + au.size
	if fills(size, first) { // a zero may trail the delimiter (annex B.1)
		m.head = append(m.head, 0)
		size++
	}
	m.head = append(m.head, parameters...)

	p := newPacketizer(dst, t, first, size)
	p.write(m.head)
	for body := u.Body; len(body) > 0; {
		var n nalu
		n, body, _ = cutNALU(body, t.lengthSize)
		if len(n) == 0 || n.isDelimiter(t.codec) {
			continue
		}
		p.write(startCode)
		p.write(n)
	}
	return p.dst
}

// appendAudio appends a frame of audio.
func (m *Muxer) appendAudio(dst []byte, u *media.Unit) []byte {
	t := m.audio
	if len(u.Body) == 0 || t.codec == media.AAC && len(u.Body) > maxADTSBody {
		return dst
	}
	dts := ticks(u.DTS)
	m.head = appendPESHeader(m.head[:0], t.streamID, timestamp(dts), timestamp(dts))
	switch t.codec {
	case media.AAC:
		m.head = t.adts.append(m.head, len(u.Body))
	case media.Opus:
		m.head = appendOpusHeader(m.head, len(u.Body))
	}
	size := len(m.head) + len(u.Body)
	if size-pesLengthEnd > maxPESLength {
		return dst
	}
	be.PutUint16(m.head[pesLengthAt:], uint16(size-pesLengthEnd))
	m.slice.audio.add(dts)
	if t != m.clock && m.clockDue(dts, longestClockGap) {
		dst = appendClock(dst, m.clock, m.tell(dts))
	}
	p := newPacketizer(dst, t, m.adaptation(t, u, dts), size)
	p.write(m.head)
	p.write(u.Body)
	return p.dst
}

// A PCR has to follow another within 100 ms (section 2.7.2). The track that
// carries it does so with each key frame and each frame that comes clockInterval
// after the last one; if it is silent for longestClockGap, the PCR comes alone.
const (
	clockInterval   = timescale / 20
	longestClockGap = timescale / 12
)

// clockDue reports whether the last PCR is an interval ago.
func (m *Muxer) clockDue(now, interval int64) bool {
	d := now - m.lastClock
	return d < 0 || d >= interval
}

// tell returns the PCR before a frame.
func (m *Muxer) tell(now int64) (pcr uint64) {
	m.lastClock = now
	return timestamp(now - decodingDelay)
}

// adaptation returns the adaptation field that a frame begins with.
func (m *Muxer) adaptation(t *track, u *media.Unit, now int64) adaptation {
	a := adaptation{flags: t.flags()}
	if t != m.clock {
		return a
	}
	if m.clockDue(now, clockInterval) || u.Key && u.Kind == media.Video {
		a.flags |= hasPCR
		a.pcr = m.tell(now)
		if u.Key {
			a.flags |= randomAccess
		}
	}
	return a
}
