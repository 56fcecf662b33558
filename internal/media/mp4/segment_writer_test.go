package mp4_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// A segmented is a track cut into segments of a second.
type segmented struct {
	init      []byte
	segments  [][]byte
	summaries []media.Summary
}

// whole returns the track as one file.
func (s *segmented) whole() []byte {
	return append(bytes.Clone(s.init), slices.Concat(s.segments...)...)
}

// segment cuts the track of a kind: a segment a second, a fragment for each half.
func segment(t testing.TB, track media.Track, kind media.Kind, units []media.Unit) *segmented {
	t.Helper()
	w := mp4.NewSegmentWriter(track, kind)
	s := &segmented{}
	units = slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Kind != kind })
	for _, second := range mediatest.Batches(units, time.Second) {
		b := w.AppendHeader(nil)
		for _, batch := range mediatest.Batches(second, 500*time.Millisecond) {
			b = w.AppendUnits(b, batch)
		}
		f := &mediatest.File{Bytes: b}
		summary, err := w.EndSlice().Finish(f)
		if err != nil {
			t.Fatal(err)
		}
		s.segments = append(s.segments, f.Bytes)
		s.summaries = append(s.summaries, summary)
	}
	s.init = w.AppendInit(nil)
	return s
}

// A namedTrack is a track with its kind and the name that ffmpeg gives it.
type namedTrack struct {
	stream string
	kind   media.Kind
	track  media.Track
}

func namedTracks(tracks media.Tracks) (named []namedTrack) {
	if t := tracks.Video; t != nil {
		named = append(named, namedTrack{"v:0", media.Video, *t})
	}
	if t := tracks.Audio; t != nil {
		named = append(named, namedTrack{"a:0", media.Audio, *t})
	}
	return named
}

func TestSegmentsHoldWhatWasPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			for _, n := range namedTracks(source.Tracks) {
				s := segment(t, n.track, n.kind, source.Units)
				path := filepath.Join(t.TempDir(), "track.mp4")
				if err := os.WriteFile(path, s.whole(), 0o644); err != nil {
					t.Fatal(err)
				}
				want := packets(source.Units, n.kind)
				if got := mediatest.Packets(t, path, n.stream); !slices.Equal(got, want) {
					t.Errorf("%s has %d packets, want the source's %d", n.stream, len(got), len(want))
				}
				streams, _ := mediatest.Streams(t, path)
				if len(streams) != 1 || !slices.Contains(tt.codecTags, streams[0].CodecTag) {
					t.Errorf("streams = %+v, want one track with a tag of %q", streams, tt.codecTags)
				}
				if rate := streams[0].SampleRate; rate != "" && rate != tt.sampleRate {
					t.Errorf("audio has %s Hz, want %s", rate, tt.sampleRate)
				}
				got := mediatest.DecodedHashes(t, path, n.stream)
				decoded := mediatest.DecodedHashes(t, source.Path, n.stream, "-ignore_editlist", "1")
				if !slices.Equal(got, decoded) {
					t.Errorf("%s decodes into other frames than the source's: %d frames, want %d", n.stream, len(got), len(decoded))
				}
			}
		})
	}
}

