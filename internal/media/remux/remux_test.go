package remux_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
	"tallylight/internal/media/mpegts"
	"tallylight/internal/media/remux"
)

// A recording is units in the objects of a format.
type recording struct {
	objects []remux.Object
	index   func() (*remux.File, error)
	plain   [][]byte // what ffmpeg reads: one file, or one for each track
	name    string   // what their names end in
}

func object(b []byte) remux.Object {
	return remux.Object{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
}

// batch is how much of a recording is written at a time.
const batch = 500 * time.Millisecond

// sliceLength is the length of slices, in batches.
const sliceLength = 3

func recordFLV(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
	t.Helper()
	w := flv.NewWriter(tracks)
	b := w.AppendHeader(nil)
	for _, part := range mediatest.Batches(units, batch) {
		b = w.AppendUnits(b, part)
	}
	f := &mediatest.File{Bytes: b}
	if _, err := w.Finish(f); err != nil {
		t.Fatal(err)
	}
	o := object(f.Bytes)
	return recording{
		objects: []remux.Object{o},
		index:   func() (*remux.File, error) { return remux.FLV(o, tracks) },
		plain:   [][]byte{f.Bytes},
		name:    ".flv",
	}
}

func recordMP4(t testing.TB, tracks media.Tracks, units []media.Unit, finish bool) recording {
	t.Helper()
	w := mp4.NewWriter(tracks)
	b := w.AppendHeader(nil)
	for _, part := range mediatest.Batches(units, batch) {
		b = w.AppendUnits(b, part)
	}
	f := &mediatest.File{Bytes: b}
	if finish {
		if _, err := w.Finish(f); err != nil {
			t.Fatal(err)
		}
	}
	o := object(f.Bytes)
	return recording{
		objects: []remux.Object{o},
		index:   func() (*remux.File, error) { return remux.MP4(o) },
		plain:   [][]byte{f.Bytes},
		name:    ".mp4",
	}
}

func recordTS(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
	t.Helper()
	w := mpegts.NewMuxer(tracks)
	r := recording{name: ".ts"}
	var slice []byte
	plain := mpegts.NewMuxer(tracks).AppendHeader(nil)
	for i, part := range mediatest.Batches(units, batch) {
		if i%sliceLength == 0 && i > 0 {
			r.objects, slice = append(r.objects, object(slice)), nil
			w.EndSlice()
		}
		if slice == nil {
			slice = w.AppendHeader(nil)
		}
		before := len(slice)
		slice = w.AppendUnits(slice, part)
		plain = append(plain, slice[before:]...)
	}
	r.objects, r.plain = append(r.objects, object(slice)), [][]byte{plain}
	r.index = func() (*remux.File, error) { return remux.TS(r.objects, tracks) }
	return r
}

func recordCMAF(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
	t.Helper()
	var (
		r       = recording{name: ".mp4"}
		inits   [][]byte
		writers []*mp4.SegmentWriter
	)
	for _, track := range []struct {
		*media.Track
		kind media.Kind
	}{{tracks.Video, media.Video}, {tracks.Audio, media.Audio}} {
		if track.Track != nil {
			writers = append(writers, mp4.NewSegmentWriter(*track.Track, track.kind))
		}
	}
	segments, wholes := make([][]byte, len(writers)), make([][]byte, len(writers))
	end := func() {
		for j, b := range segments {
			if b != nil {
				r.objects = append(r.objects, object(b))
				wholes[j] = append(wholes[j], b...)
			}
			segments[j] = nil
		}
	}
	for i, part := range mediatest.Batches(units, batch) {
		if i%sliceLength == 0 {
			end()
		}
		for j, w := range writers {
			if segments[j] == nil {
				segments[j] = w.AppendHeader(nil)
			}
			segments[j] = w.AppendUnits(segments[j], part)
		}
	}
	end()
	for j, w := range writers {
		init := w.AppendInit(nil)
		inits = append(inits, init)
		r.plain = append(r.plain, slices.Concat(init, wholes[j]))
	}
	r.index = func() (*remux.File, error) { return remux.CMAF(inits, r.objects) }
	return r
}

// formats are the ways in which units are recorded.
var formats = []struct {
	name   string
	record func(testing.TB, media.Tracks, []media.Unit) recording
	holds  func(media.Codec) bool
	// remuxed says of which codings ffmpeg 5.1 makes an MP4 that has all frames: it
	// loses one of Opus in fragments, and how its decoder begins in MPEG-TS.
	remuxed func(media.Codec) bool
}{
	{"FLV", recordFLV, every, legacy},
	{"MP4", func(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
		return recordMP4(t, tracks, units, true)
	}, every, every},
	{"growing MP4", func(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
		return recordMP4(t, tracks, units, false)
	}, every, withoutOpus},
	{"MPEG-TS", recordTS, mpegts.Holds, withoutOpus},
	{"CMAF", recordCMAF, every, withoutOpus},
}

func every(media.Codec) bool { return true }

// legacy reports whether a coding is one of the original FLV.
func legacy(c media.Codec) bool { return c == media.H264 || c == media.AAC || c == media.MP3 }

func withoutOpus(c media.Codec) bool { return c != media.Opus }

// all reports whether a condition holds for all tracks.
func all(tracks media.Tracks, holds func(media.Codec) bool) bool {
	for _, t := range []*media.Track{tracks.Video, tracks.Audio} {
		if t != nil && !holds(t.Codec) {
			return false
		}
	}
	return true
}

// content returns all bytes of the MP4 that presents a recording.
func content(t testing.TB, r recording) []byte {
	t.Helper()
	f, err := r.index()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, f, r.objects)
}

