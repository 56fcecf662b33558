package mp4_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// record writes units into a growing file, a fragment for each half second.
func record(t testing.TB, tracks media.Tracks, units []media.Unit) string {
	t.Helper()
	w := mp4.NewWriter(tracks)
	file := w.AppendHeader(nil)
	for _, batch := range mediatest.Batches(units, 500*time.Millisecond) {
		file = w.AppendUnits(file, batch)
	}
	path := filepath.Join(t.TempDir(), "recording.mp4")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// finish finishes the file at path.
func finish(t testing.TB, path string) media.Summary {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := mp4.Recover(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shift moves the units of one kind by d.
func shift(units []media.Unit, kind media.Kind, d time.Duration) []media.Unit {
	units = slices.Clone(units)
	for i := range units {
		if units[i].Kind == kind {
			units[i].DTS += d
		}
	}
	slices.SortStableFunc(units, func(a, b media.Unit) int { return int(a.DTS - b.DTS) })
	return units
}

// packets returns what ffprobe should find of the units of one kind.
func packets(units []media.Unit, kind media.Kind) []mediatest.Packet {
	var packets []mediatest.Packet
	for i := range units {
		if u := &units[i]; u.Kind == kind {
			packets = append(packets, mediatest.Packet{
				PTS:  tick(u.PTS()),
				DTS:  tick(u.DTS),
				Size: len(u.Body),
				Key:  u.Key,
				Hash: mediatest.Hash(u.Body),
			})
		}
	}
	return packets
}

// tick rounds to 1/90000 s, then to microseconds as ffprobe prints them.
func tick(d time.Duration) time.Duration {
	n := (d*9 + 50_000) / 100_000
	return (n * 100_000 / 9).Round(time.Microsecond)
}

var sources = []struct {
	name         string
	video, audio string
	audioArgs    []string
	codecTags    []string
	sampleRate   string
}{
	{"H264 with B-frames and AAC", mediatest.H264, mediatest.AAC, nil, []string{"avc1", "mp4a"}, "48000"},
	{"HEVC with B-frames and AAC at 44.1 kHz", mediatest.HEVC, mediatest.AAC, []string{"-ar", "44100"}, []string{"hvc1", "mp4a"}, "44100"},
	{"AV1 and Opus", mediatest.AV1, mediatest.Opus, nil, []string{"av01", "Opus"}, "48000"},
	{"H264 and MP3", mediatest.H264, mediatest.MP3, nil, []string{"avc1", "mp4a"}, "48000"},
	{"MP3 alone at a half rate", "", mediatest.MP3, []string{"-ar", "22050"}, []string{"mp4a"}, "22050"},
	{"H264 alone", mediatest.H264, "", nil, []string{"avc1"}, ""},
}

func TestFilesHoldWhatWasPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			path := record(t, source.Tracks, source.Units)

			checkPackets(t, "growing file", path, source.Units)
			summary := finish(t, path)
			checkPackets(t, "finished file", path, source.Units)

			streams, duration := mediatest.Streams(t, path)
			if d := duration - summary.Duration; d.Abs() > time.Microsecond {
				t.Errorf("ffprobe says that the file lasts %v, Summary %v", duration, summary.Duration)
			}
			for i, s := range streams {
				if s.CodecTag != tt.codecTags[i] {
					t.Errorf("stream %d has codec tag %q, want %q", i, s.CodecTag, tt.codecTags[i])
				}
				if s.Width != 0 && (s.Width != 320 || s.Height != 180) {
					t.Errorf("picture is %dx%d, want 320x180", s.Width, s.Height)
				}
				if s.SampleRate != "" && (s.SampleRate != tt.sampleRate || s.Channels != 2) {
					t.Errorf("audio has %s Hz and %d channels, want %s Hz and 2", s.SampleRate, s.Channels, tt.sampleRate)
				}
			}
			for _, stream := range []string{"v:0", "a:0"} {
				if stream == "v:0" && tt.video == "" || stream == "a:0" && tt.audio == "" {
					continue
				}
				got := mediatest.DecodedHashes(t, path, stream)
				want := mediatest.DecodedHashes(t, source.Path, stream, "-ignore_editlist", "1")
				if !slices.Equal(got, want) {
					t.Errorf("%s decodes into other frames than the source's: %d frames, want %d", stream, len(got), len(want))
				}
			}
		})
	}
}

