package record

import (
	"time"

	"tallylight/internal/media"
)

const (
	// settleTime is how long units wait for the tracks of a recording to be known
	// before its first files are opened, keyFrameTime how long for a key frame, and
	// settleBytes how much memory they may take meanwhile.
	settleTime   = 500 * time.Millisecond
	keyFrameTime = 10 * time.Second
	settleBytes  = 2 << 20
	// deferBytes is how much memory the sound of a changed track may take that waits
	// for the key frame of the next files.
	deferBytes = 4 << 20
)

// await makes a unit wait for the first files.
func (r *recording) await(u *media.Unit, now time.Time) {
	if len(r.held) == 0 {
		r.heldAt, r.heldLead, r.heldKey = now, 0, false
	}
	if u.Kind == media.Data && r.heldLead == len(r.held) {
		r.heldLead++
	}
	r.heldKey = r.heldKey || u.Kind == media.Video && u.Key
	r.hold(&r.held, u)
}

// settled reports whether files can begin with the units that wait, u the latest of
// them: the tracks are known, as far as they ever will be, and a key frame is there,
// or will not come soon.
func (r *recording) settled(u *media.Unit, now time.Time) bool {
	waited := r.waited(now)
	switch {
	case r.waiting >= settleBytes || waited >= keyFrameTime:
		return true
	case r.known.complete() || waited >= settleTime:
		return r.known.startsFile(u) || r.known.Video != nil && r.heldKey
	}
	return false
}

// waited returns how long the units wait that files will begin with. Their timestamps
// tell exactly, but not where the clock of an encoder jumps, nor those of the data
// messages in front, which many encoders send at 0.
func (r *recording) waited(now time.Time) time.Duration {
	since := max(now.Sub(r.heldAt), 0)
	if d := span(r.held[r.heldLead:]); 0 <= d && d <= since+maxStepForward {
		return d
	}
	return since
}

// postpone makes sound of a changed track wait for the key frame with which the next
// files begin. If there are no pictures any more, or none that files could begin with
// for very long, the next files hold the sound alone.
func (r *recording) postpone(u *media.Unit, now time.Time) {
	if len(r.deferred) == 0 {
		r.soundAt = now
	}
	r.hold(&r.deferred, u)
	if r.waiting > deferBytes || now.Sub(r.soundAt) >= keyFrameTime {
		r.cut(now, r.known.sound())
	}
}

func (r *recording) hold(list *[]media.Unit, u *media.Unit) {
	*list = append(*list, *u)
	r.waiting += memory(u)
}

// dropWaiting releases the units that wait for files that will not come.
func (r *recording) dropWaiting() {
	release(r.held)
	release(r.deferred)
	r.held, r.deferred, r.waiting = r.held[:0], r.deferred[:0], 0
}