func read(t testing.TB, f *remux.File, objects []remux.Object) []byte {
	t.Helper()
	reader, err := f.Open(objects)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != f.Size() {
		t.Fatalf("read %d bytes of %d", len(b), f.Size())
	}
	return b
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file"+name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

var sources = []struct {
	name         string
	video, audio string
	options      []string
	compared     bool // with what ffmpeg makes
}{
	{"H.264 with B-frames and AAC", mediatest.H264, mediatest.AAC, nil, true},
	{"HEVC with B-frames and AAC", mediatest.HEVC, mediatest.AAC, nil, true},
	{"AV1 and Opus", mediatest.AV1, mediatest.Opus, nil, true},
	{"H.264 and MP3", mediatest.H264, mediatest.MP3, nil, false},
	{"H.264 alone", mediatest.H264, "", nil, true},
	{"AAC of 44.1 kHz alone", "", mediatest.AAC, []string{"-ar", "44100"}, true},
	{"MP3 of 22.05 kHz alone", "", mediatest.MP3, []string{"-ar", "22050"}, false},
	{"Opus alone", "", mediatest.Opus, nil, false},
}

func TestTheFileHoldsTheFramesThatWerePushed(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		t.Run(source.name, func(t *testing.T) {
			t.Parallel()
			s := mediatest.NewSource(t, source.video, source.audio, source.options...)
			for _, format := range formats {
				if !all(s.Tracks, format.holds) {
					continue
				}
				t.Run(format.name, func(t *testing.T) {
					t.Parallel()
					r := format.record(t, s.Tracks, mediatest.Milliseconds(s.Units))
					checkFrames(t, write(t, ".mp4", content(t, r)), mediatest.Milliseconds(s.Units))
				})
			}
		})
	}
}

// checkFrames compares the packets of a file with the units that were recorded:
// their bytes, key flags and times.
func checkFrames(t *testing.T, path string, units []media.Unit) {
	t.Helper()
	zero := units[0].DTS
	for i := range units {
		zero = min(zero, units[i].DTS)
	}
	for _, stream := range []struct {
		name string
		kind media.Kind
	}{{"v:0", media.Video}, {"a:0", media.Audio}} {
		var want []mediatest.Packet
		for _, u := range units {
			if u.Kind == stream.kind {
				want = append(want, mediatest.Packet{PTS: u.PTS() - zero, DTS: u.DTS - zero, Size: len(u.Body), Key: u.Key, Hash: mediatest.Hash(u.Body)})
			}
		}
		if want == nil {
			continue
		}
		got := mediatest.Packets(t, path, stream.name)
		if len(got) != len(want) {
			t.Fatalf("%s: %d packets, want %d", stream.name, len(got), len(want))
		}
		for i := range got {
			// Of the first frames DTS are what edit lists leave of them.
			got[i].DTS, want[i].DTS = 0, 0
			if d := got[i].PTS - want[i].PTS; d.Abs() <= 20*time.Microsecond {
				got[i].PTS = want[i].PTS
			}
			if got[i] != want[i] {
				t.Fatalf("%s: packet %d is %+v, want %+v", stream.name, i, got[i], want[i])
			}
		}
	}
}

