package mp4_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// A short stream of made-up frames, for tests that do not decode.
var (
	testTracks = media.Tracks{
		Video: &media.Track{Codec: media.H264, Config: []byte{1, 0x64, 0, 0x1f, 0xff, 0xe0, 0}},
		Audio: &media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}},
	}
	testBatches = [][]media.Unit{
		{
			{Kind: media.Video, Codec: media.H264, Config: true, Body: []byte("config")},
			{Kind: media.Video, Codec: media.H264, Key: true, Composition: 80 * time.Millisecond, Body: []byte("\x00\x00\x00\x03key")},
			{Kind: media.Audio, Codec: media.AAC, Key: true, Body: []byte("sound 1")},
		},
		{
			{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 23 * time.Millisecond, Body: []byte("sound 2")},
			{Kind: media.Video, Codec: media.H264, DTS: 40 * time.Millisecond, Composition: -40 * time.Millisecond, Body: []byte("\x00\x00\x00\x05delta")},
			{Kind: media.Data, DTS: 41 * time.Millisecond, Body: []byte("\x02\x00\x0aonTextData\x05")},
			{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 46 * time.Millisecond, Body: []byte("sound 3")},
		},
		{
			{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 70 * time.Millisecond, Body: []byte("sound 4")},
		},
	}
)

// grow returns the bytes of a growing file and where its header and each of its
// fragments ends.
func grow(tracks media.Tracks, batches [][]media.Unit) (file []byte, ends []int) {
	w := mp4.NewWriter(tracks)
	file = w.AppendHeader(nil)
	ends = append(ends, len(file))
	for _, batch := range batches {
		file = w.AppendUnits(file, batch)
		ends = append(ends, len(file))
	}
	return file, ends
}

// Whatever the byte at which a crash tore the file: all whole fragments are
// kept, the rest is gone, and the file is as if it had been finished there.
func TestRecoverKeepsEveryWholeFragment(t *testing.T) {
	t.Parallel()
	whole, ends := grow(testTracks, testBatches)
	for cut := range len(whole) + 1 {
		end := 0
		for _, e := range ends {
			if e <= cut {
				end = e
			}
		}
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		summary, err := mp4.Recover(f)
		if end <= ends[0] {
			if !errors.Is(err, media.ErrNoMedia) || !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Recover of %d bytes = %v, want ErrNoMedia and the same bytes", cut, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("Recover of %d bytes: %v", cut, err)
		}
		want := &mediatest.File{Bytes: bytes.Clone(whole[:end])}
		wantSummary, err := mp4.Recover(want)
		if err != nil {
			t.Fatal(err)
		}
		if summary != wantSummary || !bytes.Equal(f.Bytes, want.Bytes) {
			t.Fatalf("Recover of %d bytes = %+v, want %+v and the bytes of the first %d finished", cut, summary, wantSummary, end)
		}
	}
}

func TestSummaryTellsWhatTheFileHolds(t *testing.T) {
	t.Parallel()
	file, _ := grow(testTracks, testBatches)
	f := &mediatest.File{Bytes: file}
	got, err := mp4.NewWriter(testTracks).Finish(f)
	want := media.Summary{Duration: 94 * time.Millisecond, Size: int64(len(f.Bytes)), VideoFrames: 2, AudioFrames: 4}
	if err != nil || got != want {
		t.Errorf("Finish = %+v, %v, want %+v", got, err, want)
	}
}

func TestRecoverOfAFinishedFileChangesNothing(t *testing.T) {
	t.Parallel()
	file, _ := grow(testTracks, testBatches)
	f := &mediatest.File{Bytes: file}
	want, err := mp4.Recover(f)
	if err != nil {
		t.Fatal(err)
	}
	f.Fail = true // any change is an error
	if got, err := mp4.Recover(f); err != nil || got != want {
		t.Errorf("recovering again = %+v, %v, want %+v", got, err, want)
	}
}

// Finishing may stop at any byte, and at any byte again when it is repeated.
func TestFinishCanCrashAnywhere(t *testing.T) {
	t.Parallel()
	growing, ends := grow(testTracks, testBatches)
	finished := &mediatest.File{Bytes: bytes.Clone(growing)}
	want, err := mp4.Recover(finished)
	if err != nil {
		t.Fatal(err)
	}
	growing = append(growing, make([]byte, 5000)...) // torn, and more than the moov
	crashes := 0
	for budget := 0; ; budget++ {
		f := &mediatest.File{Bytes: bytes.Clone(growing), Fail: true, Budget: budget}
		_, err := mp4.Recover(f)
		if err == nil {
			break
		}
		if !errors.Is(err, mediatest.ErrCrash) {
			t.Fatal(err)
		}
		crashes++
		if !bytes.Equal(f.Bytes[ends[0]:ends[len(ends)-1]], growing[ends[0]:ends[len(ends)-1]]) {
			t.Fatalf("crash %d damaged a fragment", crashes)
		}
		f.Budget = budget / 2
		if _, err := mp4.Recover(f); err != nil && !errors.Is(err, mediatest.ErrCrash) {
			t.Fatal(err)
		}
		f.Fail = false
		got, err := mp4.Recover(f)
		if err != nil || got != want || !bytes.Equal(f.Bytes, finished.Bytes) {
			t.Fatalf("after crash %d: Recover = %+v, %v, want %+v and the same bytes", crashes, got, err, want)
		}
	}
	if crashes < 500 { // the moov alone has more bytes
		t.Errorf("only %d crashes were tried", crashes)
	}
}

