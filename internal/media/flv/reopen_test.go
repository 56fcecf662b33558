package flv_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// Whatever the byte at which a crash tore the file: the Writer goes on behind
// the last whole tag, and the end is a file that was never interrupted.
func TestReopenGoesOnBehindTheLastWholeTag(t *testing.T) {
	t.Parallel()
	whole, w := record(testTracks, testUnits)
	want := &mediatest.File{Bytes: bytes.Clone(whole)}
	wantSummary, err := w.Finish(want)
	if err != nil {
		t.Fatal(err)
	}
	header, _ := record(testTracks, nil)
	for cut := range len(whole) + 1 {
		units := wholeUnits(whole, len(header), cut)
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		w, s, err := flv.Reopen(f, testTracks)
		if len(units) == 0 {
			if !errors.Is(err, media.ErrNoMedia) || !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Reopen of %d bytes = %v, want ErrNoMedia and the same bytes", cut, err)
			}
			continue
		}
		if err != nil || s.Size != int64(len(f.Bytes)) {
			t.Fatalf("Reopen of %d bytes = %+v, %v, want a size of %d", cut, s, err, len(f.Bytes))
		}
		f.Bytes = w.AppendUnits(f.Bytes, testUnits[len(units):])
		got, err := w.Finish(f)
		if err != nil || got != wantSummary || !bytes.Equal(f.Bytes, want.Bytes) {
			t.Fatalf("reopened at %d bytes: Finish = %+v, %v, want %+v and the bytes of a file that was never torn", cut, got, err, wantSummary)
		}
	}
}

func TestReopenOfAFinishedFileGoesOn(t *testing.T) {
	t.Parallel()
	file, w := record(testTracks, testUnits[:3])
	f := &mediatest.File{Bytes: file}
	finished, err := w.Finish(f)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // also when nothing came in between
		var got media.Summary
		if w, got, err = flv.Reopen(f, testTracks); err != nil || got != finished {
			t.Fatalf("Reopen = %+v, %v, want %+v", got, err, finished)
		}
	}
	f.Bytes = w.AppendUnits(f.Bytes, testUnits[3:])
	if _, err := w.Finish(f); err != nil {
		t.Fatal(err)
	}
	whole, w := record(testTracks, testUnits)
	want := &mediatest.File{Bytes: whole}
	if _, err := w.Finish(want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Bytes, want.Bytes) {
		t.Error("the file differs from one that was never finished in between")
	}
}

func TestReopenRefusesOtherTracks(t *testing.T) {
	t.Parallel()
	video, audio := testTracks.Video, testTracks.Audio
	mp3 := media.Tracks{Audio: &media.Track{Codec: media.MP3}}
	for _, tt := range []struct {
		name   string
		tracks media.Tracks
	}{
		{"other configuration of video", media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte{1, 0x42, 0, 0x1f, 0xff, 0xe0, 0}}, Audio: audio}},
		{"other coding of audio", media.Tracks{Video: video, Audio: mp3.Audio}},
		{"no audio", media.Tracks{Video: video}},
		{"no video", media.Tracks{Audio: audio}},
		{"configuration longer than the file", media.Tracks{Video: &media.Track{Codec: media.H264, Config: make([]byte, 4096)}, Audio: audio}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file, _ := record(testTracks, testUnits)
			f := &mediatest.File{Bytes: append(bytes.Clone(file), "torn"...)}
			if _, _, err := flv.Reopen(f, tt.tracks); !errors.Is(err, media.ErrOtherTracks) {
				t.Errorf("Reopen = %v, want ErrOtherTracks", err)
			}
			if len(f.Bytes) != len(file)+len("torn") {
				t.Error("Reopen changed a file that it refused")
			}
		})
	}
	file, _ := record(mp3, []media.Unit{{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte("\xff\xfb\x94\x00")}})
	if _, _, err := flv.Reopen(&mediatest.File{Bytes: file}, mp3); err != nil {
		t.Errorf("Reopen of MP3, which has no configuration: %v", err)
	}
}

func TestReopenFailsWhereTheFileDoes(t *testing.T) {
	t.Parallel()
	file, _ := record(testTracks, testUnits)
	unreadable := &mediatest.File{Bytes: bytes.Clone(file), ReadLimit: int64(len(file) - 1)}
	if _, _, err := flv.Reopen(unreadable, testTracks); !errors.Is(err, mediatest.ErrInput) || !bytes.Equal(unreadable.Bytes, file) {
		t.Errorf("Reopen = %v, want the input error and the same bytes", err)
	}
	fixed := &mediatest.File{Bytes: bytes.Clone(file[:len(file)-1]), Fail: true}
	if _, _, err := flv.Reopen(fixed, testTracks); !errors.Is(err, mediatest.ErrCrash) {
		t.Errorf("Reopen = %v, want the error of cutting off", err)
	}
}

func TestReopenedFilesPlay(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	units := mediatest.Milliseconds(source.Units)
	batches := mediatest.Batches(units, 500*time.Millisecond)
	whole, _ := record(source.Tracks, units)
	f := create(t, whole[:len(whole)/2])
	w, s, err := flv.Reopen(f, source.Tracks)
	if err != nil {
		t.Fatal(err)
	}
	rest := slices.Concat(batches...)[s.VideoFrames+s.AudioFrames:]
	if _, err := f.WriteAt(w.AppendUnits(nil, rest), s.Size); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(f); err != nil {
		t.Fatal(err)
	}
	checkPackets(t, f.Name(), "v:0", media.Video, units)
	checkPackets(t, f.Name(), "a:0", media.Audio, units)
}

func FuzzReopenFLV(f *testing.F) {
	whole, _ := record(testTracks, testUnits)
	f.Add(whole)
	f.Add(whole[:len(whole)-7])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		w, s, err := flv.Reopen(file, testTracks)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("Reopen failed with %v, yet changed the file", err)
			}
			return
		}
		late := media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: min(s.Duration, time.Hour), Body: []byte("late")}
		file.Bytes = w.AppendUnits(file.Bytes, []media.Unit{late})
		got, err := w.Finish(file)
		if err != nil || got.VideoFrames != s.VideoFrames || got.AudioFrames != s.AudioFrames+1 || got.Size != int64(len(file.Bytes)) {
			t.Errorf("after %+v and one frame: Finish = %+v, %v", s, got, err)
		}
		if again, err := flv.Recover(file); err != nil || again != got {
			t.Errorf("Recover = %+v, %v, want %+v", again, err, got)
		}
	})
}