// Each segment plays alone behind the initialization section, at its own time.
func TestEachSegmentBeginsAtItsTime(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	const start = 25 * time.Hour // beyond 32 bits of ticks
	units := slices.Clone(source.Units)
	for i := range units {
		units[i].DTS += start
	}
	s := segment(t, *source.Tracks.Video, media.Video, units)
	want := packets(units, media.Video)
	for i, b := range s.segments {
		path := filepath.Join(t.TempDir(), "segment.mp4")
		if err := os.WriteFile(path, append(bytes.Clone(s.init), b...), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := mediatest.Packets(t, path, "v:0"); !slices.Equal(got, want[25*i:25*(i+1)]) {
			t.Errorf("segment %d has other packets than those of second %d", i, i)
		}
		summary := media.Summary{
			Start: start + time.Duration(i)*time.Second, Duration: time.Second,
			Size: int64(len(b)), VideoFrames: 25,
		}
		if s.summaries[i] != summary {
			t.Errorf("segment %d has the summary %+v, want %+v", i, s.summaries[i], summary)
		}
	}
}

func TestSegmentsAreCMAF(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, "")
	s := segment(t, *source.Tracks.Video, media.Video, source.Units)
	init := parse(t, s.init)
	if brands := init.Ftyp.CompatibleBrands(); !slices.Contains(brands, "cmfc") || !slices.Contains(brands, "iso6") {
		t.Errorf("initialization section has the brands %q, want cmfc and iso6", brands)
	}
	if init.Moov.Mvex == nil || len(init.Moov.Traks) != 1 || init.Moov.Trak.Edts != nil {
		t.Error("initialization section is not that of one fragmented track without an edit list")
	}
	for i, b := range s.segments {
		var types []string
		for _, box := range parse(t, b).Children {
			types = append(types, box.Type())
		}
		if got := fmt.Sprint(types); got != "[styp moof mdat moof mdat]" {
			t.Errorf("segment %d has the boxes %s", i, got)
		}
	}
}

func TestInitOfMP3IsDescribedByItsFrames(t *testing.T) {
	t.Parallel()
	w := mp4.NewSegmentWriter(media.Track{Codec: media.MP3}, media.Audio)
	w.AppendUnits(nil, []media.Unit{
		{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte("\xff")},
		{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte("\xff\xf3\x80\xc0")},
	})
	entry := parse(t, w.AppendInit(nil)).Moov.Trak.Mdia.Minf.Stbl.Stsd.Mp4a
	if entry.SampleRate != 22050 || entry.ChannelCount != 1 || entry.Esds.DecConfigDescriptor.ObjectType != 0x69 {
		t.Errorf("entry has %d Hz, %d channels, object type %#x, want 22050, 1, 0x69",
			entry.SampleRate, entry.ChannelCount, entry.Esds.DecConfigDescriptor.ObjectType)
	}
}

// A DTS that falls, and frames of other tracks, do what they do in a file.
func TestSegmentsTakeTheFramesOfTheirTrack(t *testing.T) {
	t.Parallel()
	w := mp4.NewSegmentWriter(*testTracks.Audio, media.Audio)
	for _, units := range [][]media.Unit{nil, testBatches[0][:2], testBatches[1][1:3]} {
		if b := w.AppendUnits(nil, units); len(b) > 0 {
			t.Errorf("%d units without a frame of the track became %d bytes", len(units), len(b))
		}
	}
	sound := func(dts time.Duration) media.Unit {
		return media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: dts, Body: []byte("sound")}
	}
	f := &mediatest.File{Bytes: w.AppendHeader(nil)}
	f.Bytes = w.AppendUnits(f.Bytes, []media.Unit{sound(time.Second), sound(1100 * time.Millisecond)})
	f.Bytes = w.AppendUnits(f.Bytes, []media.Unit{sound(time.Second)})
	got, err := w.EndSlice().Finish(f)
	want := media.Summary{Start: time.Second, Duration: 100 * time.Millisecond, Size: int64(len(f.Bytes)), AudioFrames: 3}
	if err != nil || got != want {
		t.Errorf("Finish = %+v, %v, want %+v", got, err, want)
	}
}

// testSegment returns a segment that begins a second late, and where its header
// and each of its fragments ends.
func testSegment(w *mp4.SegmentWriter) (b []byte, ends []int) {
	b = w.AppendHeader(nil)
	ends = append(ends, len(b))
	for _, batch := range testBatches {
		batch = slices.Clone(batch)
		for i := range batch {
			batch[i].DTS += time.Second
		}
		b = w.AppendUnits(b, batch)
		ends = append(ends, len(b))
	}
	return b, ends
}

