package ingest

import (
	"testing"
	"time"

	"tallylight/internal/media"
)

func TestRatesAreThoseOfTheTracksOwnClock(t *testing.T) {
	t.Parallel()
	const frame = 40 * time.Millisecond
	for _, tc := range []struct {
		name    string
		dts     func(i int) time.Duration
		frames  int
		rate    int64
		bitRate int64
	}{
		{"25 frames a second", func(i int) time.Duration { return time.Duration(i) * frame }, 51, 25, 200},
		{"from any time on", func(i int) time.Duration { return time.Hour + time.Duration(i)*frame }, 51, 25, 200},
		{"not known yet", func(i int) time.Duration { return time.Duration(i) * frame }, 50, 0, 0},
		{"of the latest window", func(i int) time.Duration {
			if i < 51 {
				return time.Duration(i) * frame
			}
			return 50*frame + time.Duration(i-50)*2*frame
		}, 51 + 25, 13, 100}, // 12.5
		{"a clock that jumps ahead begins anew", func(i int) time.Duration { return time.Duration(i) * 11 * time.Second }, 10, 0, 0},
		{"a clock that goes back begins anew", func(i int) time.Duration { return time.Duration(100-i) * time.Second }, 10, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var m meter
			for i := range tc.frames {
				m.add(&media.Unit{Kind: media.Video, Codec: media.H264, DTS: tc.dts(i), Body: make([]byte, 1000)})
			}
			if rate, bitRate := m.frameRate.Load(), m.bitRate.Load(); rate != tc.rate || bitRate != tc.bitRate {
				t.Errorf("%d frames/s and %d kbit/s, want %d and %d", rate, bitRate, tc.rate, tc.bitRate)
			}
			if m.frames.Load() != int64(tc.frames) || m.codecName() != "h264" {
				t.Errorf("%d frames of %s", m.frames.Load(), m.codecName())
			}
		})
	}
}
