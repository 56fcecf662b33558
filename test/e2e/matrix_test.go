package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// A coding is what a stream of the matrix consists of. Its name names the stream.
type coding struct{ name, video, audio string }

// codings are what every format is tested with; few of them in most situations.
var codings = []coding{
	{"h264-aac", mediatest.H264, mediatest.AAC},
	{"hevc-opus", mediatest.HEVC, mediatest.Opus},
	{"av1-aac", mediatest.AV1, mediatest.AAC},
	{"h264-mp3", mediatest.H264, mediatest.MP3},
	{"opus", "", mediatest.Opus},
	{"hevc", mediatest.HEVC, ""},
	// With these every pair of codecs is there.
	{"h264-opus", mediatest.H264, mediatest.Opus},
	{"hevc-aac", mediatest.HEVC, mediatest.AAC},
	{"hevc-mp3", mediatest.HEVC, mediatest.MP3},
	{"av1-mp3", mediatest.AV1, mediatest.MP3},
	{"av1-opus", mediatest.AV1, mediatest.Opus},
	{"aac", "", mediatest.AAC},
	{"mp3", "", mediatest.MP3},
	{"h264", mediatest.H264, ""},
	{"av1", mediatest.AV1, ""},
}

// few have every codec, and a stream without video and one without audio.
var few = codings[:6]

// holds reports whether a format can hold the coding.
func (c coding) holds(format string) bool { return format != "m3u8" || c.video != mediatest.AV1 }

// A part is a record file as it should be: units of sources, one span after the
// other.
type part []span

// A span is a run of units of a source.
type span struct {
	source *source
	units  []media.Unit
}

// A matrix is one server that records streams of several codings.
type matrix struct {
	*server
	receiver *receiver
	codings  []coding
	sources  map[string]*source // by coding
}

// startMatrix starts a server that records codings to all formats, with files of at
// most cycle, and has callbacks sent to a receiver.
func startMatrix(t *testing.T, list []coding, cycle time.Duration) *matrix {
	t.Helper()
	m := &matrix{receiver: newReceiver(t), codings: list, sources: make(map[string]*source)}
	for _, c := range list {
		m.sources[c.name] = newSource(t, c.video, c.audio)
	}
	m.server = startServer(t, t.TempDir())
	m.recordAll(t, cycle)
	m.notify(t, m.receiver.URL, false)
	return m
}

// each pushes every coding to every app, all at the same time.
func (m *matrix) each(t *testing.T, push func(c coding, url string)) {
	t.Helper()
	var wg sync.WaitGroup
	for _, c := range m.codings {
		for app := range allFormats {
			wg.Go(func() { push(c, m.urlOf(app, c.name)) })
		}
	}
	wg.Wait()
}

// judge ends the server and compares what it recorded of each coding with the
// parts that it should have made.
func (m *matrix) judge(t *testing.T, parts func(c coding) []part) {
	t.Helper()
	files := m.finish(t)
	for _, c := range m.codings {
		want := parts(c)
		for _, formats := range allFormats {
			for _, format := range formats {
				if !c.holds(format) {
					continue
				}
				t.Run(c.name+" as "+format, func(t *testing.T) {
					t.Parallel()
					got := filesOf(files, c.name, format)
					if len(got) != len(want) {
						t.Fatalf("%d files %+v, want %d", len(got), got, len(want))
					}
					for i, f := range got {
						judgeFile(t, m.data, f, want[i])
					}
				})
			}
		}
	}
}

// finish ends the server and returns what it recorded, once every file is told of
// and nothing is missing.
func (m *matrix) finish(t *testing.T) []recordFile {
	t.Helper()
	m.stop(t)
	files := recordFiles(t, m.data)
	m.server = startServer(t, m.data) // tells what the end cut off
	told := m.awaitFiles(t, len(files))
	m.stop(t)
	checkReconciled(t, m.data)
	for _, f := range files {
		if d := told[f.Object].Duration - f.Seconds; d < -0.001 || d > 0.001 {
			t.Errorf("the event of %s tells a duration of %v s, want %v", f.Object, told[f.Object].Duration, f.Seconds)
		}
	}
	return files
}

// awaitFiles returns the events of n files by the names of their objects. Each file
// has one, which may come again under its id.
func (m *matrix) awaitFiles(t *testing.T, n int) map[string]file {
	t.Helper()
	told, ids := make(map[string]file), make(map[string]string)
	m.receiver.await(t, fmt.Sprint("the events of ", n, " files"), func() bool {
		for _, c := range m.receiver.accepted() {
			f := c.file(t)
			if id, ok := ids[f.URI]; ok && id != c.id {
				t.Errorf("%s is told of by the events %s and %s", f.URI, id, c.id)
			}
			told[f.URI], ids[f.URI] = f, c.id
		}
		return len(told) >= n
	})
	return told
}