// Whatever the byte at which a crash tore the segment: all whole fragments are
// kept, and the rest is gone.
func TestRecoverSegmentKeepsEveryWholeFragment(t *testing.T) {
	t.Parallel()
	w := mp4.NewSegmentWriter(*testTracks.Audio, media.Audio)
	whole, ends := testSegment(w)
	slice := w.EndSlice()
	for cut := range len(whole) + 1 {
		kept := 0
		for _, end := range ends[1:] {
			if end <= cut {
				kept++
			}
		}
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		got, err := slice.Finish(f) // which a failed write sends to RecoverSegment
		if kept == 0 {
			if !errors.Is(err, media.ErrNoMedia) || !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Finish of %d bytes = %v, want ErrNoMedia and the same bytes", cut, err)
			}
			continue
		}
		want := media.Summary{
			Start:       time.Second,
			Duration:    []time.Duration{21333333, 69 * time.Millisecond, 94 * time.Millisecond}[kept-1],
			Size:        int64(ends[kept]),
			AudioFrames: []int{1, 3, 4}[kept-1],
		}
		if err != nil || got != want || !bytes.Equal(f.Bytes, whole[:ends[kept]]) {
			t.Fatalf("Finish of %d bytes = %+v, %v, want %+v", cut, got, err, want)
		}
		if again, err := mp4.RecoverSegment(f); err != nil || again != want || !bytes.Equal(f.Bytes, whole[:ends[kept]]) {
			t.Fatalf("recovering again = %+v, %v, want %+v", again, err, want)
		}
	}
}

func TestRecoverSegmentFailsWhereTheFileDoes(t *testing.T) {
	t.Parallel()
	segment, ends := testSegment(mp4.NewSegmentWriter(*testTracks.Video, media.Video))
	for _, limit := range ends {
		f := &mediatest.File{Bytes: bytes.Clone(segment), ReadLimit: int64(limit - 1)}
		if _, err := mp4.RecoverSegment(f); !errors.Is(err, mediatest.ErrInput) || !bytes.Equal(f.Bytes, segment) {
			t.Errorf("RecoverSegment = %v, want the input error and the same bytes", err)
		}
	}
	for budget := range 2 { // cutting off, syncing
		f := &mediatest.File{Bytes: bytes.Clone(segment[:len(segment)-1]), Fail: true, Budget: budget}
		if _, err := mp4.RecoverSegment(f); !errors.Is(err, mediatest.ErrCrash) {
			t.Errorf("RecoverSegment = %v, want the crash", err)
		}
	}
	w := mp4.NewSegmentWriter(*testTracks.Video, media.Video)
	whole, _ := testSegment(w)
	if _, err := w.EndSlice().Finish(&mediatest.File{Bytes: whole, Fail: true}); !errors.Is(err, mediatest.ErrCrash) {
		t.Errorf("Finish = %v, want the error of syncing", err)
	}
	if _, err := w.EndSlice().Finish(&mediatest.File{}); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("Finish of a segment without frames = %v, want ErrNoMedia", err)
	}
}

func TestAppendingSegmentsAllocatesNothing(t *testing.T) {
	w := mp4.NewSegmentWriter(*testTracks.Video, media.Video)
	units := mediatest.Batch()
	buffer := w.AppendUnits(w.AppendHeader(nil), units)
	if n := testing.AllocsPerRun(100, func() {
		w.AppendUnits(w.AppendHeader(buffer[:0]), units)
		w.EndSlice()
	}); n != 0 {
		t.Errorf("%v allocations a segment, want none", n)
	}
}

func FuzzRecoverSegment(f *testing.F) {
	video, _ := testSegment(mp4.NewSegmentWriter(*testTracks.Video, media.Video))
	audio, ends := testSegment(mp4.NewSegmentWriter(*testTracks.Audio, media.Audio))
	f.Add(video)
	f.Add(audio)
	f.Add(audio[:ends[1]+50])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		s, err := mp4.RecoverSegment(file)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("RecoverSegment failed with %v, yet changed the file", err)
			}
			return
		}
		if s.Size != int64(len(file.Bytes)) || s.VideoFrames+s.AudioFrames == 0 || s.Start < 0 || s.Duration < 0 {
			t.Errorf("RecoverSegment = %+v of a file of %d bytes", s, len(file.Bytes))
		}
		recovered := bytes.Clone(file.Bytes)
		if again, err := mp4.RecoverSegment(file); err != nil || again != s || !bytes.Equal(file.Bytes, recovered) {
			t.Errorf("recovering again = %+v, %v, want %+v", again, err, s)
		}
	})
}
