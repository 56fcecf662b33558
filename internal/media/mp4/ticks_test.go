package mp4

import (
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d    time.Duration
		want int64
	}{
		{0, 0},
		{time.Millisecond, 90},
		{25 * time.Hour, 25 * 3600 * 90000},
		{11111 * time.Nanosecond, 1}, // what is left of a tick in nanoseconds
		{5555 * time.Nanosecond, 0},
		{5556 * time.Nanosecond, 1},
		{-time.Millisecond, -90},
		{-11111 * time.Nanosecond, -1},
		{-5555 * time.Nanosecond, 0},
		{-5556 * time.Nanosecond, -1},
	} {
		if got := ticks(tt.d); got != tt.want {
			t.Errorf("ticks(%v) = %d, want %d", tt.d, got, tt.want)
		}
	}
	for _, n := range []uint64{0, 1, 3003, 90000, 1 << 40} {
		if got := ticks(duration(n)); got != int64(n) {
			t.Errorf("ticks(duration(%d)) = %d", n, got)
		}
	}
}
