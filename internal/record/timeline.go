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
// exactly; where pictures and sound turn out to have clocks of their own, each
// track does.
type timeline struct {
	offset time.Duration // of the unit that was placed last
	fresh  bool          // the next unit begins a session
	tracks [2]trackClock
}

// trackClock is where video, or audio, has got to.
type trackClock struct {
	seen    bool
	fresh   bool          // the next unit begins the track's part of a session
	offset  time.Duration // from the session's clock to the timeline
	last    time.Duration // DTS
	shown   time.Duration // highest PTS
	step    time.Duration // between the last two units
	arrived time.Time
}

// clocks returns the clock of the track of kind k, and that of the other.
func (t *timeline) clocks(k media.Kind) (own, other *trackClock) {
	if k == media.Video {
		return &t.tracks[0], &t.tracks[1]
	}
	return &t.tracks[1], &t.tracks[0]
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
		for i := range t.tracks {
			t.tracks[i].arrived = now
		}
	}
	c, other := t.clocks(u.Kind)
	if begins := c.fresh || !c.seen; begins || !c.follows(u.DTS+c.offset, now) {
		t.tie(c, other, u.DTS, now)
		if c.fresh = false; begins {
			t.keepShown(c, u)
		}
	}
	dts := u.DTS + c.offset
	if c.seen {
		step := dts - c.last
		if step < 0 {
			u.Composition += step
			dts, step = c.last, 0
		}
		if step > 0 {
			c.step = min(step, maxStepBack)
		}
	}
	u.DTS = dts
	c.shown = max(c.shown, u.PTS())
	c.seen, c.last, c.arrived = true, dts, now
	t.offset = c.offset
}

// follows reports whether the distance of dts from the track's last unit can be that
// of two frames.
func (c *trackClock) follows(dts time.Duration, now time.Time) bool {
	step := dts - c.last
	return -maxStepBack <= step && step <= c.mostSince(now)
}

// mostSince returns how far from the track's last unit one may be that comes in now,
// when the machine's clock may have been set back.
func (c *trackClock) mostSince(now time.Time) time.Duration {
	return maxStepForward + max(now.Sub(c.arrived), 0)
}

// tie sets the offset of a track that begins its part of a session with a unit at
// dts, or whose clock has jumped there. The tracks of a session mostly share one
// clock, with which they jump one after the other; otherwise the track goes on where
// all has ended so far.
func (t *timeline) tie(c, other *trackClock, dts time.Duration, now time.Time) {
	end, begun := t.end()
	if !begun {
		return // the timeline is that of the first session's clock
	}
	if other.seen && !other.fresh && (c.fresh || !c.seen || c.offset != other.offset) {
		shared := dts + other.offset
		if c.seen && c.follows(shared, now) || !c.seen && (shared-other.last).Abs() <= other.mostSince(now) {
			c.offset = other.offset
			return
		}
	}
	c.offset = end - dts
}

// keepShown moves a session on if its first picture u would be shown before the
// last one of the session before. An encoder that breaks off leaves pictures
// behind that are shown late, after B-frames that never came.
func (t *timeline) keepShown(c *trackClock, u *media.Unit) {
	if u.Kind != media.Video || !c.seen {
		return
	}
	if early := c.shown + cmp.Or(c.step, usualStep) - (u.PTS() + c.offset); early > 0 && early <= maxStepBack {
		for i := range t.tracks {
			t.tracks[i].offset += early
		}
	}
}
