package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
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

	full    atomic.Bool           // the spool has no room
	refusal atomic.Pointer[error] // what the bucket says of every file
	grown   sync.Map              // path → size that was told
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

// Bucket returns the harness's, which the Recorder does not store anything in by
// itself.
func (w *world) Bucket(name string) (blob.Bucket, error) { return w.h.buckets.Bucket(name) }

// Put, Done and Discard stand for whoever brings files into buckets.
func (w *world) Put(ctx context.Context, f live.RecordFile, path, key string) error {
	bucket, err := w.h.buckets.Bucket(f.Bucket)
	if err != nil {
		return err
	}
	if refusal := w.refusal.Load(); refusal != nil {
		return *refusal
	}
	return w.step(func() error { return bucket.PutFile(ctx, key, path) }, errInjected)
}

func (w *world) Done(_ live.RecordFile, path string) error {
	if w.dead.Load() {
		return errInjected
	}
	return durable.Remove(path)
}

func (w *world) Discard(f live.RecordFile, path string) error { return w.Done(f, path) }

func (w *world) Grown(f live.RecordFile, path string, size int64) { w.grown.Store(path, size) }

// Room has none once it was set so.
func (w *world) Room() error {
	if w.full.Load() {
		return errInjected
	}
	return nil
}

func (w *world) createFile(path string) (spoolFile, error) {
	f, err := createSpoolFile(path)
	if err != nil {
		return nil, err
	}
	return &worldFile{spoolFile: f, w: w, path: path}, os.Chtimes(path, time.Now(), time.Now()) // in the time of the bubble
}

func (w *world) openFile(path string) (spoolFile, error) {
	f, err := openSpoolFile(path)
	if err != nil {
		return nil, err
	}
	return &worldFile{spoolFile: f, w: w, path: path}, nil
}

type worldFile struct {
	spoolFile
	w    *world
	path string
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
	n, err := f.spoolFile.Write(p)
	return n, errors.Join(err, os.Chtimes(f.path, time.Now(), time.Now()))
}

func (f *worldFile) WriteAt(p []byte, off int64) (int, error) {
	if f.w.dead.Load() {
		return len(p), nil
	}
	n, err := f.spoolFile.WriteAt(p, off)
	return n, errors.Join(err, os.Chtimes(f.path, time.Now(), time.Now()))
}

func (f *worldFile) Truncate(size int64) error {
	if f.w.dead.Load() {
		return nil
	}
	return errors.Join(f.spoolFile.Truncate(size), os.Chtimes(f.path, time.Now(), time.Now()))
}

var _ media.File = (*worldFile)(nil)
