package mpegts_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	judge "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
)

// A frame is what mediacommon finds of one frame. Access unit delimiters are not
// among its parts.
type frame struct {
	kind     media.Kind
	pts, dts int64    // 33 bits at 90 kHz
	parts    []string // NAL units, or one audio frame
}

// String tells a frame without its bytes.
func (f frame) String() string {
	var sizes []int
	for _, p := range f.parts {
		sizes = append(sizes, len(p))
	}
	return fmt.Sprintf("%s with PTS %d, DTS %d and parts of %v bytes", f.kind, f.pts, f.dts, sizes)
}

// read reads a stream with mediacommon, which must find no fault in it.
func read(t testing.TB, stream []byte) []frame {
	t.Helper()
	r := &judge.Reader{R: bytes.NewReader(stream)}
	if err := r.Initialize(); err != nil {
		t.Fatal(err)
	}
	r.OnDecodeError(func(err error) { t.Errorf("mediacommon: %v", err) })
	var frames []frame
	video := func(pts, dts int64, au [][]byte) error {
		frames = append(frames, frame{media.Video, pts, dts, texts(au)})
		return nil
	}
	audio := func(pts int64, packets [][]byte) error {
		frames = append(frames, frame{media.Audio, pts, pts, texts(packets)})
		return nil
	}
	for _, track := range r.Tracks() {
		switch track.Codec.(type) {
		case *codecs.H264:
			r.OnDataH264(track, video)
		case *codecs.H265:
			r.OnDataH265(track, video)
		case *codecs.MPEG4Audio:
			r.OnDataMPEG4Audio(track, audio)
		case *codecs.MPEG1Audio:
			r.OnDataMPEG1Audio(track, audio)
		case *codecs.Opus:
			r.OnDataOpus(track, audio)
		default:
			t.Fatalf("mediacommon finds a track of %T", track.Codec)
		}
	}
	for {
		switch err := r.Read(); {
		case errors.Is(err, io.EOF):
			return frames
		case err != nil:
			t.Fatal(err)
		}
	}
}

func texts(parts [][]byte) []string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, string(p))
	}
	return texts
}

// framesOf returns what mediacommon should find of the units of one kind;
// parameters precede those of each key frame.
func framesOf(units []media.Unit, kind media.Kind, parameters []string) []frame {
	var frames []frame
	for i := range units {
		u := &units[i]
		if u.Kind != kind || u.Config {
			continue
		}
		f := frame{kind: kind, pts: timestamp(u.PTS()), dts: timestamp(u.DTS), parts: []string{string(u.Body)}}
		if kind == media.Video {
			f.parts = nil
			if u.Key {
				f.parts = append(f.parts, parameters...)
			}
			for b := u.Body; len(b) > 0; {
				n := 4 + binary.BigEndian.Uint32(b)
				f.parts = append(f.parts, string(b[4:n]))
				b = b[n:]
			}
		}
		frames = append(frames, f)
	}
	return frames
}

// timestamp returns what should stand in the stream for a time of the recording.
func timestamp(d time.Duration) int64 {
	n := (int64(d+start)*9 + 50_000) / 100_000
	return n & (1<<33 - 1)
}

func TestAnotherReaderFindsWhatWasPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range sources {
		if tt.audioArgs != nil && tt.audio == mediatest.MP3 {
			continue // mediacommon reads MP3 at full rates alone
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...)
			recorded := record(source.Tracks, source.Units)
			for _, s := range recorded {
				checkFrames(t, s.bytes, source.Tracks, s.units)
			}
			checkFrames(t, concatenate(recorded), source.Tracks, source.Units)
		})
	}
}

func checkFrames(t *testing.T, stream []byte, tracks media.Tracks, units []media.Unit) {
	t.Helper()
	frames := read(t, stream)
	for _, kind := range []media.Kind{media.Video, media.Audio} {
		var got []frame
		for _, f := range frames {
			if f.kind == kind {
				got = append(got, f)
			}
		}
		want := framesOf(units, kind, parameterSets(tracks.Video))
		if len(got) != len(want) {
			t.Errorf("mediacommon finds %d frames of %s, want %d", len(got), kind, len(want))
			continue
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("%s frame %d = %v, want %v", kind, i, got[i], want[i])
				break
			}
		}
	}
}

// parameterSets returns the parameter sets of a real track. In their records
// each stands behind a length of two bytes.
func parameterSets(track *media.Track) []string {
	if track == nil {
		return nil
	}
	var sets []string
	cut := func(b []byte) []byte {
		n := 2 + binary.BigEndian.Uint16(b)
		sets = append(sets, string(b[2:n]))
		return b[n:]
	}
	if b := track.Config; track.Codec == media.H264 {
		b = cut(b[6:]) // one SPS
		cut(b[1:])     // one PPS
	} else {
		arrays := b[22]
		b = b[23:]
		for range arrays {
			count := binary.BigEndian.Uint16(b[1:])
			b = b[3:]
			for range count {
				b = cut(b)
			}
		}
	}
	return sets
}

// 33 bits of 90 kHz last 26.5 hours.
func TestTimestampsWrap(t *testing.T) {
	t.Parallel()
	source := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	wrap := time.Duration(1<<33) * time.Second / 90000
	for i := range source.Units {
		source.Units[i].DTS += wrap - start - 2500*time.Millisecond
	}
	recorded := record(source.Tracks, source.Units)
	wraps := 0
	for _, s := range recorded {
		checkFrames(t, s.bytes, source.Tracks, s.units)
		if first, last := s.units[0], s.units[len(s.units)-1]; timestamp(first.DTS) > timestamp(last.DTS) {
			wraps++
			want, err := s.facts.Finish(&mediatest.File{Bytes: s.bytes})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := mpegtsRecover(t, s.bytes); err != nil || got != want {
				t.Errorf("Recover of the slice that wraps = %+v, %v, want %+v", got, err, want)
			}
		}
	}
	if wraps != 1 {
		t.Errorf("%d slices wrap, want 1", wraps)
	}
	path := write(t, concatenate(recorded))
	got := mediatest.DecodedHashes(t, path, "v:0")
	want := mediatest.DecodedHashes(t, source.Path, "v:0", "-ignore_editlist", "1")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("stream that wraps decodes into other frames than the source's: %d, want %d", len(got), len(want))
	}
}
