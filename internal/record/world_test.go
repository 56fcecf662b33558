package record

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"tallylight/internal/blob"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// errInjected is what faults fail with.
var errInjected = errors.New("injected fault")

// A world stands between a Recorder and its store, buckets and files, and can
// fail any step.
type world struct {
	h    *harness
	dead atomic.Bool // nothing has an effect any more

	// steps counts the commits and the objects stored; failAt is the one that
	// fails, 0 for none. lateFault fails it after it was carried out.
	steps       atomic.Int64
	failAt      int64
	lateFault   bool
	killAtFault bool // the server dies there

	// diskFull, if it is set, says whether a write of n bytes to a spool file
	// that has size bytes fails half-way.
	diskFull func(size int64, n int) bool
}

// step runs an effect, or fails it as planned.
func (w *world) step(effect func() error, fault error) error {
	if w.dead.Load() {
		return store.ErrClosed
	}
	if w.steps.Add(1) != w.failAt {
		return effect()
	}
	if w.lateFault {
		if err := effect(); err != nil {
			return err
		}
	}
	if w.killAtFault {
		w.dead.Store(true)
	}
	return fmt.Errorf("%w: %w", fault, errInjected)
}

func (w *world) Update(ctx context.Context, fn func(store.Tx) error) error {
	fault := store.ErrUnavailable
	if w.lateFault {
		fault = store.ErrUncertain
	}
	return w.step(func() error { return w.h.db.Update(ctx, fn) }, fault)
}

func (w *world) View(ctx context.Context, fn func(store.Reader) error) error {
	return w.h.db.View(ctx, fn)
}

func (w *world) Bucket(name string) (blob.Bucket, error) {
	b, err := w.h.buckets.Bucket(name)
	return bucket{b, w}, err
}

type bucket struct {
	blob.Bucket
	w *world
}

func (b bucket) PutFile(ctx context.Context, key, path string) error {
	return b.w.step(func() error { return b.Bucket.PutFile(ctx, key, path) }, errInjected)
}

func (w *world) createFile(path string) (spoolFile, error) {
	f, err := createSpoolFile(path)
	return &worldFile{spoolFile: f, w: w}, err
}

type worldFile struct {
	spoolFile
	w    *world
	size int64
}

func (f *worldFile) Write(p []byte) (int, error) {
	if f.w.dead.Load() {
		return len(p), nil
	}
	if f.w.diskFull != nil && f.w.diskFull(f.size, len(p)) {
		if f.size == 0 {
			return 0, errInjected
		}
		n, err := f.spoolFile.Write(p[:len(p)/2])
		return n, errors.Join(err, errInjected)
	}
	f.size += int64(len(p))
	return f.spoolFile.Write(p)
}

func (f *worldFile) WriteAt(p []byte, off int64) (int, error) {
	if f.w.dead.Load() {
		return len(p), nil
	}
	return f.spoolFile.WriteAt(p, off)
}

func (f *worldFile) Truncate(size int64) error {
	if f.w.dead.Load() {
		return nil
	}
	return f.spoolFile.Truncate(size)
}

var _ media.File = (*worldFile)(nil)
