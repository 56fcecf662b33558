package upload

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
)

// Grown says that the spool file at path has size bytes, of which all but the
// first part will never change. It never blocks. Parts are sent once the file has
// two of them, if its bucket takes parts; the head is left to Put.
func (u *Uploads) Grown(rf live.RecordFile, path string, size int64) {
	u.spool.set(path, size)
	u.mu.Lock()
	defer u.mu.Unlock()
	l, err := u.lane(rf.Bucket)
	if err != nil || l.parts == nil {
		return // of a missing bucket Put will tell
	}
	if u.files[nameOf(path)] == nil && size < 2*l.partSize {
		return
	}
	f, err := u.track(rf, path)
	if err != nil {
		return
	}
	f.path, f.size = path, size
	u.enqueue(f)
}

// enqueue puts a file into the queue of its lane if a part of it is due. The
// caller holds u.mu.
func (u *Uploads) enqueue(f *file) {
	if f.lane.parts == nil || f.queued || f.puts > 0 || f.stored || f.released || time.Now().Before(f.retryAt) {
		return
	}
	if _, ok := f.due(); !ok {
		return
	}
	if f.since.IsZero() {
		f.since = u.cfg.Now()
	}
	f.queued = true
	f.lane.queue = append(f.lane.queue, f)
	signal(u.wake)
}

// sendParts sends what is due until ctx ends, one part of a file at a time.
func (u *Uploads) sendParts(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		f, wait := u.next()
		if f != nil {
			running.Go(func() { u.sendNext(ctx, f) })
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-u.wake:
		case <-timer.C:
		}
	}
}

// next takes a slot for the next file of a lane that has one, or returns nil and
// how long at most to wait for a lane that may be tried again. One file alone
// finds out whether a bucket is back.
func (u *Uploads) next() (*file, time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, wait := time.Now(), lastRetry
	for _, l := range u.lanes {
		switch {
		case len(l.queue) == 0 || l.failures > 0 && l.sending > 0:
			continue
		case now.Before(l.retryAt):
			wait = min(wait, l.retryAt.Sub(now))
			continue
		}
		select {
		case l.slots <- struct{}{}:
		default:
			continue
		}
		f := l.queue[0]
		l.queue[0] = nil
		l.queue = l.queue[1:]
		l.sending++
		return f, 0
	}
	return nil, wait
}

// sendNext sends a part of a file, whose slot is taken, and queues the file again
// if more is due.
func (u *Uploads) sendNext(ctx context.Context, f *file) {
	err := u.inSlot(ctx, f.lane, func() error { return u.sendDue(ctx, f) })
	u.mu.Lock()
	defer u.mu.Unlock()
	defer signal(u.wake)
	f.lane.sending--
	f.queued = false
	var local localError
	switch {
	case err == nil:
		f.retry = backoff{}
	case errors.As(err, &local) || errors.Is(err, blob.ErrNoUpload): // the file rests without its lane
		f.retryAt = time.Now().Add(f.retry.next())
		f.lane.log.Warn("cannot send a part, trying again", "file_id", f.id, "err", err)
	}
	u.enqueue(f)
	if _, due := f.due(); !due && !f.wanted {
		f.since = time.Time{}
	}
}

// sendDue sends the next part of a file, unless a Put has taken over.
func (u *Uploads) sendDue(ctx context.Context, f *file) error {
	select {
	case f.turn <- struct{}{}:
		defer f.yieldTurn()
	default:
		return errNothingDue
	}
	if err := u.load(ctx, f); err != nil {
		return err
	}
	u.mu.Lock()
	number, ok := f.due()
	path, size := f.path, f.size
	ok = ok && f.puts == 0 && !f.stored && !f.released
	u.mu.Unlock()
	if !ok {
		return errNothingDue
	}
	from, err := os.Open(path)
	if err != nil {
		return localError{err}
	}
	defer from.Close()
	if err := u.begin(ctx, f); err != nil {
		return err
	}
	err = u.sendPart(ctx, f, from, number, size)
	if errors.Is(err, blob.ErrNoUpload) {
		u.forget(f)
	}
	return err
}
