package mpegts_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mpegts"
)

// A slice is the bytes of one slice, and its facts.
type slice struct {
	bytes []byte
	facts mpegts.Slice
	units []media.Unit
}

// record cuts units into slices as a recorder does: at the first key frame of
// video a second after the last cut, or after each second of audio.
func record(tracks media.Tracks, units []media.Unit) []slice {
	m := mpegts.NewMuxer(tracks)
	var recorded []slice
	for _, units := range cut(tracks, units) {
		s := slice{bytes: m.AppendHeader(nil), units: units}
		for _, batch := range mediatest.Batches(units, 300*time.Millisecond) {
			s.bytes = m.AppendUnits(s.bytes, batch)
		}
		s.facts = m.EndSlice()
		recorded = append(recorded, s)
	}
	return recorded
}

func cut(tracks media.Tracks, units []media.Unit) [][]media.Unit {
	var spans [][]media.Unit
	start := 0
	for i, u := range units {
		wanted := u.Key && (u.Kind == media.Video) == (tracks.Video != nil)
		if wanted && i > 0 && u.DTS-units[start].DTS >= 900*time.Millisecond {
			spans = append(spans, units[start:i])
			start = i
		}
	}
	return append(spans, units[start:])
}

// write makes a file of b.
func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slice.ts")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// concatenate returns the bytes of all slices.
func concatenate(recorded []slice) []byte {
	var all []byte
	for _, s := range recorded {
		all = append(all, s.bytes...)
	}
	return all
}

var sources = []struct {
	name         string
	video, audio string
	audioArgs    []string
	codecs       []string // as ffprobe names them
}{
	{"H264 with B-frames and AAC", mediatest.H264, mediatest.AAC, nil, []string{"h264", "aac"}},
	{"HEVC with B-frames and MP3", mediatest.HEVC, mediatest.MP3, nil, []string{"hevc", "mp3"}},
	{"H264 and Opus", mediatest.H264, mediatest.Opus, nil, []string{"h264", "opus"}},
	{"H264 alone", mediatest.H264, "", nil, []string{"h264"}},
	{"HEVC alone", mediatest.HEVC, "", nil, []string{"hevc"}},
	{"AAC alone with one channel", "", mediatest.AAC, []string{"-ar", "44100", "-ac", "1"}, []string{"aac"}},
	{"AAC with six channels", "", mediatest.AAC, []string{"-ac", "6"}, []string{"aac"}},
	{"MP3 alone at a half rate", "", mediatest.MP3, []string{"-ar", "22050"}, []string{"mp3"}},
	{"Opus alone with six channels", "", mediatest.Opus, []string{"-ac", "6", "-mapping_family", "1"}, []string{"opus"}},
	{"Opus alone", "", mediatest.Opus, nil, []string{"opus"}},
}

func TestSlicesHoldWhatWasPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			recorded := record(source.Tracks, source.Units)
			whole := write(t, concatenate(recorded))
			streams, _ := mediatest.Streams(t, whole)
			for i, s := range streams {
				if s.CodecName != tt.codecs[i] {
					t.Errorf("stream %d is %s, want %s", i, s.CodecName, tt.codecs[i])
				}
			}
			for stream, encoder := range map[string]string{"v:0": tt.video, "a:0": tt.audio} {
				if encoder == "" {
					continue
				}
				got := mediatest.DecodedHashes(t, whole, stream)
				want := mediatest.DecodedHashes(t, source.Path, stream, "-ignore_editlist", "1", "-flags2", "+skip_manual")
				if !slices.Equal(got, want) {
					t.Errorf("%s decodes into other frames than the source's: %d frames, want %d", stream, len(got), len(want))
				}
			}
			checkPackets(t, whole, source.Units)
			for _, s := range recorded {
				decode(t, write(t, s.bytes))
			}
		})
	}
}

// decode decodes all streams of a file, in which ffmpeg must find no fault.
func decode(t *testing.T, path string) {
	t.Helper()
	mediatest.Run(t, "ffmpeg", "-v", "warning", "-nostdin", "-i", path, "-map", "0", "-f", "framemd5", "-")
}

