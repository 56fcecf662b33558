package e2e

import (
	"bufio"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// How encoders wrap HEVC: Enhanced RTMP, section "Enhanced Video", and codec id
// 12, which has no specification. head returns what precedes the data of u.
var hevcWrappings = []struct {
	name string
	head func(u *media.Unit) []byte
}{
	{"Enhanced RTMP", func(u *media.Unit) []byte { return enhancedHead(u, "hvc1") }},
	{"codec id 12", func(u *media.Unit) []byte { return legacyHead(u, 12) }},
}

// ffmpeg 5 cannot push HEVC by RTMP, so that a publisher does it.
func TestHEVCIsRecordedAsPushed(t *testing.T) {
	t.Parallel()
	for _, wrapping := range hevcWrappings {
		t.Run(wrapping.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, mediatest.HEVC, mediatest.AAC)
			units := mediatest.Milliseconds(source.Units)
			s := startServer(t, t.TempDir())
			s.configure(t, time.Hour)
			push(t, s.pushURL("show"), tagsOf(source.Tracks, units, wrapping.head))
			s.stop(t)

			path := s.recording(t, "show", "mp4")
			checkPackets(t, path, packetsOf(t, path), map[string][]mediatest.Packet{
				"v:0": packetsFrom(units, media.Video), "a:0": packetsFrom(units, media.Audio)})
			got, want := mediatest.DecodedHashes(t, path, "v:0"), mediatest.DecodedHashes(t, source.Path, "v:0")
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d pictures decode, the source has %d; their hashes differ", path, len(got), len(want))
			}
			checkUnits(t, s.recording(t, "show", "flv"), units)
		})
	}
}

// packetsFrom returns what ffprobe should find of the units of one kind.
func packetsFrom(units []media.Unit, kind media.Kind) []mediatest.Packet {
	var packets []mediatest.Packet
	for i := range units {
		if u := &units[i]; u.Kind == kind {
			packets = append(packets, mediatest.Packet{PTS: u.PTS(), DTS: u.DTS, Size: len(u.Body), Key: u.Key, Hash: mediatest.Hash(u.Body)})
		}
	}
	return packets
}

// checkUnits reads an FLV file, which ffprobe 5 could not with HEVC in it, and
// compares its frames.
func checkUnits(t *testing.T, path string, want []media.Unit) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := flv.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !isFrame(t, tag) {
			continue
		}
		got, _, err := tag.Unit()
		if err != nil || n == len(want) {
			t.Fatalf("%s: frame %d: %v; %d frames were pushed", path, n, err, len(want))
		}
		if w := want[n]; got.Codec != w.Codec || got.DTS != w.DTS || got.Composition != w.Composition || got.Key != w.Key || string(got.Body) != string(w.Body) {
			t.Fatalf("%s: frame %d is %v %v+%v key %t with %d bytes, want %v %v+%v key %t with %d bytes", path, n,
				got.Codec, got.DTS, got.Composition, got.Key, len(got.Body), w.Codec, w.DTS, w.Composition, w.Key, len(w.Body))
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%s has %d frames, want %d", path, n, len(want))
	}
}
