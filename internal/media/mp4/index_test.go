package mp4_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// header returns what a file begins with whose index that is, without its media.
func header(t testing.TB, x *mp4.Index, size int64) []byte {
	t.Helper()
	b, err := x.AppendHeader(nil, size)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// moov has another library read the moov of a header.
func moov(t testing.TB, header []byte) *mp4ff.MoovBox {
	t.Helper()
	for r, at := bytes.NewReader(header), uint64(0); ; {
		box, err := mp4ff.DecodeBox(at, r)
		if err != nil {
			t.Fatal(err)
		}
		at += box.Size()
		if m, ok := box.(*mp4ff.MoovBox); ok {
			return m
		}
	}
}

func TestAnIndexIsThatOfTheFinishedFile(t *testing.T) {
	t.Parallel()
	for _, codings := range [][2]string{{mediatest.H264, mediatest.AAC}, {mediatest.HEVC, mediatest.Opus}, {"", mediatest.MP3}, {mediatest.AV1, ""}} {
		s := mediatest.NewSource(t, codings[0], codings[1])
		for name, units := range map[string][]media.Unit{
			"from the begin on": s.Units,
			"begun late":        shift(s.Units, media.Audio, 300*time.Millisecond),
			"of one frame":      s.Units[:1],
		} {
			batches := mediatest.Batches(units, 500*time.Millisecond)
			growing, _ := grow(s.Tracks, batches)
			whole := finished(t, s.Tracks, batches...)
			g, gEnd, err1 := mp4.ReadIndex(bytes.NewReader(growing), int64(len(growing)))
			f, fEnd, err2 := mp4.ReadIndex(bytes.NewReader(whole), int64(len(whole)))
			if err := errors.Join(err1, err2); err != nil {
				t.Fatalf("%q %s: %v", codings, name, err)
			}
			if gEnd != int64(len(growing)) || fEnd != gEnd || f.Duration() != g.Duration() {
				t.Errorf("%q %s: the finished file ends at %d after %v, the growing at %d after %v", codings, name, fEnd, f.Duration(), gEnd, g.Duration())
			}
			if !bytes.Equal(header(t, f, fEnd), header(t, g, gEnd)) {
				t.Errorf("%q %s: the tables of the finished file are read as others than those of its fragments", codings, name)
			}
		}
	}
}

func TestAFinishedFileIsIndexedByItsTables(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	whole := finished(t, s.Tracks, mediatest.Batches(s.Units, 100*time.Millisecond)...)
	r := &readsCounter{ReaderAt: bytes.NewReader(whole)}
	if _, end, err := mp4.ReadIndex(r, int64(len(whole))); err != nil || r.reads > 4 {
		t.Errorf("media up to %d, %v; %d reads, want 4 at most", end, err, r.reads)
	}
}

// A readsCounter counts the reads of a file.
type readsCounter struct {
	io.ReaderAt
	reads int
}

func (c *readsCounter) ReadAt(b []byte, offset int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(b, offset)
}

func TestDamagedTablesAreRefused(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	whole := finished(t, s.Tracks, s.Units)
	at := bytes.LastIndex(whole, []byte("moov"))
	for _, typ := range []string{"mdhd", "stsz", "stts", "elst", "ctts", "stss", "stsc", "stco"} {
		i := bytes.Index(whole[at:], []byte(typ))
		if i < 0 {
			if typ == "elst" {
				continue // the file begins at 0
			}
			t.Fatalf("the file has no %s", typ)
		}
		damaged := bytes.Clone(whole)
		count := at + i + len(typ) + 4 // number of entries, or of mdhd nothing that counts
		switch typ {
		case "mdhd":
			count += 16 // timescale
		case "stsz":
			count += 4
		}
		damaged[count+3]++
		if _, _, err := mp4.ReadIndex(bytes.NewReader(damaged), int64(len(damaged))); err == nil {
			t.Errorf("a %s with another count is taken", typ)
		}
	}
}

func TestAHeaderPointsBehindItself(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for _, tt := range []struct {
		name   string
		offset int64 // of the last chunk, in the payload
		wide   bool
	}{
		{"a small file", 1 << 20, false},
		{"the last that 32 bits hold", 1<<32 - 3000, false},
		{"one that 64 bits need because of the header", 1<<32 - 200, true},
		{"a large file", 1 << 40, true},
	} {
		x := mp4.NewIndex(s.Tracks)
		x.AddChunk(media.Video, 0, []mp4.Sample{{Size: 10, Key: true}, {DTS: 40 * time.Millisecond, Size: 20}})
		x.AddChunk(media.Audio, tt.offset, []mp4.Sample{{Size: 5, Key: true}})
		size := tt.offset + 5
		b := header(t, x, size)
		m := moov(t, b)
		var got []uint64
		for _, trak := range m.Traks {
			stbl := trak.Mdia.Minf.Stbl
			if stbl.Co64 != nil {
				got = append(got, stbl.Co64.ChunkOffset...)
				continue
			}
			for _, at := range stbl.Stco.ChunkOffset {
				got = append(got, uint64(at))
			}
		}
		want := []uint64{uint64(len(b)), uint64(len(b)) + uint64(tt.offset)}
		if !slices.Equal(got, want) {
			t.Errorf("%s: chunks at %d, want %d", tt.name, got, want)
		}
		if wide := m.Traks[1].Mdia.Minf.Stbl.Co64 != nil; wide != tt.wide {
			t.Errorf("%s: offsets of 64 bits: %t, want %t", tt.name, wide, tt.wide)
		}
		mdat := b[len(b)-16:]
		if string(mdat[4:8]) != "mdat" || !bytes.Equal(mdat[8:], []byte{0, 0, byte((size + 16) >> 40), byte((size + 16) >> 32), byte((size + 16) >> 24), byte((size + 16) >> 16), byte((size + 16) >> 8), byte(size + 16)}) {
			t.Errorf("%s: mdat header % x for %d bytes", tt.name, mdat, size)
		}
	}
}

func TestDTSOfAnIndexNeverFalls(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	x := mp4.NewIndex(s.Tracks)
	const ms = time.Millisecond
	x.AddChunk(media.Video, 0, []mp4.Sample{{DTS: -10 * ms, Composition: 50 * ms, Size: 1}, {DTS: 40 * ms, Size: 1}, {DTS: 30 * ms, Composition: 20 * ms, Size: 1}})
	stbl := moov(t, header(t, x, 3)).Traks[0].Mdia.Minf.Stbl
	var got []int64
	for n := uint32(1); n <= 3; n++ {
		dts, _ := stbl.Stts.GetDecodeTime(n)
		got = append(got, int64(dts)/90, (int64(dts)+int64(stbl.Ctts.GetCompositionTimeOffset(n)))/90)
	}
	if want := []int64{0, 40, 40, 40, 40, 50}; !slices.Equal(got, want) {
		t.Errorf("DTS and PTS in ms: %d, want %d", got, want)
	}
}

func TestAnIndexWithoutSamplesHasNoMedia(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	x := mp4.NewIndex(s.Tracks)
	x.AddChunk(media.Video, 0, nil)
	x.Rebase()
	if b, err := x.AppendHeader(nil, 0); !errors.Is(err, media.ErrNoMedia) || len(b) > 0 || x.Duration() != 0 {
		t.Errorf("%d bytes, %v, %v", len(b), err, x.Duration())
	}
}

func TestSegmentsOfAnotherKindAreRefused(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	video, audio := segment(t, *s.Tracks.Video, media.Video, s.Units), segment(t, *s.Tracks.Audio, media.Audio, s.Units)
	vInit, aInit := video.init, audio.init
	for name, inits := range map[string][][]byte{
		"the order is another": {aInit, vInit},
		"one comes twice":      {vInit, vInit},
		"none":                 {nil},
		"torn":                 {vInit[:len(vInit)-1]},
	} {
		if _, err := mp4.NewSegmentIndex(inits...); err == nil {
			t.Errorf("initialization sections: %s: taken", name)
		}
	}
	x, err := mp4.NewSegmentIndex(vInit)
	if err != nil {
		t.Fatal(err)
	}
	add := func(b []byte) error { return x.AddSegment(bytes.NewReader(b), int64(len(b)), 0) }
	first := video.segments[0]
	for name, b := range map[string][]byte{
		"of sound": audio.segments[0], "torn": first[:len(first)-1], "with more behind it": append(bytes.Clone(first), 0), "empty": nil,
	} {
		if err := add(b); err == nil {
			t.Errorf("a segment %s: taken", name)
		}
	}
}
