package callback

import (
	"context"
	"log/slog"
	"time"

	"tallylight/internal/live"
)

// promptAnswer is how soon a receiver answers that can do with more at a time.
const promptAnswer = time.Second

// An outcome is an attempt that has ended, with what becomes of its delivery.
type outcome struct {
	claim   *claim // its delivery as it will be recorded
	attempt live.Attempt
	lost    bool // the attempt panicked: there is nothing to record
	parks   bool // the answer has the URL parked
}

// answered reports whether the receiver answered at all.
func (o outcome) answered() bool { return o.attempt.Status != 0 }

// parked returns the URL that the outcome parks.
func (o outcome) parked() live.ParkedEndpoint {
	a := o.attempt
	return live.ParkedEndpoint{URL: o.claim.URL, ParkedAt: a.StartedAt.Add(a.Elapsed), Delivery: a.Delivery, Status: a.Status}
}

// logger returns log with what an outcome is about.
func (o outcome) logger(log *slog.Logger) *slog.Logger {
	return log.With(keyEventID, o.claim.Event.ID, keyDeliveryID, o.claim.ID, keyOrigin, o.claim.origin, keyAttempt, o.attempt.Number, keyReplay, o.attempt.Replay)
}

// report logs an outcome that is recorded.
func (o outcome) report(log *slog.Logger) {
	a := o.attempt
	if o.parks {
		o.logger(log).Warn("receiver is gone, no more is sent to this URL until it is resumed", keyStatus, a.Status)
		return
	}
	switch o.claim.State {
	case live.DeliveryDelivered:
		if log.Enabled(context.Background(), slog.LevelDebug) {
			o.logger(log).Debug("callback delivered", keyStatus, a.Status, keyElapsed, a.Elapsed)
		}
	case live.DeliveryDead:
		o.logger(log).Error("callback given up", keyStatus, a.Status, keyErr, a.Err, keyElapsed, a.Elapsed)
	default:
		o.logger(log).Warn("callback attempt failed", keyStatus, a.Status, keyErr, a.Err, keyElapsed, a.Elapsed, keyDueAt, o.claim.DueAt)
	}
}
