package ingest

import (
	"context"
	"slices"
	"time"

	"tallylight/internal/live"
)

// rates are the latest of a publication. Registry.mu guards them.
type rates struct {
	list  [live.MaxRates]live.Rate
	count int // of all that were ever added

	at     time.Time // of the latest look at the counters
	bytes  int64     // what they were
	frames int64
}

// sample adds the rate since the latest look. One that comes too early, because
// the session has just begun, is left to the next.
func (r *rates) sample(now time.Time, bytes, frames int64) {
	elapsed := now.Sub(r.at)
	if elapsed < live.RateInterval/2 {
		return
	}
	r.list[r.count%len(r.list)] = live.Rate{
		BitRate:   perSecond((bytes-r.bytes)*8/1000, elapsed),
		FrameRate: perSecond(frames-r.frames, elapsed),
	}
	r.count++
	r.at, r.bytes, r.frames = now, bytes, frames
}

// perSecond returns n by the time it took, rounded.
func perSecond(n int64, elapsed time.Duration) int {
	return int(float64(n)/elapsed.Seconds() + 0.5)
}

// all returns the rates, the oldest first.
func (r *rates) all() []live.Rate {
	if r.count <= len(r.list) {
		return slices.Clone(r.list[:r.count])
	}
	oldest := r.count % len(r.list)
	return slices.Concat(r.list[oldest:], r.list[:oldest])
}

// sampleRates looks at the counters of every session once a live.RateInterval,
// until ctx ends.
func (r *Registry) sampleRates(ctx context.Context) {
	ticker := time.NewTicker(live.RateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.sample(r.cfg.Now())
		}
	}
}

func (r *Registry) sample(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.sessions {
		if p.reader != nil { // it has started
			p.rates.sample(now, p.bytes(), p.video.frames.Load())
		}
	}
}

// Rates returns what has come in of a stream in the last minutes, the oldest
// first; nil if it is not live.
func (r *Registry) Rates(key live.StreamKey) []live.Rate {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.sessions[key]
	if p == nil {
		return nil
	}
	return p.rates.all()
}
