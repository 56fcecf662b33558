package flv_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// record returns the bytes of a growing file, and its Writer.
func record(tracks media.Tracks, units []media.Unit) ([]byte, *flv.Writer) {
	w := flv.NewWriter(tracks)
	file := w.AppendHeader(nil)
	for _, batch := range mediatest.Batches(units, 500*time.Millisecond) {
		file = w.AppendUnits(file, batch)
	}
	return file, w
}

// create makes a file of b that is open for finishing.
func create(t testing.TB, b []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "recording.flv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll returns the tags and the units of a file.
func readAll(t testing.TB, b []byte) (tags []flv.Tag, units []media.Unit) {
	t.Helper()
	r, err := flv.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for {
		tag, err := r.ReadTag()
		if errors.Is(err, io.EOF) {
			return tags, units
		}
		if err != nil {
			t.Fatal(err)
		}
		tag.Body = bytes.Clone(tag.Body)
		tags = append(tags, tag)
		u, ok, err := tag.Unit()
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			units = append(units, u)
		}
	}
}

var sources = []struct {
	name         string
	video, audio string
	audioArgs    []string
	ffmpegReads  bool // version 5.1 knows no Enhanced RTMP
}{
	{"H264 with B-frames and AAC", mediatest.H264, mediatest.AAC, []string{"-ar", "44100"}, true},
	{"H264 and MP3", mediatest.H264, mediatest.MP3, []string{"-ar", "44100"}, true},
	{"H264 and MP3 at a half rate", mediatest.H264, mediatest.MP3, []string{"-ar", "22050", "-ac", "1"}, true},
	{"MP3 alone at a quarter rate", "", mediatest.MP3, []string{"-ar", "11025", "-strict", "-1"}, true},
	{"AAC alone", "", mediatest.AAC, nil, true},
	{"HEVC with B-frames and Opus", mediatest.HEVC, mediatest.Opus, nil, false},
	{"AV1 and AAC", mediatest.AV1, mediatest.AAC, nil, false},
}

func TestFilesHoldWhatWasPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			units := mediatest.Milliseconds(source.Units)
			file, w := record(source.Tracks, units)
			f := create(t, file)
			summary, err := w.Finish(f)
			if err != nil {
				t.Fatal(err)
			}
			checkUnits(t, f.Name(), source.Tracks, units)
			if !tt.ffmpegReads {
				return
			}
			for stream, kind := range map[string]media.Kind{"v:0": media.Video, "a:0": media.Audio} {
				checkPackets(t, f.Name(), stream, kind, units)
			}
			if _, duration := mediatest.Streams(t, f.Name()); duration != summary.Duration {
				t.Errorf("ffprobe says that the file lasts %v, Summary %v", duration, summary.Duration)
			}
			for stream, encoder := range map[string]string{"v:0": tt.video, "a:0": tt.audio} {
				if encoder == "" {
					continue
				}
				got := mediatest.DecodedHashes(t, f.Name(), stream)
				want := mediatest.DecodedHashes(t, source.Path, stream, "-ignore_editlist", "1")
				if !slices.Equal(got, want) {
					t.Errorf("%s decodes into other frames than the source's: %d frames, want %d", stream, len(got), len(want))
				}
			}
		})
	}
}

// checkUnits reads the file with our own reader.
func checkUnits(t *testing.T, path string, tracks media.Tracks, want []media.Unit) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, units := readAll(t, b)
	var got []media.Unit
	for _, u := range units {
		switch {
		case u.Kind == media.Data:
		case !u.Config:
			got = append(got, u)
		case u.Key:
			t.Errorf("configuration of %s counts as a key frame", u.Codec)
		case u.Kind == media.Video:
			checkTrack(t, media.Track{Codec: u.Codec, Config: u.Body}, tracks.Video)
		default:
			checkTrack(t, media.Track{Codec: u.Codec, Config: u.Body}, tracks.Audio)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("file has %d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if !equal(&got[i], &want[i]) {
			t.Fatalf("frame %d = %s, want %s", i, describe(&got[i]), describe(&want[i]))
		}
	}
}

func checkTrack(t *testing.T, got media.Track, want *media.Track) {
	t.Helper()
	if want == nil || !got.Equal(*want) {
		t.Errorf("file has the track %+v, want %+v", got, want)
	}
}