func TestTheFileIsWhatFFmpegMakesOfTheRecording(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		if !source.compared {
			continue
		}
		t.Run(source.name, func(t *testing.T) {
			t.Parallel()
			s := mediatest.NewSource(t, source.video, source.audio, source.options...)
			for _, format := range formats {
				if !all(s.Tracks, format.holds) || !all(s.Tracks, format.remuxed) {
					continue
				}
				t.Run(format.name, func(t *testing.T) {
					t.Parallel()
					r := format.record(t, s.Tracks, s.Units)
					compare(t, write(t, ".mp4", content(t, r)), remuxed(t, r), s.Tracks)
				})
			}
		})
	}
}

// remuxed has ffmpeg make an MP4 of a recording.
func remuxed(t *testing.T, r recording) (path string) {
	t.Helper()
	args := []string{"-v", "error", "-nostdin"}
	if len(r.plain) > 1 {
		args = append(args, "-copyts") // files of one timeline
	}
	var maps []string
	for i, b := range r.plain {
		args = append(args, "-i", write(t, r.name, b))
		maps = append(maps, "-map", fmt.Sprint(i))
	}
	path = filepath.Join(t.TempDir(), "remuxed.mp4")
	mediatest.Run(t, "ffmpeg", append(append(args, maps...), "-c", "copy", path)...)
	return path
}

// compare compares two files: what they decode to, when key frames are shown, how
// pictures and sound lie to each other, and how long they last.
func compare(t *testing.T, got, want string, tracks media.Tracks) {
	t.Helper()
	var first [2][]time.Duration // of each stream
	for _, stream := range []string{"v:0", "a:0"} {
		if stream == "v:0" && tracks.Video == nil || stream == "a:0" && tracks.Audio == nil {
			continue
		}
		if g, w := mediatest.DecodedHashes(t, got, stream), mediatest.DecodedHashes(t, want, stream); !slices.Equal(g, w) {
			t.Errorf("%s: %d decoded frames differ from the %d of ffmpeg's file", stream, len(g), len(w))
		}
		keys := [2][]time.Duration{keyTimes(t, got, stream), keyTimes(t, want, stream)}
		for i := range keys {
			first[i] = append(first[i], keys[i][0])
		}
		if len(keys[0]) != len(keys[1]) {
			t.Errorf("%s: %d key frames, want %d", stream, len(keys[0]), len(keys[1]))
			continue
		}
		for i := range keys[0] {
			if g, w := keys[0][i]-keys[0][0], keys[1][i]-keys[1][0]; (g - w).Abs() > time.Millisecond {
				t.Errorf("%s: key frame %d is shown %v after the first, want %v", stream, i, g, w)
				break
			}
		}
	}
	if len(first[0]) == 2 {
		if g, w := first[0][1]-first[0][0], first[1][1]-first[1][0]; (g - w).Abs() > time.Millisecond {
			t.Errorf("sound begins %v after the pictures, want %v", g, w)
		}
	}
	_, gotLength := mediatest.Streams(t, got)
	_, wantLength := mediatest.Streams(t, want)
	if d := gotLength - wantLength; d.Abs() > frameLength {
		t.Errorf("the file lasts %v, want %v", gotLength, wantLength)
	}
}

// frameLength is the longest frame of a source: how long the last one lasts is
// anybody's guess.
const frameLength = 72 * time.Millisecond

// keyTimes returns when the key frames of a stream are shown.
func keyTimes(t *testing.T, path, stream string) (times []time.Duration) {
	t.Helper()
	for _, p := range mediatest.Packets(t, path, stream) {
		if p.Key {
			times = append(times, p.PTS)
		}
	}
	return times
}

func TestAnyReadReturnsTheSameBytes(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			t.Parallel()
			r := format.record(t, s.Tracks, s.Units)
			f, err := r.index()
			if err != nil {
				t.Fatal(err)
			}
			whole := read(t, f, r.objects)
			reader, err := f.Open(r.objects)
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				from := random.Int64N(f.Size())
				size := random.IntN(1 << random.IntN(20))
				got := make([]byte, size)
				n, err := reader.ReadAt(got, from)
				if want := whole[from:min(from+int64(size), f.Size())]; !bytes.Equal(got[:n], want) || n < size && err != io.EOF {
					t.Fatalf("ReadAt(%d bytes, %d) = %d, %v; the bytes differ from those of the whole", size, from, n, err)
				}
			}
		})
	}
}
