package e2e

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/hls/hlstest"
)

// judgeFile compares a record file with the part of sources that it should hold.
func judgeFile(t *testing.T, data string, f recordFile, want part) {
	t.Helper()
	path := f.path(data)
	if info, err := os.Stat(path); err != nil {
		t.Fatal(err)
	} else if info.Size() != f.Size {
		t.Errorf("%s has %d bytes, the file %d", path, info.Size(), f.Size)
	}
	// A frame's time is added for each span, and for pictures that are shown late.
	last, tolerance := want.duration(), time.Duration(len(want))*100*time.Millisecond
	if (f.duration() - last).Abs() > tolerance {
		t.Errorf("%s is said to last %v, want some %v", path, f.duration(), last)
	}
	tracks := want[0].tracks()
	if f.Format == "flv" {
		judgeTags(t, path, want)
		if !tracks.legacy() {
			return // ffmpeg 5 reads the codecs that FLV had at first, and no others
		}
	}
	entries := []string{path}
	if f.Format == "cmaf" {
		playlist := filepath.Join(filepath.Dir(path), live.CMAFPlaylistKey(filepath.Base(path), live.SliceMuxed))
		entries = append(entries, playlist)
		judgePlaylists(t, filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".mpd"))
	}
	if f.Format == "m3u8" {
		judgePlaylists(t, filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".m3u8"))
	}
	for _, entry := range entries {
		judgeDecoded(t, entry, f.Format, tracks, want)
	}
}

func (f recordFile) duration() time.Duration {
	return time.Duration(f.Seconds * float64(time.Second))
}

// tracks are those of the units.
func (s span) tracks() spanTracks {
	var found spanTracks
	if len(ofKind(s.units, media.Video)) > 0 {
		found.Video = s.source.tracks.Video
	}
	if len(ofKind(s.units, media.Audio)) > 0 {
		found.Audio = s.source.tracks.Audio
	}
	return found
}

type spanTracks media.Tracks

// legacy reports whether FLV had codes for all codecs before Enhanced RTMP.
func (s spanTracks) legacy() bool {
	return (s.Video == nil || s.Video.Codec == media.H264) && (s.Audio == nil || s.Audio.Codec != media.Opus)
}

// duration returns how long the part lasts, but for the length of a frame.
func (p part) duration() (sum time.Duration) {
	for _, s := range p {
		var first, last time.Duration
		for i, u := range s.units {
			if i == 0 {
				first = u.DTS
			}
			last = max(last, u.DTS)
		}
		sum += last - first
	}
	return sum
}

// judgeTags compares the frames of an FLV file with the part, as our own reader
// finds them.
func judgeTags(t *testing.T, path string, want part) {
	t.Helper()
	got := readUnits(t, path)
	for kind := range kinds(media.Tracks(want[0].tracks())) {
		var pushed []media.Unit
		for _, s := range want {
			pushed = append(pushed, ofKind(s.units, kind)...)
		}
		recorded := ofKind(got, kind)
		if len(recorded) != len(pushed) {
			t.Errorf("%s has %d frames of %s, want %d", path, len(recorded), kind, len(pushed))
			continue
		}
		for i, u := range recorded {
			w := pushed[i]
			if u.Codec != w.Codec || u.Composition != w.Composition || u.Key != w.Key || string(u.Body) != string(w.Body) {
				t.Errorf("%s: frame %d of %s is %v +%v key %t with %d bytes, want %v +%v key %t with %d bytes", path, i, kind,
					u.Codec, u.Composition, u.Key, len(u.Body), w.Codec, w.Composition, w.Key, len(w.Body))
				break
			}
		}
	}
}

// readUnits returns the frames of an FLV file.
func readUnits(t testing.TB, path string) []media.Unit {
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
	var units []media.Unit
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			return units
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if !isFrame(t, tag) {
			continue
		}
		u, _, err := tag.Unit()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		u.Body = slices.Clone(u.Body)
		units = append(units, u)
	}
}

// judgeDecoded compares what ffmpeg decodes, without a warning, with what it
// decodes of the sources. Where audio does not begin at a source's beginning,
// the first frames lack what went before, and Opus goes on differing.
func judgeDecoded(t *testing.T, path, format string, tracks spanTracks, want part) {
	t.Helper()
	got := decode(t, path, media.Tracks(tracks))
	for kind := range kinds(media.Tracks(tracks)) {
		var hashes []string
		exact := true
		for i, s := range want {
			hashes = append(hashes, s.source.pictures(s.units, kind)...)
			exact = exact && i == 0 && s.units[0].DTS == s.source.units[0].DTS
		}
		if kind == media.Audio && exact && tracks.Audio.Codec == media.Opus && format == "m3u8" {
			// MPEG-TS tells no pre-skip: the first frame is longer.
			got[kind], hashes = got[kind][min(1, len(got[kind])):], hashes[1:]
		}
		switch frames := got[kind]; {
		case kind == media.Video || exact:
			if !slices.Equal(frames, hashes) {
				t.Errorf("%s: %d frames of %s decode, want %d; their hashes differ from frame %d on", path, len(frames), kind, len(hashes), mismatch(frames, hashes))
			}
		case len(frames) < len(hashes)-len(want) || len(frames) > len(hashes)+len(want):
			t.Errorf("%s: %d frames of %s decode, want some %d", path, len(frames), kind, len(hashes))
		case tracks.Audio.Codec != media.Opus:
			judgeSettled(t, path, frames, hashes, len(want))
		}
	}
}

// judgeSettled compares audio that begins anew several times: a few frames behind
// each beginning may differ.
func judgeSettled(t *testing.T, path string, got, want []string, beginnings int) {
	t.Helper()
	const settling = 3
	known := make(map[string]int)
	for _, hash := range want {
		known[hash]++
	}
	odd := 0
	for _, hash := range got {
		if known[hash]--; known[hash] < 0 {
			odd++
		}
	}
	if odd > settling*beginnings {
		t.Errorf("%s: %d of %d audio frames decode into something else than the source's", path, odd, len(got))
	}
}

// mismatch returns the index of the first element that differs.
func mismatch(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// judgePlaylists validates the playlists of a file whose name begins so, and sees
// that what they list exists.
func judgePlaylists(t *testing.T, dir, name string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, name+"*.m3u8"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no playlists: %v", name, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := hlstest.Validate(text); err != nil {
			t.Errorf("%s: %v\n%s", path, err, text)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(line))); err != nil {
				t.Errorf("%s lists what does not exist: %v", path, err)
			}
		}
	}
}