func checkPackets(t *testing.T, path, stream string, kind media.Kind, units []media.Unit) {
	t.Helper()
	var want []mediatest.Packet
	for i := range units {
		if u := &units[i]; u.Kind == kind {
			want = append(want, mediatest.Packet{PTS: u.PTS(), DTS: u.DTS, Size: len(u.Body), Key: u.Key, Hash: mediatest.Hash(u.Body)})
		}
	}
	got := mediatest.Packets(t, path, stream)
	if len(got) != len(want) {
		t.Errorf("ffprobe finds %d packets of %s, want %d", len(got), kind, len(want))
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s packet %d = %+v, want %+v", kind, i, got[i], want[i])
			return
		}
	}
}

func TestWriterLeavesOutWhatIsNotOfItsTracks(t *testing.T) {
	t.Parallel()
	opus := media.Unit{Kind: media.Audio, Codec: media.Opus, Key: true, Body: []byte("frame")}
	for _, tt := range []struct {
		name   string
		tracks media.Tracks
		unit   media.Unit
		want   int // tags
	}{
		{"video of another coding", testTracks, media.Unit{Kind: media.Video, Codec: media.HEVC, Body: []byte("frame")}, 0},
		{"audio of another coding", testTracks, opus, 0},
		{"audio without an audio track", media.Tracks{Video: testTracks.Video}, testUnits[1], 0},
		{"decoder configuration", testTracks, media.Unit{Kind: media.Video, Codec: media.H264, Config: true, Body: []byte("config")}, 0},
		{"publisher's metadata", testTracks, media.Unit{Kind: media.Data, Body: []byte("\x02\x00\x0aonMetaData\x08")}, 0},
		{"publisher's metadata as sent", testTracks, media.Unit{Kind: media.Data, Body: []byte("\x02\x00\x0d@setDataFrame\x02")}, 0},
		{"other data", testTracks, testUnits[4], 1},
		{"body that no tag can hold", testTracks, media.Unit{Kind: media.Video, Codec: media.H264, Body: make([]byte, 1<<24)}, 0},
		{"frame", testTracks, testUnits[0], 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			empty, _ := record(tt.tracks, nil)
			file, _ := record(tt.tracks, []media.Unit{tt.unit})
			before, _ := readAll(t, empty)
			after, _ := readAll(t, file)
			if got := len(after) - len(before); got != tt.want {
				t.Errorf("unit became %d tags, want %d", got, tt.want)
			}
		})
	}
}

func TestHeaderTellsOfTheTracks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		video, audio        string
		kinds               byte
		videoCodec          float64
		audioCodec          float64
		width, height, rate float64
		sampleRate          float64
	}{
		{"H264 and AAC", mediatest.H264, mediatest.AAC, 5, 7, 10, 320, 180, 25, 48000},
		{"HEVC and Opus", mediatest.HEVC, mediatest.Opus, 5, 0x68766331, 0x4f707573, 320, 180, 25, 48000},
		{"AV1 alone", mediatest.AV1, "", 1, 0x61763031, 0, 320, 180, 0, 0},
		{"MP3 alone", "", mediatest.MP3, 4, 0, 2, 0, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio)
			file := flv.NewWriter(source.Tracks).AppendHeader(nil)
			if file[4] != tt.kinds {
				t.Errorf("file header announces %#x, want %#x", file[4], tt.kinds)
			}
			for name, want := range map[string]float64{
				"videocodecid": tt.videoCodec, "audiocodecid": tt.audioCodec,
				"width": tt.width, "height": tt.height, "framerate": tt.rate, "audiosamplerate": tt.sampleRate,
			} {
				if want == 0 {
					if bytes.Contains(file, []byte(name)) {
						t.Errorf("onMetaData has %s, which is unknown", name)
					}
				} else if got := number(t, file, name); got != want {
					t.Errorf("onMetaData has %s %v, want %v", name, got, want)
				}
			}
		})
	}
}

func TestAppendingUnitsAllocatesNothing(t *testing.T) {
	w := flv.NewWriter(testTracks)
	buffer := make([]byte, 0, 64<<10)
	if n := testing.AllocsPerRun(100, func() { w.AppendUnits(buffer, testUnits) }); n != 0 {
		t.Errorf("%v allocations a batch, want none", n)
	}
}

