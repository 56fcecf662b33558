package mpegts_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"tallylight/internal/media"
	"tallylight/internal/media/mpegts"
)

func TestAACGetsItsHeaderFromTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		config   string
		profile  byte // object type - 1
		rate     int
		channels uint8 // configuration
	}{
		{"LC at 44.1 kHz, stereo", "\x12\x10", 1, 44100, 2},
		{"LC at 48 kHz, mono", "\x11\x88", 1, 48000, 1},
		{"LC at 8 kHz, 7.1", "\x15\xb8", 1, 8000, 7},
		{"Main", "\x0a\x10", 0, 44100, 2},
		{"LTP", "\x22\x10", 3, 44100, 2},
		{"SBR told explicitly", "\x2b\x92\x08\x00", 1, 22050, 2},
		{"SBR told behind", "\x13\x90\x56\xe5\xa0", 1, 22050, 2},
		{"parametric stereo", "\xeb\x8a\x08\x00", 1, 22050, 1},
		{"rate in full that has an index", "\x17\x80\x56\x22\x10", 1, 44100, 2},
		{"rate in full that has none", "\x17\x80\x4e\x20\x10", 1, 44100, 2},
		{"rate in full at the end of the table", "\x17\x80\x00\x00\x10", 1, 8000, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := mpegts.NewMuxer(media.Tracks{Audio: &media.Track{Codec: media.AAC, Config: []byte(tt.config)}})
			body := bytes.Repeat([]byte("frame"), 1000)
			stream := m.AppendUnits(m.AppendHeader(nil), []media.Unit{{Kind: media.Audio, Codec: media.AAC, Key: true, Body: body}})
			// The header begins behind the table packets, the PCR and the PES header.
			header := stream[2*packetSize+4+8+14:]
			if got := header[2] >> 6; got != tt.profile {
				t.Errorf("profile = %d, want %d", got, tt.profile)
			}
			header[2] = header[2]&0x3f | 1<<6 // the reader knows no profile but LC
			var packets mpeg4audio.ADTSPackets
			if err := packets.Unmarshal(append(slices.Clone(header[:7]), body...)); err != nil {
				t.Fatal(err)
			}
			if got := packets[0]; got.SampleRate != tt.rate || got.ChannelConfig != tt.channels {
				t.Errorf("ADTS tells %d Hz and the channel configuration %d, want %d and %d", got.SampleRate, got.ChannelConfig, tt.rate, tt.channels)
			}
		})
	}
}

func TestWhatATransportStreamCannotHoldIsLeftOut(t *testing.T) {
	t.Parallel()
	opusHead := func(channels, family byte, mapping string) []byte {
		head := append([]byte("OpusHead\x01"), channels)
		head = append(head, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, family)
		return append(head, mapping...)
	}
	for _, tt := range []struct {
		name  string
		track media.Track
		size  int
		want  bool
	}{
		{"AAC", media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}}, 8184, true},
		{"AAC beyond 13 bits", media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}}, 8185, false},
		{"AAC without a configuration", media.Track{Codec: media.AAC}, 100, false},
		{"AAC of which half is told", media.Track{Codec: media.AAC, Config: []byte{0x12}}, 100, false},
		{"AAC-ELD", media.Track{Codec: media.AAC, Config: []byte("\xf8\xe8\x50\x00")}, 100, false},
		{"AAC with a reserved rate", media.Track{Codec: media.AAC, Config: []byte("\x16\x90")}, 100, false},
		{"AAC in 22.2 channels", media.Track{Codec: media.AAC, Config: []byte("\x12\x68")}, 100, false},
		{"frame without bytes", media.Track{Codec: media.MP3}, 0, false},
		{"MP3", media.Track{Codec: media.MP3}, 1441, true},
		{"MP3 as large as a PES packet", media.Track{Codec: media.MP3}, 65535 - 8, true},
		{"MP3 larger than a PES packet", media.Track{Codec: media.MP3}, 65535 - 7, false},
		{"Opus without a configuration", media.Track{Codec: media.Opus}, 300, true},
		{"Opus, mono", media.Track{Codec: media.Opus, Config: opusHead(1, 0, "")}, 254, true},
		{"Opus, stereo in family 1", media.Track{Codec: media.Opus, Config: opusHead(2, 1, "\x01\x01\x00\x01")}, 255, true},
		{"Opus, 7.1", media.Track{Codec: media.Opus, Config: opusHead(8, 1, "\x05\x03\x00\x06\x01\x02\x03\x04\x05\x07")}, 1275, true},
		{"Opus in another order", media.Track{Codec: media.Opus, Config: opusHead(3, 1, "\x02\x01\x00\x01\x02")}, 100, false},
		{"Opus of another family", media.Track{Codec: media.Opus, Config: opusHead(2, 255, "\x02\x00\x00\x01")}, 100, false},
		{"Opus in nine channels", media.Track{Codec: media.Opus, Config: opusHead(9, 1, "\x05\x04\x00\x01\x02\x03\x04\x05\x06\x07\x08")}, 100, false},
		{"AV1", media.Track{Codec: media.AV1}, 100, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tracks := media.Tracks{Audio: &tt.track}
			u := media.Unit{Kind: media.Audio, Codec: tt.track.Codec, Key: true, Body: make([]byte, tt.size)}
			if tt.track.Codec == media.AV1 {
				tracks, u.Kind = media.Tracks{Video: &tt.track}, media.Video
			}
			m := mpegts.NewMuxer(tracks)
			header := m.AppendHeader(nil)
			stream := m.AppendUnits(header, []media.Unit{u})
			if got := len(stream) > len(header); got != tt.want {
				t.Fatalf("frame is written: %v, want %v", got, tt.want)
			}
			if !tt.want {
				return
			}
			if s, err := mpegtsRecover(t, stream); err != nil || s.AudioFrames != 1 {
				t.Errorf("Recover = %+v, %v, want one frame", s, err)
			}
			if tt.track.Codec == media.Opus {
				if frames := read(t, stream); len(frames) != 1 || len(frames[0].parts[0]) != tt.size {
					t.Errorf("mediacommon reads %v, want one frame of %d bytes", frames, tt.size)
				}
			}
		})
	}
}

func TestHoldsEveryCodingButAV1(t *testing.T) {
	t.Parallel()
	for c := media.CodecUnknown; c <= media.Opus; c++ {
		if got, want := mpegts.Holds(c), c != media.CodecUnknown && c != media.AV1; got != want {
			t.Errorf("Holds(%s) = %v, want %v", c, got, want)
		}
	}
}

func TestUnitsOfOtherTracksAreLeftOut(t *testing.T) {
	t.Parallel()
	hevc := testUnits[1]
	hevc.Codec = media.HEVC
	for _, tt := range []struct {
		name   string
		tracks media.Tracks
		unit   media.Unit
	}{
		{"video of another coding", testTracks, hevc},
		{"video without a video track", media.Tracks{Audio: testTracks.Audio}, testUnits[1]},
		{"audio without an audio track", media.Tracks{Video: testTracks.Video}, testUnits[2]},
		{"decoder configuration", testTracks, testUnits[0]},
		{"data", testTracks, testUnits[5]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if b := mpegts.NewMuxer(tt.tracks).AppendUnits(nil, []media.Unit{tt.unit}); len(b) > 0 {
				t.Errorf("unit became %d bytes, want none", len(b))
			}
		})
	}
}
