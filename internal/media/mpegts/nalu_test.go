package mpegts_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mpegts"
)

// hevcConfig has a VPS, an SPS and a PPS, "\x40\x01v", "\x42\x01s", "\x44\x01p".
const hevcConfig = "\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x5d\xf0\x00\xfc\xfd\xf8\xf8\x00\x00\x0f\x03" +
	"\xa0\x00\x01\x00\x03\x40\x01v" + "\xa1\x00\x01\x00\x03\x42\x01s" + "\xa2\x00\x01\x00\x03\x44\x01p"

func TestAccessUnitsBecomeByteStreams(t *testing.T) {
	t.Parallel()
	avcSets := []string{"\x67ab", "\x68c"}
	hevcSets := []string{"\x40\x01v", "\x42\x01s", "\x44\x01p"}
	for _, tt := range []struct {
		name string
		hevc bool
		key  bool
		body []byte
		want []string // NAL units; nil: the frame is left out
	}{
		{"frame of H264", false, false, nalus("\x41one", "\x41two"), []string{"\x41one", "\x41two"}},
		{"key frame of H264 gets parameter sets", false, true, nalus("\x65key"), append(slices.Clone(avcSets), "\x65key")},
		{"key frame that has parameter sets keeps them", false, true, nalus("\x67mine", "\x68own", "\x65key"), []string{"\x67mine", "\x68own", "\x65key"}},
		{"key frame that has half of them gets all", false, true, nalus("\x67mine", "\x65key"), append(slices.Clone(avcSets), "\x67mine", "\x65key")},
		{"delimiter of H264 is replaced", false, false, nalus("\x09\x10", "\x41one"), []string{"\x41one"}},
		{"empty NAL unit is dropped", false, false, nalus("", "\x41one", ""), []string{"\x41one"}},
		{"frame of HEVC", true, false, nalus("\x02\x01one"), []string{"\x02\x01one"}},
		{"key frame of HEVC gets parameter sets", true, true, nalus("\x26\x01key"), append(slices.Clone(hevcSets), "\x26\x01key")},
		{"key frame of HEVC that has parameter sets keeps them", true, true, nalus("\x40\x01V", "\x42\x01S", "\x44\x01P", "\x26\x01key"), []string{"\x40\x01V", "\x42\x01S", "\x44\x01P", "\x26\x01key"}},
		{"key frame of HEVC without a VPS gets all", true, true, nalus("\x42\x01S", "\x44\x01P", "\x26\x01key"), append(slices.Clone(hevcSets), "\x42\x01S", "\x44\x01P", "\x26\x01key")},
		{"delimiter of HEVC is replaced", true, false, nalus("\x46\x01\x50", "\x02\x01one"), []string{"\x02\x01one"}},
		{"delimiter alone is no frame", false, false, nalus("\x09\x10"), nil},
		{"empty NAL units alone are no frame", false, false, nalus("", ""), nil},
		{"empty body is no frame", false, true, nil, nil},
		{"length beyond the body", false, false, append(nalus("\x41one"), 0, 0, 0, 9, 0x41), nil},
		{"length beyond 2 GiB", false, false, []byte("\xff\xff\xff\xff\x41one"), nil},
		{"body that ends in a length", false, false, append(nalus("\x41one"), 0, 0, 0), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			track := testTracks.Video
			if tt.hevc {
				track = &media.Track{Codec: media.HEVC, Config: []byte(hevcConfig)}
			}
			m := mpegts.NewMuxer(media.Tracks{Video: track})
			u := media.Unit{Kind: media.Video, Codec: track.Codec, Key: tt.key, Body: tt.body}
			stream := m.AppendUnits(m.AppendHeader(nil), []media.Unit{u})
			if tt.want == nil {
				if len(stream) != 2*packetSize {
					t.Errorf("unit became %d packets, want none", len(stream)/packetSize-2)
				}
				return
			}
			if frames := read(t, stream); len(frames) != 1 || !slices.Equal(frames[0].parts, tt.want) {
				t.Errorf("frames = %q, want %q", frames[0].parts, tt.want)
			}
		})
	}
}

func TestLengthsHaveTheSizeThatTheConfigurationSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		codec media.Codec
		at    int // of lengthSizeMinusOne in the configuration
		nalu  string
	}{
		{"H264", media.H264, 4, "\x41picture"},
		{"HEVC", media.HEVC, 21, "\x02\x01picture"},
	} {
		for size := 1; size <= 4; size++ {
			t.Run(fmt.Sprintf("%s, %d", tt.name, size), func(t *testing.T) {
				t.Parallel()
				config := []byte(hevcConfig)
				if tt.codec == media.H264 {
					config = slices.Clone(testTracks.Video.Config)
				}
				config[tt.at] = config[tt.at]&^3 | byte(size-1)
				tracks := media.Tracks{Video: &media.Track{Codec: tt.codec, Config: config}}
				body := append(make([]byte, size-1), byte(len(tt.nalu)))
				body = append(body, tt.nalu...)

				m := mpegts.NewMuxer(tracks)
				u := media.Unit{Kind: media.Video, Codec: tt.codec, Body: body}
				stream := m.AppendUnits(m.AppendHeader(nil), []media.Unit{u})
				if frames := read(t, stream); len(frames) != 1 || !slices.Equal(frames[0].parts, []string{tt.nalu}) {
					t.Errorf("frames = %q, want %q", frames, tt.nalu)
				}
				var got []byte
				err := mpegts.NewDemuxer(tracks).Read(stream, func(f mpegts.Frame) error {
					got = bytes.Clone(f.Body)
					return nil
				})
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("read back %q, %v; want %q", got, err, body)
				}
			})
		}
	}
}

