package record

import (
	"time"

	"tallylight/internal/live"
)

// Status returns what the Recorder does about a stream now.
func (r *Recorder) Status(key live.StreamKey) live.RecordStatus {
	r.mu.Lock()
	rec := r.recordings[key]
	r.mu.Unlock()
	if rec == nil {
		return live.RecordStatus{}
	}
	return *rec.status.Load()
}

// report lets Status know of what has changed.
func (r *recording) report(now time.Time) {
	s := live.RecordStatus{Activity: r.activity(now), Recording: r.row.ID}
	if s != *r.status.Load() {
		r.status.Store(&s)
	}
}

func (r *recording) activity(now time.Time) live.RecordActivity {
	switch {
	case r.decision != nil:
		return live.RecordDeciding
	case r.feeding() && (r.barren || now.Before(r.retryAt)):
		return live.RecordFailing
	case r.feeding() && r.row.ID != "" && !r.resuming:
		return live.RecordRunning
	case r.row.ID != "":
		return live.RecordWaiting
	case r.feeding():
		return live.RecordStarting
	case r.session != nil:
		return live.RecordStandby
	}
	return live.RecordNothing
}
