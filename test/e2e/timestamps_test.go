package e2e

import (
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// Clocks as encoders have them: what comes first and where it jumps.
var clocks = []struct {
	stream string
	tags   func(tags []flv.Tag) []flv.Tag
	gap    time.Duration // that stays in the recording
}{
	{"thirteen-hours", func(tags []flv.Tag) []flv.Tag { return shiftTags(tags, 13*time.Hour) }, 0},
	// 32 bits of milliseconds end within the clip.
	{"wraps-at-32-bits", func(tags []flv.Tag) []flv.Tag { return shiftTags(tags, 1<<32*time.Millisecond-4*time.Second) }, 0},
	{"jumps-ahead", jumpAt(4*time.Second, 3*time.Hour), 0},
	{"jumps-back", func(tags []flv.Tag) []flv.Tag {
		return jumpAt(4*time.Second, -time.Hour)(shiftTags(tags, 2*time.Hour))
	}, 0},
	// A pause that an encoder can have had is kept.
	{"pauses", jumpAt(2*time.Second, 2*time.Second), 2 * time.Second},
}

// jumpAt moves what comes from a moment on.
func jumpAt(moment, by time.Duration) func([]flv.Tag) []flv.Tag {
	return func(tags []flv.Tag) []flv.Tag {
		head := before(tags, tags[0].Timestamp+moment)
		return slices.Concat(head, shiftTags(tags[len(head):], by))
	}
}

// Frames keep their distances wherever the encoder's clock starts; where it jumps,
// they go on as if it had not.
func TestFilesAreWholeWhateverTheClockOfTheEncoderDoes(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.recordAll(t, time.Hour)
	src := newSource(t, mediatest.H264, mediatest.AAC)
	for _, c := range clocks {
		for app := range allFormats {
			push(t, s.urlOf(app, c.stream), c.tags(src.tags()))
		}
	}
	s.stop(t)
	files := recordFiles(t, s.data)
	checkReconciled(t, s.data)
	for _, c := range clocks {
		for _, formats := range allFormats {
			for _, format := range formats {
				t.Run(c.stream+" as "+format, func(t *testing.T) {
					t.Parallel()
					got := filesOf(files, c.stream, format)
					if len(got) != 1 {
						t.Fatalf("%d files %+v, want one", len(got), got)
					}
					judgeDecoded(t, got[0].path(s.data), format, spanTracks(src.tracks), whole(src))
					want := sourceSeconds*time.Second + c.gap
					if d := got[0].duration() - want; d.Abs() > 100*time.Millisecond {
						t.Errorf("%s lasts %v, want some %v", got[0].Object, got[0].duration(), want)
					}
				})
			}
		}
	}
}

// Pictures may be shown long after they were decoded, and some encoders say that
// they are shown before.
func TestCompositionTimesAreKept(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.recordAll(t, time.Hour)
	src := newSource(t, mediatest.H264, mediatest.AAC)
	shifts := map[string]time.Duration{"negative": -200 * time.Millisecond, "large": 600 * time.Millisecond}
	moved := make(map[string][]media.Unit)
	for stream, by := range shifts {
		units := slices.Clone(src.units)
		for i := range units {
			if units[i].Kind == media.Video {
				units[i].Composition += by
			}
		}
		moved[stream] = units
		for app := range allFormats {
			push(t, s.urlOf(app, stream), tagsOf(src.tracks, units, videoHead))
		}
	}
	s.stop(t)
	files := recordFiles(t, s.data)
	for stream := range shifts {
		for _, formats := range allFormats {
			for _, format := range formats {
				t.Run(stream+" as "+format, func(t *testing.T) {
					t.Parallel()
					got := filesOf(files, stream, format)
					if len(got) != 1 {
						t.Fatalf("%d files %+v, want one", len(got), got)
					}
					path := got[0].path(s.data)
					if format == "flv" {
						judgeTags(t, path, part{{src, moved[stream]}})
						return // ffmpeg warns of every negative one
					}
					judgeDecoded(t, path, format, spanTracks(src.tracks), whole(src))
				})
			}
		}
	}
}
