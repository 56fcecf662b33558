// Package upload brings record files from the spool into their buckets, and looks
// after the space that the spool takes.
//
// The recorder says of every spool file how far it has [Uploads.Grown], hands it
// over with [Uploads.Put] once it is finished, and lets go of it with
// [Uploads.Done] or [Uploads.Discard]. Where the bucket takes parts, those that
// will not change any more are sent while the file still grows, so that little is
// left to do at its end. The store knows each part that a bucket has confirmed
// before anything relies on it: whatever a crash interrupts is taken up by the
// next Put.
//
// Every bucket has a [lane] of its own. One that is away, slow or full holds up
// its own files and no others.
package upload

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// uploadStore is what this package needs of a store, and no more.
type uploadStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what Uploads work with and how.
type Config struct {
	Store   uploadStore
	Buckets blob.Buckets
	// SpoolDir is the folder of the files that are being written and uploaded. All
	// that is in it counts as used.
	SpoolDir string
	// Quota bounds the bytes in the spool: once files that are not uploaded take
	// that much, Room fails. 0 means no quota.
	Quota int64
	// KeepUploaded is how long the local copy of a file that was uploaded stays. It
	// goes earlier when space gets scarce. 0 removes it at once.
	KeepUploaded time.Duration
	// Parallel bounds the transfers into a bucket that takes parts, at a time. 0
	// means 4.
	Parallel int
	Log      *slog.Logger
	Now      func() time.Time

	// free replaces the look at the file system in tests.
	free func(dir string) (free, total uint64, err error)
}

// maxParts is how many parts S3 and OSS allow an upload.
const maxParts = 10_000

// Uploads are the files on their way into buckets. The methods may be called by
// any goroutine.
type Uploads struct {
	cfg   Config
	spool *spool

	wake    chan struct{} // has room for one signal: parts may be sent
	cleanup chan struct{} // has room for one signal: uploads may be forgotten

	mu     sync.Mutex // never held while that of the spool is taken
	lanes  map[string]*lane
	files  map[string]*file // by name
	sent   int64            // parts
	failed int64            // transfers
}

// New returns Uploads that know what is in the spool. It starts nothing.
func New(cfg Config) *Uploads {
	if cfg.Parallel == 0 {
		cfg.Parallel = 4
	}
	if cfg.free == nil {
		cfg.free = diskFree
	}
	u := &Uploads{
		cfg:     cfg,
		spool:   newSpool(cfg),
		wake:    make(chan struct{}, 1),
		cleanup: make(chan struct{}, 1),
		lanes:   make(map[string]*lane),
		files:   make(map[string]*file),
	}
	u.spool.count()
	return u
}

// Run sends parts, forgets uploads that are over, and watches the spool until ctx
// ends. When it returns, nothing that it started runs. Put does not depend on it.
func (u *Uploads) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { u.sendParts(ctx) })
	running.Go(func() { u.forgetFinished(ctx) })
	running.Go(func() { u.spool.watch(ctx) })
	running.Wait()
	return nil
}

// Room returns nil if a file may begin or grow, and otherwise an error that wraps
// ErrSpoolFull and says what to do.
func (u *Uploads) Room() error { return u.spool.room() }

// Done says that the object of a file has been announced: the local copy is
// removed, or kept for Config.KeepUploaded. Files of buckets that take no parts
// are not kept: such buckets are folders, where they can be had.
func (u *Uploads) Done(f live.RecordFile, path string) error {
	l, err := u.release(f, path)
	if err == nil && l.parts != nil && u.cfg.KeepUploaded > 0 {
		return u.spool.keep(path)
	}
	return u.spool.remove(path)
}

// Discard says that nothing playable is in a file: it is removed, and what the
// bucket has of it, too.
func (u *Uploads) Discard(f live.RecordFile, path string) error {
	u.release(f, path)
	return u.spool.remove(path)
}

// release lets go of a file, and has its upload forgotten if it had one.
func (u *Uploads) release(rf live.RecordFile, path string) (*lane, error) {
	name := nameOf(path)
	u.mu.Lock()
	defer u.mu.Unlock()
	if f := u.files[name]; f != nil {
		f.released = true
		if f.upload.ID != "" || f.queued {
			signal(u.cleanup)
		}
		delete(u.files, name)
	}
	return u.lane(rf.Bucket)
}

// signal puts a signal into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
