package e2e

import (
	"sync"
	"testing"
	"time"

	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/media"
)

// The encoders come back after the server was killed and started again, and go on
// with the recordings: one file of each format, which lacks at most the last
// second before the kill.
func TestEveryFormatGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	const moment = 3300 * time.Millisecond // between key frames
	m := startMatrix(t, few, time.Hour)
	var publishers sync.Map // of URL to *rtmp.Publisher
	m.each(t, func(_ coding, url string) { publishers.Store(url, dial(t, url)) })
	m.each(t, func(c coding, url string) {
		p, _ := publishers.Load(url)
		pushLive(t, p.(*rtmp.Publisher), m.sources[c.name].tags(), moment)
	})
	m.kill()
	m.server = startServer(t, m.data)
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	files := m.finish(t)
	for _, c := range m.codings {
		s := m.sources[c.name]
		for _, formats := range allFormats {
			for _, format := range formats {
				if !c.holds(format) {
					continue
				}
				t.Run(c.name+" as "+format, func(t *testing.T) {
					t.Parallel()
					got := filesOf(files, c.name, format)
					if len(got) != 1 {
						t.Fatalf("%d files %+v, want one", len(got), got)
					}
					judgeContinued(t, got[0].path(m.data), format, s, moment)
				})
			}
		}
	}
}

// judgeContinued fails unless a file decodes into the beginning of a source, up to
// lossBound before the kill or later, and then the whole source.
func judgeContinued(t *testing.T, path, format string, s *source, killed time.Duration) {
	t.Helper()
	tracks := spanTracks(s.tracks)
	if format == "flv" && !tracks.legacy() {
		units := readUnits(t, path)
		for kind := range kinds(s.tracks) {
			kept := len(ofKind(units, kind)) - len(ofKind(s.units, kind))
			checkKept(t, path, kind, s, kept, killed)
			judgeTags(t, path, part{{s, firstOf(s.units, kind, kept)}, {s, ofKind(s.units, kind)}})
		}
		return
	}
	decoded := decode(t, path, s.tracks)
	for kind := range kinds(s.tracks) {
		kept := len(decoded[kind]) - len(s.decoded[kind])
		checkKept(t, path, kind, s, kept, killed)
		if kind == media.Video {
			kept = min(max(kept, 0), len(s.units))
			want := append(s.pictures(firstOf(s.units, kind, kept), kind), s.decoded[kind]...)
			if n := mismatch(decoded[kind], want); n < len(want) {
				t.Errorf("%s: picture %d of %d differs from the source's", path, n, len(want))
			}
		}
	}
}

// checkKept fails if fewer frames were kept of the first push than it must.
func checkKept(t *testing.T, path string, kind media.Kind, s *source, kept int, killed time.Duration) {
	t.Helper()
	safe := len(ofKind(unitsBefore(s.units, killed-lossBound), kind))
	if kept < safe-1 || kept > len(ofKind(unitsBefore(s.units, killed), kind))+1 {
		t.Errorf("%s keeps %d frames of %s of the time before the kill, want %d and what came in the last %v", path, kept, kind, safe, lossBound)
	}
}

// firstOf returns the first n units of a kind.
func firstOf(units []media.Unit, kind media.Kind, n int) []media.Unit {
	list := ofKind(units, kind)
	return list[:min(max(n, 0), len(list))]
}
