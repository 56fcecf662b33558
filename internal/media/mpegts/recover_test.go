package mpegts_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mpegts"
)

// mpegtsRecover recovers a slice in memory and leaves b alone.
func mpegtsRecover(t testing.TB, b []byte) (media.Summary, error) {
	t.Helper()
	return mpegts.Recover(&mediatest.File{Bytes: bytes.Clone(b)})
}

// grow returns the bytes of a slice of testUnits and where it ends after its
// header and each of its frames.
func grow() (file []byte, ends []int, facts mpegts.Slice) {
	m := mpegts.NewMuxer(testTracks)
	file = m.AppendHeader(nil)
	ends = append(ends, len(file))
	for i := range testUnits {
		before := len(file)
		if file = m.AppendUnits(file, testUnits[i:i+1]); len(file) > before {
			ends = append(ends, len(file))
		}
	}
	return file, ends, m.EndSlice()
}

// Whatever the byte at which a crash tore the file: all whole frames are kept,
// and the rest is gone.
func TestRecoverKeepsEveryWholeFrame(t *testing.T) {
	t.Parallel()
	whole, ends, _ := grow()
	for cut := range len(whole) + 1 {
		frames, end := -1, 0
		for _, e := range ends {
			if e <= cut {
				frames, end = frames+1, e
			}
		}
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		summary, err := mpegts.Recover(f)
		if frames < 1 {
			if !errors.Is(err, media.ErrNoMedia) || !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Recover of %d bytes = %v, want ErrNoMedia and the same bytes", cut, err)
			}
			continue
		}
		if err != nil || summary.VideoFrames+summary.AudioFrames != frames || summary.Size != int64(end) {
			t.Fatalf("Recover of %d bytes = %+v, %v, want %d frames in %d bytes", cut, summary, err, frames, end)
		}
		if !bytes.Equal(f.Bytes, whole[:end]) {
			t.Fatalf("Recover of %d bytes left %d, want the first %d", cut, len(f.Bytes), end)
		}
	}
}

// The end of a frame is found whatever the room that it leaves in its last
// packet.
func TestRecoverKnowsTheEndOfFramesOfEverySize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tracks media.Tracks
		unit   func(frame string) media.Unit
	}{
		{media.Tracks{Video: testTracks.Video}, func(frame string) media.Unit {
			return media.Unit{Kind: media.Video, Codec: media.H264, Key: true, Body: nalus(frame)}
		}},
		{media.Tracks{Audio: testTracks.Audio}, func(frame string) media.Unit {
			return media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, Body: []byte(frame)}
		}},
	} {
		for n := range 3 * packetSize {
			body := strings.Repeat("A", 1+n)
			u := tt.unit(body)
			m := mpegts.NewMuxer(tt.tracks)
			file := m.AppendUnits(m.AppendHeader(nil), []media.Unit{u})
			want := int64(len(file))
			if got, err := mpegtsRecover(t, file); err != nil || got.Size != want {
				t.Fatalf("Recover after %s of %d bytes = %+v, %v, want %d bytes", u.Kind, len(body), got, err, want)
			}
			u.DTS = 40 * time.Millisecond
			file = m.AppendUnits(file, []media.Unit{u})
			if got, err := mpegtsRecover(t, file[:len(file)-packetSize]); err != nil || got.Size != want {
				t.Fatalf("Recover without the last packet of %s of %d bytes = %+v, %v, want %d bytes", u.Kind, len(body), got, err, want)
			}
			for _, f := range read(t, file) {
				if got := f.parts[len(f.parts)-1]; got != body {
					t.Fatalf("%s of %d bytes is read as %q", u.Kind, len(body), got)
				}
			}
		}
	}
}

// What a crash leaves plays once it is recovered, up to the last whole frame.
func TestRecoveredSlicesPlay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, video, audio string }{
		{"H264 and AAC", mediatest.H264, mediatest.AAC},
		{"HEVC and MP3", mediatest.HEVC, mediatest.MP3},
		{"Opus", "", mediatest.Opus},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio)
			s := record(source.Tracks, source.Units)[0]
			var recovered []int64
			for cut := len(s.bytes); cut > len(s.bytes)-3*packetSize; cut-- {
				f := &mediatest.File{Bytes: bytes.Clone(s.bytes[:cut])}
				summary, err := mpegts.Recover(f)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(recovered, summary.Size) {
					continue
				}
				recovered = append(recovered, summary.Size)
				path := write(t, f.Bytes)
				checkPackets(t, path, s.units[:summary.VideoFrames+summary.AudioFrames])
				checkFrames(t, f.Bytes, source.Tracks, s.units[:summary.VideoFrames+summary.AudioFrames])
				decode(t, path)
			}
			if len(recovered) < 2 {
				t.Error("the cuts left one slice alone")
			}
		})
	}
}

func TestFinishTellsWhatTheSliceHolds(t *testing.T) {
	t.Parallel()
	file, _, facts := grow()
	f := &mediatest.File{Bytes: bytes.Clone(file)}
	got, err := facts.Finish(f)
	// The last frame of audio comes at 46 ms and lasts 23 ms as the one before.
	want := media.Summary{Duration: 69 * time.Millisecond, Size: int64(len(file)), VideoFrames: 2, AudioFrames: 3}
	if err != nil || got != want || !bytes.Equal(f.Bytes, file) {
		t.Errorf("Finish = %+v, %v, want %+v and the same bytes", got, err, want)
	}
	f.Fail, f.Budget = true, 1 // enough to sync, and no more
	if again, err := mpegts.Recover(f); err != nil || again != want {
		t.Errorf("Recover = %+v, %v, want %+v and no change", again, err, want)
	}
}

