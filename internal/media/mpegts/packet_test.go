package mpegts_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mpegts"
)

const packetSize = 188

// A packet is what the tests read of a transport stream packet.
type packet struct {
	pid           uint16
	start         bool // payload_unit_start_indicator
	payload       bool
	counter       byte
	discontinuity bool
	randomAccess  bool
	hasPCR        bool
	pcr           time.Duration
}

// packets cuts a stream into packets.
func packets(t testing.TB, stream []byte) []packet {
	t.Helper()
	if len(stream)%packetSize != 0 {
		t.Fatalf("stream of %d bytes is not made of packets", len(stream))
	}
	var all []packet
	for b := stream; len(b) > 0; b = b[packetSize:] {
		if b[0] != 0x47 {
			t.Fatalf("packet begins with %#x", b[0])
		}
		p := packet{
			pid:     binary.BigEndian.Uint16(b[1:]) & 0x1fff,
			start:   b[1]&0x40 != 0,
			payload: b[3]&0x10 != 0,
			counter: b[3] & 15,
		}
		if b[3]&0x20 != 0 && b[4] > 0 {
			p.discontinuity = b[5]&0x80 != 0
			p.randomAccess = b[5]&0x40 != 0
			if p.hasPCR = b[5]&0x10 != 0; p.hasPCR {
				base := uint64(binary.BigEndian.Uint32(b[6:]))<<1 | uint64(b[10]>>7)
				p.pcr = time.Duration(base) * time.Second / 90000
			}
		}
		all = append(all, p)
	}
	return all
}

func TestContinuityCountersGoOnFromSliceToSlice(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	recorded := record(source.Tracks, source.Units)
	if len(recorded) < 4 {
		t.Fatalf("only %d slices", len(recorded))
	}
	next := map[uint16]byte{}
	for i, p := range packets(t, concatenate(recorded)) {
		if p.payload {
			if p.counter != next[p.pid] {
				t.Fatalf("packet %d of PID %#x has the counter %d, want %d", i, p.pid, p.counter, next[p.pid])
			}
			next[p.pid] = (p.counter + 1) & 15
		}
	}
	if len(next) != 4 {
		t.Errorf("stream has %d PIDs, want PAT, PMT, video and audio", len(next))
	}
}

func TestSlicesBeginWithTablesAndAKeyFrame(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for i, s := range record(source.Tracks, source.Units) {
		p := packets(t, s.bytes)
		if p[0].pid != 0 || p[1].pid != 0x1000 {
			t.Errorf("slice %d begins with PIDs %#x, %#x", i, p[0].pid, p[1].pid)
		}
		if v := p[2]; v.pid != 0x100 || !v.start || !v.randomAccess || !v.hasPCR {
			t.Errorf("slice %d goes on with %+v, want a key frame with PCR", i, v)
		}
	}
}

func TestClockIsToldEveryTenthOfASecond(t *testing.T) {
	t.Parallel()
	still := func(units []media.Unit) []media.Unit { // a picture a second
		var kept []media.Unit
		for _, u := range units {
			if u.Kind == media.Audio || u.Key {
				kept = append(kept, u)
			}
		}
		return kept
	}
	all := func(units []media.Unit) []media.Unit { return units }
	for _, tt := range []struct {
		name         string
		video, audio string
		audioArgs    []string
		units        func([]media.Unit) []media.Unit
		pid          uint16
	}{
		{"video and audio", mediatest.H264, mediatest.AAC, nil, all, 0x100},
		{"video alone", mediatest.H264, "", nil, all, 0x100},
		{"a picture a second and audio", mediatest.H264, mediatest.AAC, nil, still, 0x100},
		{"audio alone", "", mediatest.AAC, []string{"-ar", "22050"}, all, 0x101},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			stream := concatenate(record(source.Tracks, tt.units(source.Units)))
			var last time.Duration
			count := 0
			for _, p := range packets(t, stream) {
				if !p.hasPCR {
					continue
				}
				if p.pid != tt.pid {
					t.Errorf("PCR in PID %#x, want %#x", p.pid, tt.pid)
				}
				if gap := p.pcr - last; count > 0 && (gap < 0 || gap > 100*time.Millisecond) {
					t.Errorf("PCR %d comes %v after the one before", count, gap)
				}
				last = p.pcr
				count++
			}
			if count < 40 {
				t.Errorf("%d PCRs in four seconds", count)
			}
			decode(t, write(t, stream))
		})
	}
}

