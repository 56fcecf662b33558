package mp4_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// Whatever the byte at which a crash tore the file: the Writer goes on behind
// the last whole fragment, and the end is a file that was never interrupted.
func TestReopenGoesOnBehindTheLastWholeFragment(t *testing.T) {
	t.Parallel()
	whole, ends := grow(testTracks, testBatches)
	want := &mediatest.File{Bytes: bytes.Clone(whole)}
	wantSummary, err := mp4.Recover(want)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		kept := 0 // fragments
		for _, end := range ends[1:] {
			if end <= cut {
				kept++
			}
		}
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		w, s, err := mp4.Reopen(f, testTracks)
		if kept == 0 {
			if !errors.Is(err, media.ErrNoMedia) || !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Reopen of %d bytes = %v, want ErrNoMedia and the same bytes", cut, err)
			}
			continue
		}
		if err != nil || s.Size != int64(ends[kept]) {
			t.Fatalf("Reopen of %d bytes = %+v, %v, want a size of %d", cut, s, err, ends[kept])
		}
		for _, batch := range testBatches[kept:] {
			f.Bytes = w.AppendUnits(f.Bytes, batch)
		}
		if !bytes.Equal(f.Bytes, whole) {
			t.Fatalf("reopened at %d bytes, the file grows differently", cut)
		}
		if got, err := w.Finish(f); err != nil || got != wantSummary || !bytes.Equal(f.Bytes, want.Bytes) {
			t.Fatalf("reopened at %d bytes: Finish = %+v, %v, want %+v", cut, got, err, wantSummary)
		}
	}
}

// A file may be left again and again, with or without anything new in it.
func TestReopenAgain(t *testing.T) {
	t.Parallel()
	whole, ends := grow(testTracks, testBatches)
	f := &mediatest.File{Bytes: bytes.Clone(whole[:ends[1]])}
	for _, batch := range testBatches[1:] {
		for range 2 {
			f.Bytes = append(f.Bytes, "torn"...)
			w, _, err := mp4.Reopen(f, testTracks)
			if err != nil {
				t.Fatal(err)
			}
			f.Bytes = w.AppendUnits(f.Bytes, batch)
			batch = nil
		}
	}
	if _, _, err := mp4.Reopen(f, testTracks); err != nil || !bytes.Equal(f.Bytes, whole) {
		t.Errorf("Reopen = %v, want the file that was never left", err)
	}
}

func TestReopenSaysWhatTheFileHolds(t *testing.T) {
	t.Parallel()
	file, _ := grow(testTracks, testBatches)
	_, got, err := mp4.Reopen(&mediatest.File{Bytes: file}, testTracks)
	want := media.Summary{Duration: 94 * time.Millisecond, Size: int64(len(file)), VideoFrames: 2, AudioFrames: 4}
	if err != nil || got != want {
		t.Errorf("Reopen = %+v, %v, want %+v", got, err, want)
	}
}

func TestReopenRefusesFilesWhoseFinishingHasBegun(t *testing.T) {
	t.Parallel()
	growing, ends := grow(testTracks, testBatches)
	finished := &mediatest.File{Bytes: bytes.Clone(growing)}
	if _, err := mp4.Recover(finished); err != nil {
		t.Fatal(err)
	}
	replaced := bytes.Clone(finished.Bytes[:len(growing)])
	tornMoov := finished.Bytes[len(growing) : len(growing)+8]
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"finished", finished.Bytes},
		{"moov appended", append(bytes.Clone(growing), finished.Bytes[len(growing):]...)},
		{"moov torn", append(bytes.Clone(growing), tornMoov...)},
		{"moov appended after the fragments that are whole", append(bytes.Clone(growing[:ends[1]]), tornMoov...)},
		{"free box replaced", replaced},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &mediatest.File{Bytes: bytes.Clone(tt.file)}
			if _, _, err := mp4.Reopen(f, testTracks); !errors.Is(err, media.ErrFinished) {
				t.Errorf("Reopen = %v, want ErrFinished", err)
			}
			if !bytes.Equal(f.Bytes, tt.file) {
				t.Error("Reopen changed a file that it refused")
			}
		})
	}
}

