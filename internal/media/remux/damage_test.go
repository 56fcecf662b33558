package remux_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
	"tallylight/internal/media/remux"
)

func TestARecordingWithoutFramesIsNoFile(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, "", mediatest.AAC)
	for _, format := range formats {
		if format.name == "FLV" || format.name == "MP4" {
			continue // such are not finished
		}
		if f, err := format.record(t, s.Tracks, s.Units[:0]).index(); !errors.Is(err, media.ErrNoMedia) {
			t.Errorf("%s: %v, %v", format.name, f, err)
		}
	}
}

func TestOtherTracksAreRefused(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	other := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("other")}, Audio: s.Tracks.Audio}
	flv := recordFLV(t, s.Tracks, s.Units).objects
	for _, tt := range []struct {
		name  string
		index func() (*remux.File, error)
	}{
		{"FLV with another configuration", func() (*remux.File, error) { return remux.FLV(flv[0], other) }},
		{"FLV with pictures that nobody knows of", func() (*remux.File, error) { return remux.FLV(flv[0], media.Tracks{Audio: s.Tracks.Audio}) }},
		{"MPEG-TS with pictures that nobody knows of", func() (*remux.File, error) {
			return remux.TS(recordTS(t, s.Tracks, s.Units).objects, media.Tracks{Audio: s.Tracks.Audio})
		}},
	} {
		if f, err := tt.index(); !errors.Is(err, media.ErrOtherTracks) {
			t.Errorf("%s: %v, %v", tt.name, f, err)
		}
	}
}

func TestATornLastTagIsPassedOver(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	whole := recordFLV(t, s.Tracks, s.Units).plain[0]
	f, err := remux.FLV(object(whole[:len(whole)-1]), s.Tracks)
	if err != nil {
		t.Fatal(err)
	}
	read(t, f, []remux.Object{object(whole[:len(whole)-1])})
}

func TestAnotherRecordingThanThatOfTheIndexIsAnError(t *testing.T) {
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
			if _, err := f.Open(nil); err == nil {
				t.Error("opened without objects")
			}
			// The last object is shorter than it was.
			short := slices.Clone(r.objects)
			last := short[len(short)-1]
			short[len(short)-1].ReaderAt = io.NewSectionReader(last, 0, last.Size/2)
			reader, err := f.Open(short)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, reader); err == nil {
				t.Errorf("read %d bytes", n)
			}
		})
	}
}

func TestFramesOfOtherSizesAreAnError(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, "", mediatest.AAC)
	r := recordFLV(t, s.Tracks, s.Units)
	f, err := r.index()
	if err != nil {
		t.Fatal(err)
	}
	// One tag has become a script.
	other := bytes.Clone(r.plain[0])
	at := bytes.LastIndex(other, []byte("\xaf\x01")) - 11
	other[at] = 18
	reader, err := f.Open([]remux.Object{object(other)})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, reader); err == nil {
		t.Errorf("read %d bytes", n)
	}
}

// present does with bytes all that can be done with a recording of them.
func present(objects []remux.Object, index func() (*remux.File, error)) {
	f, err := index()
	if err != nil {
		return // refusing is fine; crashing is not
	}
	reader, err := f.Open(objects)
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(reader)
	if err == nil && int64(len(b)) != f.Size() {
		panic("read less than the file has")
	}
	again, err := remux.Decode(f.AppendBinary(nil))
	if err != nil || !bytes.Equal(again.AppendBinary(nil), f.AppendBinary(nil)) {
		panic("what was encoded is decoded to something else")
	}
}

// A short recording of made-up frames, for seeds.
var (
	seedTracks = media.Tracks{
		Video: &media.Track{Codec: media.H264, Config: []byte("\x01\x64\x00\x1f\xff\xe1\x00\x03\x67ab\x01\x00\x02\x68c")},
		Audio: &media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}},
	}
	seedUnits = []media.Unit{
		{Kind: media.Video, Codec: media.H264, Key: true, Composition: 40 * time.Millisecond, Body: []byte("\x00\x00\x00\x04\x65key")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 20 * time.Millisecond, Body: []byte("sound 1")},
		{Kind: media.Video, Codec: media.H264, DTS: 2 * time.Second, Body: []byte("\x00\x00\x00\x06\x41delta")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 3 * time.Second, Body: []byte("sound 2")},
	}
)

// fuzz fuzzes what is made of an object of a format.
func fuzz(f *testing.F, record func(testing.TB, media.Tracks, []media.Unit) recording, index func(b []byte) (*remux.File, error)) {
	for _, o := range record(f, seedTracks, seedUnits).objects {
		b := make([]byte, o.Size)
		if _, err := o.ReadAt(b, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		present([]remux.Object{object(b)}, func() (*remux.File, error) { return index(b) })
	})
}

func FuzzFLV(f *testing.F) {
	fuzz(f, recordFLV, func(b []byte) (*remux.File, error) { return remux.FLV(object(b), seedTracks) })
}

func FuzzTS(f *testing.F) {
	fuzz(f, recordTS, func(b []byte) (*remux.File, error) { return remux.TS([]remux.Object{object(b)}, seedTracks) })
}

func FuzzMP4(f *testing.F) {
	fuzz(f, func(t testing.TB, tracks media.Tracks, units []media.Unit) recording {
		return recordMP4(t, tracks, units, true)
	},
		func(b []byte) (*remux.File, error) { return remux.MP4(object(b)) })
}

func FuzzCMAF(f *testing.F) {
	init := mp4.NewSegmentWriter(*seedTracks.Video, media.Video).AppendInit(nil)
	fuzz(f, recordCMAF, func(b []byte) (*remux.File, error) {
		return remux.CMAF([][]byte{init}, []remux.Object{object(b)})
	})
}

func FuzzDecode(f *testing.F) {
	for _, format := range formats {
		file, err := format.record(f, seedTracks, seedUnits).index()
		if err != nil {
			f.Fatal(err)
		}
		b := file.AppendBinary(nil)
		f.Add(b[:len(b)-4])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// With its checksum, so that it is read at all.
		b = binary.BigEndian.AppendUint32(bytes.Clone(b), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		file, err := remux.Decode(b)
		if err != nil {
			return
		}
		again, err := remux.Decode(file.AppendBinary(nil))
		if err != nil || again.Size() != file.Size() || again.Duration() != file.Duration() {
			t.Errorf("Decode(AppendBinary) = %v, %v", again, err)
		}
	})
}
