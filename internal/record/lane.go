package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A lane brings the finished files and slices of one recording into their
// bucket, one after the other, so that a bucket that is away holds up neither
// the states of the recording nor other recordings.
type lane struct {
	recorder *Recorder
	log      *slog.Logger

	mu      sync.Mutex
	queue   []transfer
	running bool

	told live.ErrorDetail // what receivers know of the bucket; zero: nothing bad. For run alone.
}

// A transfer is a file on its way to its bucket. Carrying it again after a
// failure, or after a crash, does what is left to do.
type transfer interface {
	carry(context.Context, *Recorder) error
	of() live.RecordingID
}

// add puts t behind the others.
func (l *lane) add(t transfer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, t)
	if !l.running {
		l.running = true
		l.recorder.running.Go(l.run)
	}
}

// run carries what was added until nothing is left or the Recorder gives up.
func (l *lane) run() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 || l.recorder.commits.Err() != nil {
			l.queue, l.running = nil, false
			l.mu.Unlock()
			return
		}
		t := l.queue[0]
		l.queue[0] = nil
		l.queue = l.queue[1:]
		l.mu.Unlock()
		l.recorder.persist(l.log, func(ctx context.Context) error {
			err := t.carry(ctx, l.recorder)
			return errors.Join(err, l.tell(ctx, t, err))
		})
	}
}

// tell tells receivers of a bucket that somebody must see to, once until a file
// is stored again. Buckets that are merely away are retried without a word.
func (l *lane) tell(ctx context.Context, t transfer, cause error) error {
	var detail live.ErrorDetail
	switch {
	case cause == nil:
	case errors.Is(cause, live.ErrBucketNotFound):
		detail = live.ErrorBucketNotFound
	case errors.Is(cause, blob.ErrDenied):
		detail = live.ErrorStorageDenied
	default:
		return nil
	}
	if detail == l.told || cause == nil {
		l.told = detail
		return nil
	}
	now := l.recorder.cfg.Now()
	var owed []live.Delivery
	err := l.recorder.cfg.Store.Update(ctx, func(tx store.Tx) error {
		row, err := tx.Recording(ctx, t.of())
		if err != nil {
			return err
		}
		owed, err = l.recorder.announce(ctx, tx, row, live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordError, Key: row.Key, Recording: row.ID,
			OccurredAt: now, Detail: live.EventDetail{Error: &detail},
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("tell of bucket: %w", err)
	}
	l.told = detail
	l.recorder.cfg.Committed(owed...)
	return nil
}

// persist tries job until it succeeds or the Recorder gives up; the next Recover
// does the rest.
func (r *Recorder) persist(log *slog.Logger, job func(context.Context) error) {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := job(r.commits)
		if err == nil {
			return
		}
		if r.commits.Err() != nil {
			log.Warn("left to the next start", "err", err)
			return
		}
		log.Error("cannot commit, trying again", "retry_after", wait, "err", err)
		pause(r.commits, wait)
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