func whole(s *source) part { return part{{s, s.units}} }

func TestEveryCodingIsRecordedToEveryFormatThatHoldsIt(t *testing.T) {
	t.Parallel()
	m := startMatrix(t, codings, time.Hour)
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	m.judge(t, func(c coding) []part { return []part{whole(m.sources[c.name])} })
}

func TestAStreamThatNoFormatHoldsIsAnError(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.addDomains(t)
	s.record(t, "live", []string{"m3u8"}, time.Hour)
	s.notify(t, r.URL, true)
	push(t, s.pushURL("show"), newSource(t, mediatest.AV1, mediatest.AAC).tags())
	if got := events(r.awaitAccepted(t, 1)); got[0] != "record_error" {
		t.Errorf("events %q, want record_error", got)
	}
	s.stop(t)
	if files := recordFiles(t, s.data); len(files) > 0 {
		t.Errorf("recorded %+v", files)
	}
}

func TestEveryFormatIsCutAtTheCycle(t *testing.T) {
	t.Parallel()
	const cycle = 5 * time.Second // key frames are at whole seconds
	m := startMatrix(t, few, cycle)
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	m.judge(t, func(c coding) []part {
		s := m.sources[c.name]
		first := unitsBefore(s.units, cycle)
		if s.tracks.Video != nil { // the next file begins with the key frame
			first = s.units[:slices.IndexFunc(s.units, func(u media.Unit) bool {
				return u.Kind == media.Video && u.DTS >= cycle
			})]
		}
		return []part{{{s, first}}, {{s, s.units[len(first):]}}}
	})
}

func TestEveryFormatGoesOnAfterAReconnect(t *testing.T) {
	t.Parallel()
	const interruption = 3300 * time.Millisecond // between key frames
	m := startMatrix(t, few, time.Hour)
	m.each(t, func(c coding, url string) { push(t, url, before(m.sources[c.name].tags(), interruption)) })
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	m.judge(t, func(c coding) []part {
		s := m.sources[c.name]
		return []part{{{s, unitsBefore(s.units, interruption)}, {s, s.units}}}
	})
}

func TestEveryFormatIsCutWhereATrackComesLate(t *testing.T) {
	t.Parallel()
	const late = 2 * time.Second // a key frame
	var both []coding
	for _, c := range few {
		if c.video != "" && c.audio != "" && c.audio != mediatest.MP3 {
			both = append(both, c)
		}
	}
	m := startMatrix(t, both, time.Hour)
	m.each(t, func(c coding, url string) {
		s := m.sources[c.name]
		first := ofKind(unitsBefore(s.units, late), media.Video)
		audio := media.Tracks{Audio: s.tracks.Audio}
		push(t, url, slices.Concat(
			tagsOf(media.Tracks{Video: s.tracks.Video}, first, videoHead),
			shiftTags(tagsOf(audio, nil, videoHead), late),
			tagsOf(media.Tracks{}, fromDTS(s.units, late), videoHead)))
	})
	m.judge(t, func(c coding) []part {
		s := m.sources[c.name]
		return []part{{{s, ofKind(unitsBefore(s.units, late), media.Video)}}, {{s, fromDTS(s.units, late)}}}
	})
}

// Another codec in the same push, with a key frame, begins another file.
func TestEveryFormatIsCutWhereTheCodecChanges(t *testing.T) {
	t.Parallel()
	const change = 3 * time.Second
	m := startMatrix(t, []coding{{"hevc-aac", mediatest.HEVC, mediatest.AAC}, {"h264", mediatest.H264, ""}}, time.Hour)
	earlier := map[string]*source{ // by the coding that follows
		"hevc-aac": newSource(t, mediatest.H264, mediatest.AAC),
		"h264":     newSource(t, mediatest.HEVC, ""),
	}
	m.each(t, func(c coding, url string) {
		first := earlier[c.name]
		push(t, url, slices.Concat(
			tagsOf(first.tracks, unitsBefore(first.units, change), videoHead),
			shiftTags(m.sources[c.name].tags(), change)))
	})
	m.judge(t, func(c coding) []part {
		first := earlier[c.name]
		return []part{{{first, unitsBefore(first.units, change)}}, whole(m.sources[c.name])}
	})
}

// fromDTS returns the units from the first on whose DTS is start or later.
func fromDTS(units []media.Unit, start time.Duration) []media.Unit {
	return units[len(unitsBefore(units, start)):]
}

// shiftTags returns tags with later timestamps.
func shiftTags(tags []flv.Tag, by time.Duration) []flv.Tag {
	tags = slices.Clone(tags)
	for i := range tags {
		tags[i].Timestamp += by
	}
	return tags
}
