package ingest

import (
	"math"
	"sync/atomic"
	"time"

	"tallylight/internal/media"
)

// The rates of a track are measured over windows of meterWindow on its own
// clock, so that the bursts in which units come in do not matter. A step of more
// than meterStep begins a new window.
const (
	meterWindow = 2 * time.Second
	meterStep   = 10 * time.Second
)

// A meter counts the frames of a track. One goroutine adds, any reads.
type meter struct {
	frames, bytes atomic.Int64
	codec         atomic.Uint32 // of the latest frame
	frameRate     atomic.Int64  // frames a second
	bitRate       atomic.Int64  // kbit/s

	// The window, whose frames come before the one that ends it.
	started      bool
	start, last  time.Duration
	windowFrames int64
	windowBytes  int64
}

// add counts a frame.
func (m *meter) add(u *media.Unit) {
	size := int64(len(u.Body))
	m.frames.Add(1)
	m.bytes.Add(size)
	m.codec.Store(uint32(u.Codec))

	step := u.DTS - m.last
	switch elapsed := u.DTS - m.start; {
	case !m.started, step < 0, step > meterStep:
		m.begin(u.DTS)
	case elapsed >= meterWindow:
		seconds := elapsed.Seconds()
		m.frameRate.Store(int64(math.Round(float64(m.windowFrames) / seconds)))
		m.bitRate.Store(int64(math.Round(float64(m.windowBytes) * 8 / 1000 / seconds)))
		m.begin(u.DTS)
	}
	m.last = u.DTS
	m.windowFrames++
	m.windowBytes += size
}

// begin begins a window.
func (m *meter) begin(at time.Duration) {
	m.started, m.start, m.windowFrames, m.windowBytes = true, at, 0, 0
}

// codecName returns the short name of the codec, "" before the first frame.
func (m *meter) codecName() string {
	if m.frames.Load() == 0 {
		return ""
	}
	return media.Codec(m.codec.Load()).String()
}
