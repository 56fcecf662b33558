package rtmp

import (
	"slices"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	const turn31, turn32 = 1 << 31, 1 << 32
	for _, tc := range []struct {
		name string
		in   []uint32
		want []int64 // milliseconds
	}{
		{"starts anywhere", []uint32{5000, 5040}, []int64{5000, 5040}},
		{"goes back as the encoder does", []uint32{0, 40, 20, 60}, []int64{0, 40, 20, 60}},
		{"turns at 31 bits", []uint32{turn31 - 10, 10, 50}, []int64{turn31 - 10, turn31 + 10, turn31 + 50}},
		{"passes 31 bits", []uint32{turn31 - 10, turn31 + 10}, []int64{turn31 - 10, turn31 + 10}},
		{"turns at 32 bits", []uint32{turn32 - 10, 10, 50}, []int64{turn32 - 10, turn32 + 10, turn32 + 50}},
		{"takes a late message after a turn of 31 bits", []uint32{turn31 - 20, 10, turn31 - 10, 50}, []int64{turn31 - 20, turn31 + 10, turn31 - 10, turn31 + 50}},
		{"takes a late message after a turn of 32 bits", []uint32{turn32 - 20, 10, turn32 - 10, 50}, []int64{turn32 - 20, turn32 + 10, turn32 - 10, turn32 + 50}},
		{"turns over a pause", []uint32{turn31 - 600_000, 600_000}, []int64{turn31 - 600_000, turn31 + 600_000}},
		{"turns again and again", []uint32{turn31 - 1, 0, 1 << 30, turn31 - 1, 0}, []int64{turn31 - 1, turn31, turn31 + 1<<30, 2*turn31 - 1, 2 * turn31}},
		{"takes a restarted encoder as a jump back", []uint32{1_500_000_000, 0, 40}, []int64{1_500_000_000, 0, 40}},
		{"takes a jump forward as it is", []uint32{0, 1_500_000_000}, []int64{0, 1_500_000_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var c clock
			var got []int64
			for _, timestamp := range tc.in {
				got = append(got, c.at(timestamp).Milliseconds())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestClockStaysWithinACenturyWhateverJumps(t *testing.T) {
	t.Parallel()
	const century = 100 * 366 * 24 * time.Hour
	for name, jumps := range map[string][]uint32{
		"forward": {1 << 30, 3 << 30, 1<<32 - 1},
		"back":    {1<<32 - 1, 3 << 30, 1 << 30, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c clock
			for i := range 20_000 {
				if at := c.at(jumps[i%len(jumps)]); at.Abs() > century {
					t.Fatalf("message %d is at %v", i, at)
				}
			}
		})
	}
}
