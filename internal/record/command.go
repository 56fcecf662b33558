package record

import (
	"context"
	"errors"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// An order is a command on its way to the goroutine of a recording.
type order struct {
	command live.RecordCommand
	answer  chan error // has room for the answer
}

// Command carries out c on the recording of a live stream and returns when it has
// taken effect. It fails with live.ErrConfigNotFound if no rule matches the
// stream, live.ErrStreamOffline if the stream is not live under a rule,
// live.ErrTaskStarted or live.ErrTaskNotStarted if there is nothing to do.
func (r *Recorder) Command(ctx context.Context, key live.StreamKey, c live.RecordCommand) error {
	o := order{command: c, answer: make(chan error, 1)}
	if !r.give(key, o) {
		err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
			_, err := tx.MatchRecordConfig(ctx, key)
			return err
		})
		return errors.Join(err, live.ErrStreamOffline)
	}
	select {
	case err := <-o.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give hands an order to the recording of a stream, if there is one.
func (r *Recorder) give(key live.StreamKey, o order) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.recordings[key]
	if rec == nil {
		return false
	}
	rec.orders = append(rec.orders, o)
	rec.poke()
	return true
}

// obey carries out the orders that came in.
func (r *recording) obey(now time.Time) {
	r.recorder.mu.Lock()
	orders := r.orders
	r.orders = nil
	r.recorder.mu.Unlock()
	for _, o := range orders {
		err := r.carryOut(o.command, now)
		r.report(now)
		o.answer <- err
	}
}

func (r *recording) carryOut(c live.RecordCommand, now time.Time) error {
	recording := r.session != nil && !r.stopped
	switch {
	case r.decision != nil: // the command decides
		if c == live.CommandCancelDelay {
			return live.ErrTaskNotStarted
		}
		r.take(verdict{OnDemandAnswer: live.OnDemandAnswer{NeedRecord: c != live.CommandStop}}, now)
		return nil
	case c == live.CommandCancelDelay && r.row.ID != "":
		if recording {
			r.stop(now)
		}
		r.close()
		return nil
	case r.session == nil:
		return live.ErrStreamOffline
	case c == live.CommandStop && recording:
		r.stop(now)
		return nil
	case c == live.CommandRestart && recording:
		r.cutNext = r.row.ID != ""
		return nil
	case c == live.CommandStart && recording:
		return live.ErrTaskStarted
	case c == live.CommandStart, c == live.CommandRestart:
		r.resume()
		return nil
	default:
		return live.ErrTaskNotStarted
	}
}

// stop pauses the recording although its session goes on.
func (r *recording) stop(now time.Time) {
	r.session.take(&r.batch) // what came before the command belongs to the files
	r.consume(now)
	r.drain(now)
	r.stopped = true
	r.session.standBy(true)
	r.pause(now)
}

// resume takes up a session that was stopped, or never recorded by itself.
func (r *recording) resume() {
	r.stopped = false
	r.session.standBy(false)
	r.startFeeding()
}
