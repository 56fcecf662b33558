package record

import (
	"cmp"
	"time"

	"tallylight/internal/media"
)

// Beyond these a step of a track's clock is an error of the encoder and not the
// distance of two frames.
const (
	maxStepBack    = time.Second
	maxStepForward = 10 * time.Second
)

// usualStep is the distance of frames where none is known yet: two pictures must
// not be shown at the same time.
const usualStep = 40 * time.Millisecond

// A timeline puts the units of successive sessions on one clock: a session
// continues where the one before ended, a clock that jumps is caught, and within
// a track DTS never decreases. Timestamps of a sane encoder keep their distances
// exactly.
type timeline struct {
	offset time.Duration
	fresh  bool // the next unit begins a session
	tracks [2]trackClock
}

// trackClock is where video, or audio, has got to.
type trackClock struct {
	seen    bool
	fresh   bool          // the next unit begins the track's part of a session
	last    time.Duration // DTS
	shown   time.Duration // highest PTS
	step    time.Duration // between the last two units
	arrived time.Time
}

func (t *timeline) clock(k media.Kind) *trackClock {
	if k == media.Video {
		return &t.tracks[0]
	}
	return &t.tracks[1]
}

// resumeGap is left behind the end of files that are continued after a crash: the
// last pictures in them may be shown later than the next would be decoded. More
// than that was lost.
const resumeGap = 200 * time.Millisecond

// resumedTimeline returns the timeline of files that hold these tracks up to end.
func resumedTimeline(end time.Duration, tracks trackSet) timeline {
	end += resumeGap
	var t timeline
	if tracks.Video != nil {
		t.tracks[0] = trackClock{seen: true, last: end, shown: end}
	}
	if tracks.Audio != nil {
		t.tracks[1] = trackClock{seen: true, last: end}
	}
	return t
}

// startSession makes the next unit follow the last one.
func (t *timeline) startSession() {
	t.fresh = true
	for i := range t.tracks {
		t.tracks[i].fresh = true
	}
}

// end returns where the next session would begin, and whether anything came yet.
func (t *timeline) end() (end time.Duration, ok bool) {
	for _, c := range t.tracks {
		if next := c.last + cmp.Or(c.step, usualStep); c.seen && (!ok || next > end) {
			end, ok = next, true
		}
	}
	return end, ok
}

// place rewrites the unit's DTS, and keeps its PTS where it can. now is when the
// unit came in. Data units follow the clock and do not move it.
func (t *timeline) place(u *media.Unit, now time.Time) {
	c := t.clock(u.Kind)
	if u.Kind == media.Data {
		if end, ok := t.end(); ok && t.fresh {
			u.DTS = end // the session's clock is not tied to this one yet
		} else {
			u.DTS += t.offset
		}
		return
	}
	if t.fresh {
		t.fresh = false
		if end, ok := t.end(); ok {
			t.offset = end - u.DTS
		}
		for i := range t.tracks {
			t.tracks[i].arrived = now
		}
	}
	if c.fresh {
		c.fresh = false
		t.keepShown(c, u)
	}
	dts := u.DTS + t.offset
	if c.seen {
		step := dts - c.last
		if step < -maxStepBack || step > maxStepForward+now.Sub(c.arrived) {
			end, _ := t.end()
			t.offset += end - dts
			dts = end
			step = dts - c.last
		}
		if step < 0 {
			u.Composition += dts - c.last
			dts, step = c.last, 0
		}
		if step > 0 {
			c.step = min(step, maxStepBack)
		}
	}
	u.DTS = dts
	c.shown = max(c.shown, u.PTS())
	c.seen, c.last, c.arrived = true, dts, now
}

// keepShown moves a session on if its first picture u would be shown before the
// last one of the session before. An encoder that breaks off leaves pictures
// behind that are shown late, after B-frames that never came.
func (t *timeline) keepShown(c *trackClock, u *media.Unit) {
	if u.Kind != media.Video || !c.seen {
		return
	}
	if early := c.shown + cmp.Or(c.step, usualStep) - (u.PTS() + t.offset); early > 0 && early <= maxStepBack {
		t.offset += early
	}
}
