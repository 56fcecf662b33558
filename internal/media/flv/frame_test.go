package flv_test

import (
	"bytes"
	"errors"
	"testing"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// recorded returns the bytes of a file of units.
func recorded(tracks media.Tracks, units []media.Unit) []byte {
	w := flv.NewWriter(tracks)
	return w.AppendUnits(w.AppendHeader(nil), units)
}

func scanAll(b []byte, tracks media.Tracks) (frames []flv.Frame, err error) {
	err = flv.Scan(bytes.NewReader(b), int64(len(b)), tracks, func(f flv.Frame) error {
		f.Head = bytes.Clone(f.Head)
		frames = append(frames, f)
		return nil
	})
	return frames, err
}

func TestFramesAreFoundByTheirHeaders(t *testing.T) {
	t.Parallel()
	for _, codings := range [][2]string{
		{mediatest.H264, mediatest.AAC}, {mediatest.HEVC, mediatest.Opus}, {mediatest.AV1, mediatest.MP3},
	} {
		s := mediatest.NewSource(t, codings[0], codings[1])
		units := mediatest.Milliseconds(s.Units)
		b := recorded(s.Tracks, units)
		frames, err := scanAll(b, s.Tracks)
		if err != nil || len(frames) != len(units) {
			t.Fatalf("%q: %d frames, %v; want %d", codings, len(frames), err, len(units))
		}
		for i, f := range frames {
			u := units[i]
			if f.Kind != u.Kind || f.Key != u.Key || f.DTS != u.DTS || f.Composition != u.Composition || f.Size != len(u.Body) || !bytes.HasPrefix(u.Body, f.Head) {
				t.Fatalf("%q: frame %d is %+v, want %+v", codings, i, f, u)
			}
			video, audio, err := flv.AppendFrames(nil, nil, b[f.Tag:f.End])
			if err != nil || !bytes.Equal(append(video, audio...), u.Body) {
				t.Fatalf("%q: frame %d is not in its tag: %v", codings, i, err)
			}
		}
	}
}

// A pageCounter counts what is read of a file.
type pageCounter struct {
	*bytes.Reader
	bytes int
}

func (c *pageCounter) ReadAt(b []byte, offset int64) (int, error) {
	n, err := c.Reader.ReadAt(b, offset)
	c.bytes += n
	return n, err
}

func TestMediaIsSkipped(t *testing.T) {
	t.Parallel()
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("config")}}
	u := media.Unit{Kind: media.Video, Codec: media.H264, Key: true, Body: make([]byte, 1<<20)}
	b := recorded(tracks, []media.Unit{u, u, u, u})
	c := &pageCounter{Reader: bytes.NewReader(b)}
	if err := flv.Scan(c, int64(len(b)), tracks, func(flv.Frame) error { return nil }); err != nil || c.bytes > 32<<10 {
		t.Errorf("read %d bytes of %d, %v", c.bytes, len(b), err)
	}
}

func TestScanRefusesWhatItsTracksDoNotTell(t *testing.T) {
	t.Parallel()
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("config")}}
	h264 := media.Unit{Kind: media.Video, Codec: media.H264, Key: true, Body: []byte("picture")}
	file := recorded(tracks, []media.Unit{h264})
	tag := func(body string) []byte {
		return flv.Tag{Type: flv.TagVideo, Body: []byte(body)}.Append(bytes.Clone(file))
	}
	for _, tt := range []struct {
		name   string
		b      []byte
		tracks media.Tracks
		want   error
	}{
		{"another configuration", file, media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("other")}}, media.ErrOtherTracks},
		{"another coding", file, media.Tracks{Video: &media.Track{Codec: media.HEVC, Config: []byte("config")}}, media.ErrOtherTracks},
		{"no such track", file, media.Tracks{}, media.ErrOtherTracks},
		{"the configuration changes", tag("\x17\x00\x00\x00\x00changed"), tracks, media.ErrOtherTracks},
		{"a tag of another type", append(bytes.Clone(file), make([]byte, 20)...), tracks, nil},
		{"another file", []byte("no FLV at all"), tracks, nil},
		{"nothing", nil, tracks, nil},
	} {
		if frames, err := scanAll(tt.b, tt.tracks); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %d frames, %v; want an error like %v", tt.name, len(frames), err, tt.want)
		}
	}
}

func TestScanPassesOverWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("config")}}
	file := recorded(tracks, []media.Unit{
		{Kind: media.Video, Codec: media.H264, Key: true, Body: []byte("picture")},
		{Kind: media.Data, Body: []byte("\x02\x00\x0aonTextData\x05")},
	})
	file = flv.Tag{Type: flv.TagVideo, Body: []byte("\x17\x02\x00\x00\x00")}.Append(file) // end of sequence
	for cut := range 4 {
		if frames, err := scanAll(file[:len(file)-cut], tracks); err != nil || len(frames) != 1 {
			t.Errorf("%d bytes cut off: %d frames, %v; want 1", cut, len(frames), err)
		}
	}
}

func FuzzScan(f *testing.F) {
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte("config")}, Audio: &media.Track{Codec: media.MP3}}
	units := mediatest.Batch()[:6]
	for i := range units {
		units[i].Body = units[i].Body[:20]
		if units[i].Kind == media.Audio {
			units[i].Codec = media.MP3
		}
	}
	file := recorded(tracks, units)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(0)
		flv.Scan(bytes.NewReader(b), int64(len(b)), tracks, func(f flv.Frame) error {
			if f.Size <= 0 || f.Tag < last || f.End > int64(len(b)) || f.End-f.Tag <= int64(f.Size) {
				t.Errorf("frame %+v in %d bytes, behind %d", f, len(b), last)
			}
			last = f.End
			video, audio, err := flv.AppendFrames(nil, nil, b[f.Tag:f.End])
			if err == nil && len(video)+len(audio) != f.Size {
				t.Errorf("frame %+v has %d bytes in its tag", f, len(video)+len(audio))
			}
			return nil
		})
	})
}
