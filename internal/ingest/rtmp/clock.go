package rtmp

import "time"

// wrapTolerance is how far from a whole turn of the timestamps a jump may be and
// still be taken for one: pauses and late messages fall within it, a clock that
// was set anew does not.
const wrapTolerance = int64(time.Hour / time.Millisecond)

// maxElapsed bounds how far a clock goes, a century of milliseconds: jumps upon jumps
// must not exceed what a time.Duration holds. Beyond it the clock begins anew, which
// is one jump more.
const maxElapsed = int64(100 * 365 * 24 * time.Hour / time.Millisecond)

// A clock turns the timestamps of messages, which wrap, into a session's time,
// which does not. Encoders wrap at 32 bits, ffmpeg and others that keep FLV's
// signed timestamps at 31.
type clock struct {
	started bool
	latest  uint32
	elapsed int64 // milliseconds
}

// at returns the time of a timestamp: the previous time plus the difference of
// the timestamps. A jump stays a jump, forwards or backwards, unless it is a
// turn.
func (c *clock) at(timestamp uint32) time.Duration {
	if !c.started {
		c.started, c.latest, c.elapsed = true, timestamp, int64(timestamp)
	}
	diff := int64(timestamp) - int64(c.latest)
	for _, turn := range [...]int64{1 << 31, 1 << 32} {
		switch {
		case near(diff, -turn):
			diff += turn
		case near(diff, turn): // a late message from before the turn
			diff -= turn
		}
	}
	c.latest = timestamp
	if c.elapsed += diff; c.elapsed < -maxElapsed || c.elapsed > maxElapsed {
		c.elapsed = int64(timestamp)
	}
	return time.Duration(c.elapsed) * time.Millisecond
}

func near(diff, turn int64) bool {
	return diff-turn <= wrapTolerance && turn-diff <= wrapTolerance
}