// BenchmarkAppendUnits measures half a second of video at 2.5 Mbit/s with audio.
func BenchmarkAppendUnits(b *testing.B) {
	units := mediatest.Batch()
	w := flv.NewWriter(testTracks)
	buffer := w.AppendUnits(nil, units)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = w.AppendUnits(buffer[:0], units)
	}
}

func TestUnitsBecomeTheseBodies(t *testing.T) {
	t.Parallel()
	video := func(c media.Codec, u media.Unit) media.Unit {
		u.Kind, u.Codec, u.Body = media.Video, c, []byte("data")
		return u
	}
	mp3 := func(frame string) media.Unit {
		return media.Unit{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte(frame)}
	}
	for _, tt := range []struct {
		name string
		unit media.Unit
		want string
	}{
		{"H264 key frame", video(media.H264, media.Unit{Key: true, Composition: 80 * time.Millisecond}), "\x17\x01\x00\x00\x50data"},
		{"H264 frame shown early", video(media.H264, media.Unit{Composition: -40 * time.Millisecond}), "\x27\x01\xff\xff\xd8data"},
		{"times are rounded one by one", video(media.H264, media.Unit{DTS: 1400 * time.Microsecond, Composition: 200 * time.Microsecond}), "\x27\x01\x00\x00\x01data"},
		{"HEVC key frame", video(media.HEVC, media.Unit{Key: true}), "\x93hvc1data"},
		{"HEVC frame with composition time", video(media.HEVC, media.Unit{Composition: 256 * time.Millisecond}), "\xa1hvc1\x00\x01\x00data"},
		{"AV1 frame", video(media.AV1, media.Unit{Key: true}), "\x91av01data"},
		{"AV1 has no composition time", video(media.AV1, media.Unit{Composition: 40 * time.Millisecond}), "\xa1av01data"},
		{"AAC frame", media.Unit{Kind: media.Audio, Codec: media.AAC, Body: []byte("data")}, "\xaf\x01data"},
		{"Opus frame", media.Unit{Kind: media.Audio, Codec: media.Opus, Body: []byte("data")}, "\x91Opusdata"},
		{"MP3 at 48 kHz", mp3("\xff\xfb\x94\x00"), "\x2f\xff\xfb\x94\x00"},
		{"MP3 at 24 kHz, mono", mp3("\xff\xf3\x84\xc0"), "\x2a\xff\xf3\x84\xc0"},
		{"MP3 at 11.025 kHz", mp3("\xff\xe3\x80\x00"), "\x27\xff\xe3\x80\x00"},
		{"MP3 at 8 kHz", mp3("\xff\xe3\x88\x00"), "\xe3\xff\xe3\x88\x00"},
		{"MP3 that cannot be read", mp3("data"), "\x2fdata"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			track := &media.Track{Codec: tt.unit.Codec}
			tracks := media.Tracks{Video: track}
			if tt.unit.Kind == media.Audio {
				tracks = media.Tracks{Audio: track}
			}
			file, _ := record(tracks, []media.Unit{tt.unit})
			tags, _ := readAll(t, file)
			if got := string(tags[len(tags)-1].Body); got != tt.want {
				t.Errorf("body = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHeaderTellsWhetherSoundIsStereo(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{"\x12\x08": "stereo\x01\x00", "\x12\x10": "stereo\x01\x01"} {
		file, _ := record(media.Tracks{Audio: &media.Track{Codec: media.AAC, Config: []byte(config)}}, nil)
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("onMetaData of AAC % x does not say %q", config, want)
		}
	}
}

func TestHeaderTagsStandAtTimestamp0(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.HEVC, mediatest.Opus)
	file, _ := record(source.Tracks, nil)
	tags, _ := readAll(t, file)
	want := []struct {
		typ   flv.TagType
		start string
	}{
		{flv.TagScript, "\x02\x00\x0aonMetaData\x08"},
		{flv.TagVideo, "\x90hvc1\x01"},
		{flv.TagAudio, "\x90OpusOpusHead"},
	}
	if len(tags) != len(want) {
		t.Fatalf("header has %d tags, want %d", len(tags), len(want))
	}
	for i, tag := range tags {
		if tag.Type != want[i].typ || tag.Timestamp != 0 || !strings.HasPrefix(string(tag.Body), want[i].start) {
			t.Errorf("tag %d = %d at %v: %.20q, want %d at 0: %q", i, tag.Type, tag.Timestamp, tag.Body, want[i].typ, want[i].start)
		}
	}
}
