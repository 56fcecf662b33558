package hls

import (
	"math"
	"time"
)

// Bandwidth returns the bit rates of the segments as a variant tells them
// (section 4.1), in bits a second, rounded up: the highest of any segments in a
// row that last between half and one and a half target durations, and the
// average of all. Both are 0 if the segments last no time.
func (p MediaPlaylist) Bandwidth() (peak, average int64) {
	target := time.Duration(p.targetSeconds()) * time.Second
	var all load
	for i, s := range p.Segments {
		all.add(s)
		var row load
		for _, s := range p.Segments[i:] {
			row.add(s)
			if row.duration > target+target/2 {
				break
			}
			if row.duration >= target/2 {
				peak = max(peak, row.rate())
			}
		}
	}
	average = all.rate()
	return max(peak, average), average
}

// A load is what segments in a row take.
type load struct {
	size     int64 // bytes
	duration time.Duration
}

func (l *load) add(s Segment) {
	l.size += s.Size
	l.duration += s.Duration
}

func (l *load) rate() int64 {
	if l.duration <= 0 {
		return 0
	}
	return int64(math.Ceil(float64(l.size) * 8 / l.duration.Seconds()))
}
