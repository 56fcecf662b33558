package mpegts_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mpegts"
)

// demux returns the frames of slices as units.
func demux(t testing.TB, d *mpegts.Demuxer, slices ...[]byte) (units []media.Unit) {
	t.Helper()
	for _, b := range slices {
		d.BeginSlice()
		err := d.Read(b, func(f mpegts.Frame) error {
			units = append(units, media.Unit{Kind: f.Kind, Key: f.Key, DTS: f.DTS, Composition: f.Composition, Body: bytes.Clone(f.Body)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return units
}

func TestFramesAreReadAsTheyWerePushed(t *testing.T) {
	t.Parallel()
	for _, codings := range [][2]string{
		{mediatest.H264, mediatest.AAC}, {mediatest.HEVC, mediatest.Opus}, {mediatest.H264, mediatest.MP3}, {"", mediatest.Opus},
	} {
		s := mediatest.NewSource(t, codings[0], codings[1])
		var slices [][]byte
		for _, r := range record(s.Tracks, s.Units) {
			slices = append(slices, r.bytes)
		}
		checkUnits(t, demux(t, mpegts.NewDemuxer(s.Tracks), slices...), s.Units)
	}
}

// checkUnits compares frames with the units that they should be. The clock of the
// stream begins anywhere.
func checkUnits(t *testing.T, got, want []media.Unit) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	zero := got[0].DTS - want[0].DTS
	for i, g := range got {
		w := want[i]
		off := (g.PTS() - zero - w.PTS()).Abs()
		if g.Kind != w.Kind || g.Key != w.Key || off > 20*time.Microsecond || !bytes.Equal(g.Body, w.Body) {
			t.Fatalf("frame %d is %v %t at %v with %d bytes, want %v %t at %v with %d bytes",
				i, g.Kind, g.Key, g.PTS()-zero, len(g.Body), w.Kind, w.Key, w.PTS(), len(w.Body))
		}
	}
}

func TestReadingCanBeginWithAnyFrame(t *testing.T) {
	t.Parallel()
	file, ends, _ := grow()
	d := mpegts.NewDemuxer(testTracks)
	all := demux(t, d, file)
	for i := range all {
		d.BeginFrame()
		n := i
		err := d.Read(file[ends[i]:], func(f mpegts.Frame) error {
			if w := all[n]; f.Kind != w.Kind || f.Key != w.Key || !bytes.Equal(f.Body, w.Body) {
				t.Errorf("from frame %d on: frame %d differs", i, n)
			}
			n++
			return nil
		})
		if err != nil || n != len(all) {
			t.Errorf("from frame %d on: %d frames, %v; want %d", i, n-i, err, len(all)-i)
		}
	}
}

func TestReadingEndsWithTheErrorOfWhoeverIsTold(t *testing.T) {
	t.Parallel()
	file, ends, _ := grow()
	enough := errors.New("enough")
	var end int64
	err := mpegts.NewDemuxer(testTracks).Read(file, func(f mpegts.Frame) error {
		end = f.End
		return enough
	})
	if err != enough || end != int64(ends[1]) {
		t.Errorf("%v after a frame that ends at %d, want its own error, and %d", err, end, ends[1])
	}
}

func TestWhatNoMuxerWroteIsRefused(t *testing.T) {
	t.Parallel()
	file, ends, _ := grow()
	alter := func(at int, b string) []byte {
		altered := bytes.Clone(file)
		copy(altered[at:], b)
		return altered
	}
	for _, tt := range []struct {
		name   string
		tracks media.Tracks
		b      []byte
	}{
		{"part of a packet", testTracks, file[:len(file)-1]},
		{"no tables", testTracks, file[ends[0]:]},
		{"another packet", testTracks, alter(ends[0], "\x00")},
		{"a frame of a track that nobody knows of", media.Tracks{Video: testTracks.Video}, file},
		{"sound without its header", testTracks, alter(ends[2]-7-7, "\x00")},
	} {
		if err := mpegts.NewDemuxer(tt.tracks).Read(tt.b, func(mpegts.Frame) error { return nil }); err == nil {
			t.Errorf("%s: taken", tt.name)
		}
	}
}

func FuzzDemuxer(f *testing.F) {
	file, ends, _ := grow()
	f.Add(file, true)
	f.Add(file[ends[1]:], false)
	f.Fuzz(func(t *testing.T, b []byte, slice bool) {
		d := mpegts.NewDemuxer(testTracks)
		d.BeginFrame()
		if slice {
			d.BeginSlice()
		}
		last := int64(0)
		d.Read(b, func(f mpegts.Frame) error {
			if len(f.Body) == 0 || f.End <= last || f.End%mpegts.PacketSize != 0 || slice && f.End > int64(len(b)) {
				t.Errorf("frame of %d bytes ends at %d, the last at %d", len(f.Body), f.End, last)
			}
			last = f.End
			return nil
		})
	})
}
