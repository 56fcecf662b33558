package e2e

import (
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
)

// Each recording is cut once by the cycle and interrupted once, so that files begin
// anywhere on the timeline of their recording and hold two pushes.
func TestEveryRecordingIsExportedAsAnMP4(t *testing.T) {
	t.Parallel()
	const (
		cycle        = 6 * time.Second         // key frames are at whole seconds
		interruption = 3300 * time.Millisecond // between key frames
	)
	m := startMatrix(t, few[:4], cycle)
	m.each(t, func(c coding, url string) { push(t, url, before(m.sources[c.name].tags(), interruption)) })
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
					cuts := cutAfter(s, interruption, cycle)
					if len(got) != len(cuts) {
						t.Fatalf("%d files %+v, want %d", len(got), got, len(cuts))
					}
					for i, f := range got {
						path := filepath.Join(t.TempDir(), "export.mp4")
						m.export(t, f, path)
						judgeDecoded(t, path, format, cuts[i][0].tracks(), cuts[i])
					}
				})
			}
		}
	}
}

func TestExportsPlayInABrowser(t *testing.T) {
	t.Parallel()
	c := coding{"h264-aac", mediatest.H264, mediatest.AAC}
	m := startMatrix(t, []coding{c}, time.Hour)
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	for _, f := range m.finish(t) {
		t.Run(f.Format, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			m.export(t, f, filepath.Join(dir, "export.mp4"))
			checkViewing(t, view(t, dir, url.Values{"file": {"/export.mp4"}}), f.Seconds)
		})
	}
}

// export writes a record file as an MP4.
func (m *matrix) export(t *testing.T, f recordFile, path string) {
	t.Helper()
	if status, _, stderr := runToEnd(t, keyEnviron, "records", "export", f.File, "--data", m.data, "-o", path); status != 0 {
		t.Fatalf("records export exits with %d: %s", status, stderr)
	}
}

// cutAfter returns the parts of two pushes of a source, the first one interrupted,
// that are cut at the first key frame after each cycle.
func cutAfter(s *source, interruption, cycle time.Duration) []part {
	first := unitsBefore(s.units, interruption)
	end := slices.IndexFunc(s.units, func(u media.Unit) bool {
		return u.Kind == media.Video && u.Key && interruption+u.DTS >= cycle
	})
	return []part{{{s, first}, {s, s.units[:end]}}, {{s, s.units[end:]}}}
}
