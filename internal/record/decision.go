package record

import (
	"context"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// An asker puts the question whether a push is to be recorded to the operator's
// server. It returns when there is an answer, when it has given up, or when ctx
// ends.
type asker interface {
	Ask(ctx context.Context, q live.Question) (live.OnDemandAnswer, error)
}

// A decision is the question about one session on its way to an answer. Frames
// are kept meanwhile, so that a yes loses nothing.
type decision struct {
	asked  bool
	cancel context.CancelFunc
	answer chan verdict // has room for it
}

// A verdict says whether a session is recorded.
type verdict struct {
	live.OnDemandAnswer
	err error // nobody answered
}

// decide says whether the new session is recorded by itself, or begins to find
// out.
func (r *recording) decide() (automatic bool) {
	if r.rule.OnDemand != live.OnDemandCallback {
		return wanted(r.rule, r.session.info.Args)
	}
	if r.row.ID != "" {
		return true // a yes holds for as long as the recording waits
	}
	if r.askURL == "" {
		return false
	}
	r.decision = &decision{answer: make(chan verdict, 1)}
	return true
}

// askTime is how long frames are measured before the question, which tells the bit
// rate, where the encoder does not tell it.
const askTime = time.Second

// askable reports whether it is known what to tell of the session.
func (r *recording) askable(u *media.Unit, now time.Time) bool {
	if !r.settled(u, now) {
		return false
	}
	_, told := r.toldKbps()
	return told || r.known.Video == nil || r.waited(now) >= askTime
}

// ask puts the question.
func (r *recording) ask(now time.Time) {
	d := r.decision
	if d.asked {
		return
	}
	d.asked = true
	q := live.Question{Key: r.key, URL: r.askURL, SignKey: r.signKey, VideoKbps: r.videoKbps(now)}
	if video := r.known.Video; video != nil {
		q.VideoCodec = questionCodec(video.Codec)
	}
	ctx, cancel := context.WithCancel(r.recorder.commits)
	d.cancel = cancel
	r.recorder.running.Go(func() {
		defer cancel()
		answer, err := r.cfg.Asker.Ask(ctx, q)
		d.answer <- verdict{answer, err}
		r.poke()
	})
}

// questionCodec returns the name of a codec in the question.
func questionCodec(c media.Codec) string {
	if c == media.HEVC {
		return "h265"
	}
	return c.String()
}

// toldKbps returns the bit rate of the video that the encoder tells, in kbit/s.
func (r *recording) toldKbps() (int, bool) {
	for i := range r.held {
		if r.held[i].Kind != media.Data {
			continue
		}
		if rate, ok := flv.DataNumber(r.held[i].Body, "videodatarate"); ok && rate >= 1 && rate < 1e9 {
			return int(rate), true
		}
	}
	return 0, false
}

// videoKbps returns the bit rate of the video: what the encoder tells, or what
// has come so far.
func (r *recording) videoKbps(now time.Time) int {
	if told, ok := r.toldKbps(); ok {
		return told
	}
	bytes := 0
	for i := range r.held {
		if r.held[i].Kind == media.Video {
			bytes += len(r.held[i].Body)
		}
	}
	if waited := r.waited(now); waited > 0 {
		return int(time.Duration(bytes) * 8 * time.Millisecond / waited)
	}
	return 0
}

// hear takes the verdict, if it has come.
func (r *recording) hear(now time.Time) {
	if r.decision == nil {
		return
	}
	select {
	case v := <-r.decision.answer:
		r.take(v, now)
	default:
	}
}

// take ends the decision.
func (r *recording) take(v verdict, now time.Time) {
	if r.decision.cancel != nil {
		r.decision.cancel()
	}
	r.decision = nil
	yes := v.NeedRecord
	if v.err != nil {
		yes = r.cfg.RecordUndecided
		r.log.Warn("nobody decided whether to record", "session_id", r.session.info.ID, "recorded", yes, "err", v.err)
		if !yes {
			r.tell(live.EventRecordError, live.EventDetail{}, now)
		}
	} else {
		yes = yes && r.restrict(v.OnDemandAnswer)
		r.log.Info("decided whether to record", "session_id", r.session.info.ID, "recorded", yes)
	}
	if !yes {
		r.automatic, r.stopped = false, true
		r.session.standBy(true)
		r.dropWaiting()
		return
	}
	if r.known.startsAmong(r.held) {
		r.begin(now)
	}
}

// restrict applies an answer to the rule of the recording that is to begin, and
// reports whether any format is left.
func (r *recording) restrict(a live.OnDemandAnswer) bool {
	formats := slices.Clone(r.rule.Formats)
	if a.Formats != nil {
		formats = slices.DeleteFunc(formats, func(f live.RecordFormat) bool { return !slices.Contains(a.Formats, f.Format) })
	}
	for i := range formats {
		if cycle, ok := a.Cycles[formats[i].Format]; ok {
			formats[i].CycleDuration = cycle
		}
	}
	if len(formats) == 0 {
		return false
	}
	r.rule.Formats = formats
	r.outputs = newOutputs(r, r.rule)
	return true
}

// keep bounds what waits for the verdict: the oldest frames go, up to a key frame.
func (r *recording) keep() {
	for r.waiting > r.cfg.PreRollBytes && len(r.held) > 1 {
		next := 1 + slices.IndexFunc(r.held[1:], func(u media.Unit) bool { return r.known.startsFile(&u) })
		if next == 0 {
			next = len(r.held)
		}
		for i := range r.held[:next] {
			r.waiting -= memory(&r.held[i])
		}
		release(r.held[:next])
		r.held, r.heldLead = slices.Delete(r.held, 0, next), 0
		r.log.Warn("frames dropped that waited for the decision", "dropped", next)
	}
}