// start is where time 0 of a recording lies in its stream.
const start = 10 * time.Second

// checkPackets compares what ffprobe finds in a slice with its units.
func checkPackets(t *testing.T, path string, units []media.Unit) {
	t.Helper()
	for stream, kind := range map[string]media.Kind{"v:0": media.Video, "a:0": media.Audio} {
		var want []mediatest.Packet
		for i := range units {
			if u := &units[i]; u.Kind == kind {
				want = append(want, mediatest.Packet{PTS: tick(u.PTS()), DTS: tick(u.DTS), Key: u.Key})
			}
		}
		got := mediatest.Packets(t, path, stream)
		if len(got) != len(want) {
			t.Errorf("ffprobe finds %d packets of %s, want %d", len(got), kind, len(want))
			continue
		}
		for i := range got {
			got[i].Size, got[i].Hash = 0, ""
			if got[i] != want[i] {
				t.Errorf("%s packet %d = %+v, want %+v", kind, i, got[i], want[i])
				break
			}
		}
	}
}

// tick rounds a time of the recording to 1/90000 s, then to microseconds as
// ffprobe prints the timestamps.
func tick(d time.Duration) time.Duration {
	n := (d*9 + 50_000) / 100_000
	return start + (n * 100_000 / 9).Round(time.Microsecond)
}

// A short stream of made-up frames, for tests that do not decode.
var (
	testTracks = media.Tracks{
		Video: &media.Track{Codec: media.H264, Config: []byte("\x01\x64\x00\x1f\xff\xe1\x00\x03\x67ab\x01\x00\x02\x68c")},
		Audio: &media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}},
	}
	testUnits = []media.Unit{
		{Kind: media.Video, Codec: media.H264, Config: true, Body: []byte("config")},
		{Kind: media.Video, Codec: media.H264, Key: true, Composition: 80 * time.Millisecond, Body: nalus("\x65" + string(bytes.Repeat([]byte("key"), 150)))},
		{Kind: media.Audio, Codec: media.AAC, Key: true, Body: []byte("sound 1")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 23 * time.Millisecond, Body: bytes.Repeat([]byte("sound"), 100)},
		{Kind: media.Video, Codec: media.H264, DTS: 40 * time.Millisecond, Composition: -40 * time.Millisecond, Body: nalus("\x41delta", "\x06more")},
		{Kind: media.Data, DTS: 41 * time.Millisecond, Body: []byte("\x02\x00\x0aonTextData\x05")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 46 * time.Millisecond, Body: []byte("sound 3")},
	}
)

// nalus returns an access unit of the given NAL units.
func nalus(units ...string) []byte {
	var b []byte
	for _, n := range units {
		b = append(b, byte(len(n)>>24), byte(len(n)>>16), byte(len(n)>>8), byte(len(n)))
		b = append(b, n...)
	}
	return b
}

// batch is mediatest.Batch with bodies that are access units.
func batch() []media.Unit {
	units := mediatest.Batch()
	for i := range units {
		if b := units[i].Body; units[i].Kind == media.Video {
			copy(b, nalus("\x41"+string(make([]byte, len(b)-5))))
		}
	}
	return units
}

func TestAppendingUnitsAllocatesNothing(t *testing.T) {
	m := mpegts.NewMuxer(testTracks)
	units := batch()
	buffer := m.AppendUnits(nil, units)
	if n := testing.AllocsPerRun(100, func() { m.AppendUnits(buffer[:0], units) }); n != 0 {
		t.Errorf("%v allocations a batch, want none", n)
	}
}

// BenchmarkAppendUnits measures half a second of video at 2.5 Mbit/s with audio.
func BenchmarkAppendUnits(b *testing.B) {
	units := batch()
	m := mpegts.NewMuxer(testTracks)
	buffer := m.AppendUnits(nil, units)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = m.AppendUnits(buffer[:0], units)
	}
}