func TestAMuxerThatGoesOnForAnotherSaysSo(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	spans := cut(source.Tracks, source.Units)
	var stream []byte
	for _, units := range spans[:3] {
		m := mpegts.NewMuxer(source.Tracks)
		s := m.AppendUnits(m.AppendHeader(nil), units)
		seen := map[uint16]bool{}
		for _, p := range packets(t, s)[2:] {
			if p.discontinuity == seen[p.pid] {
				t.Errorf("packet of PID %#x has discontinuity %v", p.pid, p.discontinuity)
			}
			seen[p.pid] = true
		}
		stream = append(stream, s...)
	}
	decode(t, write(t, stream))
}

func TestClockAloneDoesNotCount(t *testing.T) {
	t.Parallel()
	m := mpegts.NewMuxer(testTracks)
	audio := testUnits[2]
	stream := m.AppendUnits(m.AppendHeader(nil), []media.Unit{audio})
	got := packets(t, stream)[2:]
	if len(got) != 2 || got[0].pid != 0x100 || got[0].payload || !got[0].hasPCR || got[1].pid != 0x101 {
		t.Fatalf("a frame of audio that is first becomes %+v, want a PCR and the frame", got)
	}
	if next := packets(t, m.AppendUnits(nil, testUnits[1:2])); next[0].counter != (got[0].counter+1)&15 {
		t.Errorf("packet after the PCR has the counter %d, want that after %d", next[0].counter, got[0].counter)
	}
}

func TestTablesTellOfTheTracks(t *testing.T) {
	t.Parallel()
	const (
		pat   = "\x47\x40\x00\x10\x00" + "\x00\xb0\x0d\x00\x01\xc1\x00\x00" + "\x00\x01\xf0\x00"
		pmt   = "\x47\x50\x00\x10\x00" + "\x02\xb0"
		fixed = "\x00\x01\xc1\x00\x00"
	)
	for _, tt := range []struct {
		name         string
		video, audio media.Codec
		want         string // of the program map behind its header
	}{
		{"H264 and AAC", media.H264, media.AAC, "\x17" + fixed + "\xe1\x00\xf0\x00" + "\x1b\xe1\x00\xf0\x00" + "\x0f\xe1\x01\xf0\x00"},
		{"HEVC and Opus", media.HEVC, media.Opus, "\x21" + fixed + "\xe1\x00\xf0\x00" + "\x24\xe1\x00\xf0\x00" + "\x06\xe1\x01\xf0\x0a\x05\x04Opus\x7f\x02\x80\x02"},
		{"MP3 alone", 0, media.MP3, "\x12" + fixed + "\xe1\x01\xf0\x00" + "\x03\xe1\x01\xf0\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tracks := media.Tracks{Audio: &media.Track{Codec: tt.audio, Config: testTracks.Audio.Config}}
			if tt.video != 0 {
				tracks.Video = &media.Track{Codec: tt.video}
			}
			header := mpegts.NewMuxer(tracks).AppendHeader(nil)
			if !bytes.HasPrefix(header, []byte(pat)) {
				t.Errorf("PAT begins with % x, want % x", header[:len(pat)], pat)
			}
			if got, want := header[packetSize:], pmt+tt.want; !bytes.HasPrefix(got, []byte(want)) {
				t.Errorf("PMT begins with % x, want % x", got[:len(want)], want)
			}
		})
	}
}

func TestTablesHaveAValidChecksum(t *testing.T) {
	t.Parallel()
	header := mpegts.NewMuxer(testTracks).AppendHeader(nil)
	if len(header) != 2*packetSize {
		t.Fatalf("header has %d bytes, want two packets", len(header))
	}
	for table := header; len(table) > 0; table = table[packetSize:] {
		length := int(binary.BigEndian.Uint16(table[6:]) & 0xfff)
		crc := ^uint32(0) // that of a section with its checksum is 0
		for _, c := range table[5 : 8+length] {
			for bit := 7; bit >= 0; bit-- {
				feedback := crc>>31 != uint32(c>>bit&1)
				crc <<= 1
				if feedback {
					crc ^= 0x04c11db7
				}
			}
		}
		if crc != 0 {
			t.Errorf("checksum of a table leaves %#x", crc)
		}
		if rest := table[8+length : packetSize]; bytes.Count(rest, []byte{0xff}) != len(rest) {
			t.Error("table is not followed by stuffing")
		}
	}
}