func checkPackets(t *testing.T, what, path string, units []media.Unit) {
	t.Helper()
	for stream, kind := range map[string]media.Kind{"v:0": media.Video, "a:0": media.Audio} {
		got, want := mediatest.Packets(t, path, stream), packets(units, kind)
		if len(got) != len(want) {
			t.Errorf("%s has %d packets of %s, want %d", what, len(got), kind, len(want))
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %s packet %d = %+v, want %+v", what, kind, i, got[i], want[i])
				break
			}
		}
	}
}

// Frames at odd times: the finished file must still say what was pushed.
func TestTimestampsSurvive(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	irregular := slices.Clone(source.Units)
	for i := range irregular {
		irregular[i].DTS += irregular[i].DTS / 7 * time.Duration(i%2)
	}
	slices.SortStableFunc(irregular, func(a, b media.Unit) int { return int(a.DTS - b.DTS) })
	stalled := slices.Clone(source.Units)
	for i := range stalled {
		stalled[i].DTS -= stalled[i].DTS % (200 * time.Millisecond) // several frames at one time
	}
	for _, tt := range []struct {
		name  string
		units []media.Unit
	}{
		{"milliseconds of RTMP", mediatest.Milliseconds(source.Units)},
		{"video that begins late", shift(source.Units, media.Video, 1234*time.Millisecond)},
		{"audio that begins late", shift(source.Units, media.Audio, 777*time.Millisecond)},
		{"irregular frames", irregular},
		{"frames with the same DTS", stalled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := record(t, source.Tracks, tt.units)
			checkPackets(t, "growing file", path, tt.units)
			finish(t, path)
			checkPackets(t, "finished file", path, tt.units)
		})
	}
}

func TestFilesLastLongerThan32BitsOfTicks(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, "")
	units := slices.Clone(source.Units)
	for i := range units {
		units[i].DTS *= 22500 // four seconds become 25 h
	}
	path := record(t, source.Tracks, units)
	checkPackets(t, "growing file", path, units)
	if s := finish(t, path); s.Duration != 25*time.Hour {
		t.Errorf("Duration = %v, want 25h", s.Duration)
	}
	checkPackets(t, "finished file", path, units)
}

func TestEachFrameInAFragmentOfItsOwn(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	w := mp4.NewWriter(source.Tracks)
	file := w.AppendHeader(nil)
	for i := range source.Units {
		file = w.AppendUnits(file, source.Units[i:i+1])
	}
	path := filepath.Join(t.TempDir(), "recording.mp4")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	checkPackets(t, "growing file", path, source.Units)
	s := finish(t, path)
	checkPackets(t, "finished file", path, source.Units)
	if s.Duration != 4032*time.Millisecond {
		t.Errorf("Duration = %v, want that of 189 AAC frames", s.Duration)
	}
}

func TestAppendingUnitsAllocatesNothing(t *testing.T) {
	w := mp4.NewWriter(testTracks)
	units := mediatest.Batch()
	buffer := w.AppendUnits(nil, units)
	if n := testing.AllocsPerRun(100, func() { w.AppendUnits(buffer[:0], units) }); n != 0 {
		t.Errorf("%v allocations a batch, want none", n)
	}
}

func TestBatchesWithoutFramesBecomeNothing(t *testing.T) {
	t.Parallel()
	w := mp4.NewWriter(testTracks)
	for _, units := range [][]media.Unit{nil, testBatches[0][:1], testBatches[1][2:3]} {
		if b := w.AppendUnits(nil, units); len(b) > 0 {
			t.Errorf("%d units without a frame became %d bytes", len(units), len(b))
		}
	}
}

// BenchmarkAppendUnits measures half a second of video at 2.5 Mbit/s with audio.
func BenchmarkAppendUnits(b *testing.B) {
	units := mediatest.Batch()
	w := mp4.NewWriter(testTracks)
	buffer := w.AppendUnits(nil, units)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = w.AppendUnits(buffer[:0], units)
	}
}

// BenchmarkRecover measures the finishing of an hour of such video, without the
// media, which finishing does not read.
func BenchmarkRecover(b *testing.B) {
	units := mediatest.Batch()
	for i := range units {
		units[i].Body = units[i].Body[:1]
	}
	w := mp4.NewWriter(testTracks)
	file := w.AppendHeader(nil)
	for range 7200 {
		file = w.AppendUnits(file, units)
		for i := range units {
			units[i].DTS += 500 * time.Millisecond
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mp4.Recover(&mediatest.File{Bytes: slices.Clone(file)}); err != nil {
			b.Fatal(err)
		}
	}
}