func TestSlicesLastFromTheirFirstFrameToTheNextSlice(t *testing.T) {
	t.Parallel()
	video := func(dts time.Duration) media.Unit {
		return media.Unit{Kind: media.Video, Codec: media.H264, Key: true, DTS: dts, Body: nalus("\x65key")}
	}
	m := mpegts.NewMuxer(testTracks)
	for i, tt := range []struct {
		name  string
		units []media.Unit
		want  time.Duration
	}{
		{"frame alone, whose length nobody knows", []media.Unit{video(0)}, 0},
		{"frame alone, which lasts as long as the one before", []media.Unit{video(40 * time.Millisecond)}, 40 * time.Millisecond},
		{"frames far from the start", []media.Unit{video(40 * time.Hour), video(40*time.Hour + 2*time.Second)}, 4 * time.Second},
	} {
		file := m.AppendUnits(m.AppendHeader(nil), tt.units)
		got, err := m.EndSlice().Finish(&mediatest.File{Bytes: file})
		if err != nil || got.Duration != tt.want || got.VideoFrames != len(tt.units) {
			t.Errorf("slice %d, %s: Finish = %+v, %v, want %v", i, tt.name, got, err, tt.want)
		}
	}
}

func TestASliceWithoutFramesIsNoMedia(t *testing.T) {
	t.Parallel()
	m := mpegts.NewMuxer(testTracks)
	file := m.AppendUnits(m.AppendHeader(nil), testUnits[:1])
	if _, err := m.EndSlice().Finish(&mediatest.File{Bytes: file}); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("Finish = %v, want ErrNoMedia", err)
	}
}

func TestFinishRecoversAFileThatLacksAWrite(t *testing.T) {
	t.Parallel()
	file, ends, facts := grow()
	f := &mediatest.File{Bytes: bytes.Clone(file[:len(file)-1])}
	got, err := facts.Finish(f)
	if want := ends[len(ends)-2]; err != nil || got.Size != int64(want) || len(f.Bytes) != want {
		t.Errorf("Finish = %+v, %v, want a file of %d bytes", got, err, want)
	}
}

func TestFaultsAreReported(t *testing.T) {
	t.Parallel()
	file, _, facts := grow()
	torn := file[:len(file)-1]
	for _, tt := range []struct {
		name string
		file *mediatest.File
		do   func(media.File) (media.Summary, error)
		want error
	}{
		{"input error while recovering", &mediatest.File{Bytes: bytes.Clone(torn), ReadLimit: 500}, mpegts.Recover, mediatest.ErrInput},
		{"cutting fails", &mediatest.File{Bytes: bytes.Clone(torn), Fail: true}, mpegts.Recover, mediatest.ErrCrash},
		{"syncing fails", &mediatest.File{Bytes: bytes.Clone(file), Fail: true}, facts.Finish, mediatest.ErrCrash},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := bytes.Clone(tt.file.Bytes)
			if _, err := tt.do(tt.file); !errors.Is(err, tt.want) || !bytes.Equal(tt.file.Bytes, before) {
				t.Errorf("error = %v, want %v and the same bytes", err, tt.want)
			}
		})
	}
}

func TestRecoverStopsAtWhatNoMuxerWrote(t *testing.T) {
	t.Parallel()
	file, ends, _ := grow()
	last := ends[len(ends)-2]
	for _, tt := range []struct {
		name  string
		at    int // in the last frame, which is one of audio in one packet
		bytes string
	}{
		{"zeros", 0, "\x00\x00\x00\x00"},
		{"error indicator", 1, "\xc1"},
		{"other PID", 2, "\x07"},
		{"tables in between", 1, "\x40\x00"},
		{"frame that goes on without a beginning", 1, "\x01"},
		{"video in the PID of audio", 1, "\x41\x00"},
		{"scrambled packet", 3, "\xb4"},
		{"counter that skips one", 3, "\x37"},
		{"adaptation field that is longer than the packet", 4, "\xb8"},
		{"no PES header", packetSize - 28, "\xff\xff\xff\xff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &mediatest.File{Bytes: bytes.Clone(file)}
			copy(f.Bytes[last+tt.at:], tt.bytes)
			if bytes.Equal(f.Bytes, file) {
				t.Fatal("the test changes nothing")
			}
			if s, err := mpegts.Recover(f); err != nil || s.Size != int64(last) {
				t.Errorf("Recover = %+v, %v, want the first %d bytes", s, err, last)
			}
		})
	}
}

func FuzzRecoverMPEGTS(f *testing.F) {
	file, ends, _ := grow()
	f.Add(file)
	f.Add(file[:ends[2]+100])
	f.Add([]byte(nil))
	m := mpegts.NewMuxer(testTracks)
	f.Add(m.AppendUnits(m.AppendHeader(nil), testUnits[2:4])) // a PCR alone
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		s, err := mpegts.Recover(file)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("Recover failed with %v, yet changed the file", err)
			}
			return
		}
		if s.Size != int64(len(file.Bytes)) || !bytes.HasPrefix(b, file.Bytes) || s.VideoFrames+s.AudioFrames == 0 || s.Duration < 0 {
			t.Errorf("Recover = %+v of a file of %d bytes", s, len(b))
		}
		if again, err := mpegts.Recover(file); err != nil || again != s {
			t.Errorf("recovering again = %+v, %v, want %+v", again, err, s)
		}
	})
}
