package remux_test

import (
	"slices"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
)

// later moves the units that come after a moment.
func later(units []media.Unit, after, by time.Duration) []media.Unit {
	moved := slices.Clone(units)
	for i := range moved {
		if moved[i].DTS >= after {
			moved[i].DTS += by
		}
	}
	return moved
}

func TestTimesOfTheRecordingAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for _, tt := range []struct {
		name  string
		units []media.Unit
	}{
		{"a gap of minutes", later(s.Units, 2*time.Second, 3*time.Minute)},
		{"sound begins late", slices.DeleteFunc(slices.Clone(s.Units), func(u media.Unit) bool { return u.Kind == media.Audio && u.DTS < 1500*time.Millisecond })},
		{"pictures end early", slices.DeleteFunc(slices.Clone(s.Units), func(u media.Unit) bool { return u.Kind == media.Video && u.DTS > 1500*time.Millisecond })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, format := range formats {
				t.Run(format.name, func(t *testing.T) {
					t.Parallel()
					units := mediatest.Milliseconds(tt.units)
					checkFrames(t, write(t, ".mp4", content(t, format.record(t, s.Tracks, units))), units)
				})
			}
		})
	}
}

func TestAFileOfSlicesBeginsWithItsFirstFrame(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	// The clock of MPEG-TS wraps within the recording.
	const wrap = (1<<33)*time.Second/90000 - 12*time.Second
	wrapping := mediatest.Milliseconds(later(s.Units, 0, wrap))
	// What lies first is not decoded first.
	early := mediatest.Milliseconds(later(s.Units, 0, time.Minute))
	for i := range early {
		if early[i].Kind == media.Audio {
			early[i].DTS -= 300 * time.Millisecond
		}
	}
	for _, format := range formats {
		if format.name != "MPEG-TS" && format.name != "CMAF" {
			continue
		}
		for _, units := range [][]media.Unit{wrapping, early} {
			checkFrames(t, write(t, ".mp4", content(t, format.record(t, s.Tracks, units))), units)
		}
	}
}
