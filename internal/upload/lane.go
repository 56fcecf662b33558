package upload

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tallylight/internal/blob"
)

// awayAfter is how many transfers in a row must fail before a bucket counts as
// away: one alone is no news.
const awayAfter = 3

// folderParallel bounds the transfers into a bucket that takes no parts. Such a
// bucket is a folder: they send nothing, but wait for the disk, which takes many
// at a time.
const folderParallel = 64

// A lane is the way into one bucket.
type lane struct {
	name     string // of the bucket
	bucket   blob.Bucket
	parts    blob.PartBucket // nil if the bucket takes no parts
	partSize int64
	log      *slog.Logger
	slots    chan struct{} // one for each transfer that runs

	// Guarded by Uploads.mu.
	queue    []*file   // of which the background may send parts, each once
	sending  int       // files that the background sends
	failures int       // in a row
	retry    backoff   // of the background
	retryAt  time.Time // when the background may try again
}

// lane returns the lane of a bucket, or an error that wraps
// live.ErrBucketNotFound. The caller holds u.mu.
func (u *Uploads) lane(name string) (*lane, error) {
	if l := u.lanes[name]; l != nil {
		return l, nil
	}
	b, err := u.cfg.Buckets.Bucket(name)
	if err != nil {
		return nil, err
	}
	l := &lane{name: name, bucket: b, log: u.cfg.Log.With("bucket", name)}
	parallel := folderParallel
	if parts, ok := b.(blob.PartBucket); ok {
		l.parts, l.partSize = parts, parts.PartSize()
		parallel = u.cfg.Parallel
	}
	l.slots = make(chan struct{}, parallel)
	u.lanes[name] = l
	return l, nil
}

// away reports whether transfers into the bucket fail. The caller holds u.mu.
func (l *lane) away() bool { return l.failures >= awayAfter }

// transfer waits for a slot and runs one transfer in it.
func (u *Uploads) transfer(ctx context.Context, l *lane, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.slots <- struct{}{}:
		return u.inSlot(ctx, l, fn)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inSlot runs a transfer in a slot that the caller has taken, learns from its
// outcome and gives the slot back.
func (u *Uploads) inSlot(ctx context.Context, l *lane, fn func() error) error {
	defer func() {
		<-l.slots
		signal(u.wake)
	}()
	err := fn()
	u.learn(ctx, l, err)
	return err
}

// A localError is a failure that is not the bucket's.
type localError struct{ error }

func (e localError) Unwrap() error { return e.error }

// errNothingDue says that a transfer turned out to be unnecessary.
var errNothingDue = errors.New("nothing is due")

// learn notes what the outcome of a transfer says about the bucket.
func (u *Uploads) learn(ctx context.Context, l *lane, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var local localError
	switch {
	case errors.As(err, &local) || errors.Is(err, errNothingDue):
		return
	case err == nil || errors.Is(err, blob.ErrExists) || errors.Is(err, blob.ErrNoUpload):
		if l.away() {
			l.log.Info("bucket is back")
		}
		l.failures, l.retry, l.retryAt = 0, backoff{}, time.Time{}
		return
	case ctx.Err() != nil: // the caller gave up
		return
	}
	u.failed++
	l.failures++
	if now := time.Now(); !now.Before(l.retryAt) { // those that fail together count once
		l.retryAt = now.Add(l.retry.next())
	}
	if l.failures == awayAfter {
		if errors.Is(err, blob.ErrDenied) {
			l.log.Error("bucket denies access, its files stay in the spool until it grants it", "err", err)
		} else {
			l.log.Warn("bucket is away, its files stay in the spool until it is back", "err", err)
		}
	}
}