func TestAccessUnitsBeginWithADelimiter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		codec media.Codec
		body  []byte
		want  string
	}{
		{"H264", media.H264, nalus("\x41one"), "\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x41one"},
		{"HEVC", media.HEVC, nalus("\x02\x01one"), "\x00\x00\x00\x01\x46\x01\x50\x00\x00\x00\x01\x02\x01one"},
		{"HEVC in a higher temporal sub-layer", media.HEVC, nalus("\x00\x03one"), "\x00\x00\x00\x01\x46\x03\x50\x00\x00\x00\x01\x00\x03one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := mpegts.NewMuxer(media.Tracks{Video: &media.Track{Codec: tt.codec}})
			stream := m.AppendUnits(nil, []media.Unit{{Kind: media.Video, Codec: tt.codec, Body: tt.body}})
			if !bytes.HasSuffix(stream, []byte(tt.want)) {
				t.Errorf("frame ends in %q, want %q", stream[packetSize-len(tt.want):], tt.want)
			}
		})
	}
}

// A configuration that breaks off gives what it has, and nothing beyond.
func TestBrokenConfigurations(t *testing.T) {
	t.Parallel()
	for _, track := range []media.Track{*testTracks.Video, {Codec: media.HEVC, Config: []byte(hevcConfig)}} {
		most := 0
		for n := range len(track.Config) + 1 {
			cut := media.Track{Codec: track.Codec, Config: slices.Clip(track.Config[:n])}
			m := mpegts.NewMuxer(media.Tracks{Video: &cut})
			body := nalus("\x65\x01key")
			if track.Codec == media.HEVC {
				body = nalus("\x26\x01key")
			}
			u := media.Unit{Kind: media.Video, Codec: track.Codec, Key: true, Body: body}
			stream := m.AppendUnits(m.AppendHeader(nil), []media.Unit{u})
			sets := len(read(t, stream)[0].parts) - 1
			if sets < most {
				t.Errorf("%d bytes of %s configuration give %d sets, fewer bytes gave %d", n, track.Codec, sets, most)
			}
			most = sets
		}
		if want := map[media.Codec]int{media.H264: 2, media.HEVC: 3}[track.Codec]; most != want {
			t.Errorf("%s configuration gives %d sets, want %d", track.Codec, most, want)
		}
	}
}

// Some encoders let frames be shown before they are decoded, which a transport
// stream cannot say.
func TestFramesAreNeverShownBeforeTheyAreDecoded(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for i := range source.Units {
		if u := &source.Units[i]; u.Kind == media.Video {
			u.Composition -= 80 * time.Millisecond
		}
	}
	path := write(t, concatenate(record(source.Tracks, source.Units)))
	var want []time.Duration
	for i := range source.Units {
		if u := &source.Units[i]; u.Kind == media.Video {
			want = append(want, tick(u.PTS()))
		}
	}
	for i, p := range mediatest.Packets(t, path, "v:0") {
		if p.PTS != want[i] || p.DTS > p.PTS {
			t.Fatalf("frame %d has PTS %v, DTS %v, want PTS %v and no later DTS", i, p.PTS, p.DTS, want[i])
		}
	}
	decode(t, path)
}

func FuzzAppendUnits(f *testing.F) {
	f.Add([]byte(hevcConfig), nalus("\x26\x01key"), true, true)
	f.Add(testTracks.Video.Config, nalus("\x09\x10", "\x67ab", "\x68c", "\x65key"), true, false)
	f.Add(testTracks.Video.Config, []byte("\x00\x00\x00\x09\x41"), false, false)
	f.Fuzz(func(t *testing.T, config, body []byte, key, hevc bool) {
		c := media.H264
		if hevc {
			c = media.HEVC
		}
		m := mpegts.NewMuxer(media.Tracks{Video: &media.Track{Codec: c, Config: config}})
		header := m.AppendHeader(nil)
		u := media.Unit{Kind: media.Video, Codec: c, Key: key, Body: body}
		file := m.AppendUnits(header, []media.Unit{u, u})
		facts := m.EndSlice()
		if len(file) == len(header) {
			return // malformed
		}
		f := &mediatest.File{Bytes: file}
		finished, err := facts.Finish(f)
		if err != nil || finished.VideoFrames != 2 {
			t.Fatalf("Finish = %+v, %v, want two frames", finished, err)
		}
		if recovered, err := mpegts.Recover(f); err != nil || recovered != finished {
			t.Errorf("Recover = %+v, %v, want %+v", recovered, err, finished)
		}
	})
}