func TestReopenRefusesOtherTracks(t *testing.T) {
	t.Parallel()
	video, audio := testTracks.Video, testTracks.Audio
	for _, tt := range []struct {
		name   string
		tracks media.Tracks
	}{
		{"other configuration of video", media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte{1, 0x42, 0, 0x1f, 0xff, 0xe0, 0}}, Audio: audio}},
		{"other coding of audio", media.Tracks{Video: video, Audio: &media.Track{Codec: media.MP3}}},
		{"no audio", media.Tracks{Video: video}},
		{"no video", media.Tracks{Audio: audio}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file, _ := grow(testTracks, testBatches)
			f := &mediatest.File{Bytes: append(bytes.Clone(file), "torn"...)}
			if _, _, err := mp4.Reopen(f, tt.tracks); !errors.Is(err, media.ErrOtherTracks) {
				t.Errorf("Reopen = %v, want ErrOtherTracks", err)
			}
			if len(f.Bytes) != len(file)+len("torn") {
				t.Error("Reopen changed a file that it refused")
			}
		})
	}
}

func TestReopenFailsWhereTheFileDoes(t *testing.T) {
	t.Parallel()
	file, ends := grow(testTracks, testBatches)
	for _, limit := range ends {
		f := &mediatest.File{Bytes: bytes.Clone(file), ReadLimit: int64(limit - 1)}
		if _, _, err := mp4.Reopen(f, testTracks); !errors.Is(err, mediatest.ErrInput) || !bytes.Equal(f.Bytes, file) {
			t.Errorf("Reopen = %v, want the input error and the same bytes", err)
		}
	}
	fixed := &mediatest.File{Bytes: bytes.Clone(file[:len(file)-1]), Fail: true}
	if _, _, err := mp4.Reopen(fixed, testTracks); !errors.Is(err, mediatest.ErrCrash) {
		t.Errorf("Reopen = %v, want the error of cutting off", err)
	}
}

func TestReopenedFilesPlay(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			batches := mediatest.Batches(source.Units, 500*time.Millisecond)
			whole, ends := grow(source.Tracks, batches)
			const kept = 3
			path := filepath.Join(t.TempDir(), "recording.mp4")
			if err := os.WriteFile(path, whole[:ends[kept]+100], 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, s, err := mp4.Reopen(f, source.Tracks)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt(w.AppendUnits(nil, slices.Concat(batches[kept:]...)), s.Size); err != nil {
				t.Fatal(err)
			}
			checkPackets(t, "growing file", path, source.Units)
			if _, err := w.Finish(f); err != nil {
				t.Fatal(err)
			}
			checkPackets(t, "finished file", path, source.Units)
		})
	}
}

// Hours of silence, as when an encoder comes back late.
func TestReopenedFilesGoOnAfterAGap(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	units := slices.Clone(source.Units)
	half := len(units) / 2
	for i := range units[half:] {
		units[half+i].DTS += 6 * time.Hour
	}
	w := mp4.NewWriter(source.Tracks)
	f := &mediatest.File{Bytes: w.AppendUnits(w.AppendHeader(nil), units[:half])}
	w, _, err := mp4.Reopen(f, source.Tracks)
	if err != nil {
		t.Fatal(err)
	}
	f.Bytes = w.AppendUnits(f.Bytes, units[half:])
	if _, err := w.Finish(f); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "recording.mp4")
	if err := os.WriteFile(path, f.Bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	checkPackets(t, "finished file", path, units)
}

func FuzzReopenMP4(f *testing.F) {
	growing, ends := grow(testTracks, testBatches)
	f.Add(growing)
	f.Add(growing[:ends[1]+50])
	f.Add([]byte(nil))
	finished := &mediatest.File{Bytes: bytes.Clone(growing)}
	if _, err := mp4.Recover(finished); err != nil {
		f.Fatal(err)
	}
	f.Add(finished.Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		w, s, err := mp4.Reopen(file, testTracks)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("Reopen failed with %v, yet changed the file", err)
			}
			return
		}
		late := media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: s.Duration, Body: []byte("late")}
		file.Bytes = w.AppendUnits(file.Bytes, []media.Unit{late})
		got, err := w.Finish(file)
		if err != nil || got.VideoFrames != s.VideoFrames || got.AudioFrames != s.AudioFrames+1 || got.Size != int64(len(file.Bytes)) {
			t.Errorf("after %+v and one frame: Finish = %+v, %v", s, got, err)
		}
	})
}