// What a crash leaves plays as it is, before anybody recovers it, and after.
func TestTornFilesPlay(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	batches := mediatest.Batches(source.Units, 500*time.Millisecond)
	whole, ends := grow(source.Tracks, batches)
	var kept []media.Unit
	for i, batch := range batches[:len(batches)-1] {
		kept = append(kept, batch...)
		if i%3 > 0 {
			continue
		}
		path := filepath.Join(t.TempDir(), "recording.mp4")
		if err := os.WriteFile(path, whole[:ends[i+1]+1000], 0o644); err != nil {
			t.Fatal(err)
		}
		finish(t, path)
		checkPackets(t, "recovered file", path, kept)
		mediatest.DecodedHashes(t, path, "v:0")
	}
}

func TestFileBetweenTheStepsOfFinishingPlays(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	growing, _ := grow(source.Tracks, mediatest.Batches(source.Units, 500*time.Millisecond))
	finished := &mediatest.File{Bytes: bytes.Clone(growing)}
	if _, err := mp4.Recover(finished); err != nil {
		t.Fatal(err)
	}
	// The moov is appended, the free box not overwritten yet.
	path := filepath.Join(t.TempDir(), "recording.mp4")
	if err := os.WriteFile(path, append(growing, finished.Bytes[len(growing):]...), 0o644); err != nil {
		t.Fatal(err)
	}
	got := mediatest.Run(t, "ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path)
	if got != "100\n" {
		t.Errorf("ffprobe reads %q packets of video, want 100", got)
	}
}

func TestAnInputErrorIsNoTornTail(t *testing.T) {
	t.Parallel()
	file, ends := grow(testTracks, testBatches)
	for _, limit := range ends {
		f := &mediatest.File{Bytes: bytes.Clone(file), ReadLimit: int64(limit - 1)}
		if _, err := mp4.Recover(f); !errors.Is(err, mediatest.ErrInput) || !bytes.Equal(f.Bytes, file) {
			t.Errorf("Recover = %v, want the input error and the same bytes", err)
		}
	}
}

func TestRecoverStopsAtWhatIsNoFragment(t *testing.T) {
	t.Parallel()
	file, ends := grow(testTracks, testBatches)
	last := ends[len(ends)-2]
	find := func(typ string) int { return last + bytes.Index(file[last:], []byte(typ)) }
	for _, tt := range []struct {
		name  string
		at    int
		bytes string
	}{
		{"zeros in place of the moof", last, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"zeros in place of the mdat", find("mdat") - 4, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"mdat that is larger than its samples", find("mdat") - 4, "\x00\x00\x00\x10"},
		{"unknown track", find("tfhd") + 8, "\x00\x00\x00\x07"},
		{"other kind of run", find("trun") + 4, "\x00\x00\x00\x01"},
		{"more samples than entries", find("trun") + 8, "\xff\xff\xff\xff"},
		{"sample that is larger than the mdat", find("trun") + 20, "\xff\xff\xff\xff"},
		{"data before the mdat", find("trun") + 12, "\x00\x00\x00\x00"},
		{"time that goes back", find("tfdt") + 8, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"end that is absurd", find("tfdt") + 8, "\x00\x01\x02\xd7\xf9\x45\x3f\xff"},
		{"time that is absurd", find("tfdt") + 8, "\xff\xff\xff\xff\xff\xff\xff\xff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			broken := &mediatest.File{Bytes: bytes.Clone(file)}
			copy(broken.Bytes[tt.at:], tt.bytes)
			if bytes.Equal(broken.Bytes, file) {
				t.Fatal("the test changes nothing")
			}
			want := &mediatest.File{Bytes: bytes.Clone(file[:last])}
			if _, err := mp4.Recover(broken); err != nil {
				t.Fatal(err)
			}
			if _, err := mp4.Recover(want); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(broken.Bytes, want.Bytes) {
				t.Error("Recover did not stop before the broken fragment")
			}
		})
	}
}

func TestTracksWithoutFramesAreDropped(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	var audio []media.Unit
	for _, u := range source.Units {
		if u.Kind == media.Audio {
			audio = append(audio, u)
		}
	}
	path := record(t, source.Tracks, audio)
	if s := finish(t, path); s.VideoFrames != 0 || s.AudioFrames != len(audio) {
		t.Errorf("Summary = %+v, want audio alone", s)
	}
	if streams, _ := mediatest.Streams(t, path); len(streams) != 1 || streams[0].CodecName != "aac" {
		t.Errorf("streams = %+v, want AAC alone", streams)
	}
}

func FuzzRecoverMP4(f *testing.F) {
	growing, ends := grow(testTracks, testBatches)
	f.Add(growing)
	f.Add(growing[:ends[1]+50])
	f.Add([]byte(nil))
	finished := &mediatest.File{Bytes: bytes.Clone(growing)}
	if _, err := mp4.Recover(finished); err != nil {
		f.Fatal(err)
	}
	f.Add(finished.Bytes)
	mp3, _ := grow(media.Tracks{Audio: &media.Track{Codec: media.MP3}},
		[][]media.Unit{{{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte("\xff\xf3\x80\xc0frame")}}})
	f.Add(mp3)
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		s, err := mp4.Recover(file)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("Recover failed with %v, yet changed the file", err)
			}
			return
		}
		if s.Size != int64(len(file.Bytes)) || s.VideoFrames+s.AudioFrames == 0 || s.Duration < 0 {
			t.Errorf("Recover = %+v of a file of %d bytes", s, len(file.Bytes))
		}
		recovered := bytes.Clone(file.Bytes)
		if again, err := mp4.Recover(file); err != nil || again != s || !bytes.Equal(file.Bytes, recovered) {
			t.Errorf("recovering again = %+v, %v, want %+v", again, err, s)
		}
	})
}
