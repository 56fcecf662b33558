// Package record turns pushes into record files: it finds the rule that a push
// matches, has the operator's server decide where the rule wants that, writes
// every format of the rule, cuts at key frames, waits for an encoder that broke
// off, and sees each finished file through to its bucket and its event.
//
// Ingest opens a [Session] for every push and hands it batches of units. Behind
// it one goroutine owns the [live.Recording] and writes its outputs. A second one,
// the committer, takes over what may wait a little: finishing files and telling
// of states. A third, the lane, takes over what may wait for days: bringing files
// and slices into their bucket, and telling of them. What was written to a file is
// safe from a crash of the process once it is flushed, at most
// Config.FlushInterval after it came in; [Recorder.Recover] goes on with what a
// crash left open, or finishes it.
package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// recordStore is what this package needs of a store, and no more.
type recordStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what a Recorder works with and how.
type Config struct {
	Store   recordStore
	Buckets blob.Buckets
	// Uploads brings finished files into their buckets.
	Uploads uploads
	// Asker puts questions for rules with live.OnDemandCallback.
	Asker asker
	// RecordUndecided records what the Asker got no answer for.
	RecordUndecided bool
	// SpoolDir is the folder of the files that are being written. It is best on
	// the file system of the buckets: then storing a file copies nothing.
	SpoolDir string
	// Committed is called after a commit with the deliveries that it owes; it must
	// not block.
	Committed func(owed ...live.Delivery)
	Log       *slog.Logger
	Now       func() time.Time

	// FlushInterval bounds how long a frame waits in memory before it is handed
	// to the operating system. 0 means 500 ms.
	FlushInterval time.Duration
	// FlushBytes hands frames over earlier once that many have gathered.
	// 0 means 64 KiB.
	FlushBytes int
	// SyncInterval makes a growing file safe from a power cut at most that often.
	// 0 leaves that to the operating system until the file is finished.
	SyncInterval time.Duration
	// QueueBytes bounds the frames of one stream that wait for a slow disk; past
	// it, frames are dropped up to the next key frame. 0 means 16 MiB.
	QueueBytes int
	// PreRollBytes bounds the frames of one stream that wait for the answer to a
	// question; past it the oldest are dropped. 0 means 32 MiB.
	PreRollBytes int
	// Zone is the zone of times in object names. nil means UTC+8.
	Zone *time.Location

	// createFile and openFile stand between the Recorder and its spool files in
	// tests of faults.
	createFile, openFile func(path string) (spoolFile, error)
}

// uploads is what this package needs of whoever brings files into buckets.
type uploads interface {
	// Grown says that a spool file has size bytes, of which all but the head are
	// final. It never blocks.
	Grown(f live.RecordFile, path string, size int64)
	// Put stores a finished, synced file under key; see blob.Bucket.PutFile.
	Put(ctx context.Context, f live.RecordFile, path, key string) error
	// Done removes a file that is stored from the spool, Discard one that is not
	// wanted.
	Done(f live.RecordFile, path string) error
	Discard(f live.RecordFile, path string) error
	// Room returns an error if the spool may not grow.
	Room() error
}

// How long to wait before trying again what failed: the commit of a state, a
// recording whose disk refused a write.
const (
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 10 * time.Second
	restartDelay = 10 * time.Second
	// openingTimeout is how long a store that stalls may hold up the next files.
	// The frames wait in the stream's queue, which loses less than beginning anew.
	openingTimeout = 30 * time.Second
)

func (c Config) withDefaults() Config {
	if c.FlushInterval == 0 {
		c.FlushInterval = 500 * time.Millisecond
	}
	if c.FlushBytes == 0 {
		c.FlushBytes = 64 << 10
	}
	if c.QueueBytes == 0 {
		c.QueueBytes = 16 << 20
	}
	if c.Zone == nil {
		c.Zone = live.DefaultZone
	}
	if c.Committed == nil {
		c.Committed = func(...live.Delivery) {}
	}
	if c.PreRollBytes == 0 {
		c.PreRollBytes = 32 << 20
	}
	if c.createFile == nil {
		c.createFile, c.openFile = createSpoolFile, openSpoolFile
	}
	return c
}

// A Recorder records the streams of a server. Its methods may be called by any
// goroutine.
type Recorder struct {
	cfg Config

	// commits ends when the Recorder gives up waiting for the store or a bucket;
	// what is unfinished then is left to the next Recover.
	commits     context.Context
	stopCommits context.CancelFunc
	running     sync.WaitGroup
	digesting   chan struct{} // has room for one file at a time: recording comes first

	mu         sync.Mutex
	closing    bool
	recordings map[live.StreamKey]*recording
	ending     map[live.StreamKey]*recording // retired, and not yet all committed
}

// New returns a Recorder and creates its spool folder. It starts nothing.
func New(cfg Config) (*Recorder, error) {
	cfg = cfg.withDefaults()
	if err := durable.MkdirAll(cfg.SpoolDir, 0o755); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Recorder{
		cfg:         cfg,
		commits:     ctx,
		stopCommits: cancel,
		digesting:   make(chan struct{}, 1),
		recordings:  make(map[live.StreamKey]*recording),
		ending:      make(map[live.StreamKey]*recording),
	}, nil
}

// errClosing refuses pushes once Close was called.
var errClosing = errors.New("the recorder is shutting down")

// Open begins to record a push, or continues the recording of a push of the same
// stream that broke off less than its rule's DelayTime ago. If no rule matches
// the push, the returned Session drops what it is given; if one matches but does
// not want it, the Session stands by for a Command.
func (r *Recorder) Open(ctx context.Context, s live.Session) (*Session, error) {
	// A waiting recording keeps the rule under which it began.
	if session, err := r.attach(s); session != nil || err != nil {
		return session, err
	}
	var (
		rule   live.RecordConfig
		notify live.NotifyConfig
	)
	err := r.cfg.Store.View(ctx, func(tx store.Reader) error {
		var err error
		if rule, err = tx.MatchRecordConfig(ctx, s.Key); err != nil {
			return err
		}
		notify, err = tx.NotifyConfig(ctx, s.Key.Domain)
		if errors.Is(err, live.ErrConfigNotFound) {
			return nil
		}
		return err
	})
	if errors.Is(err, live.ErrConfigNotFound) {
		return discard(s), nil
	}
	if err != nil {
		return nil, fmt.Errorf("find record config of %s: %w", s.Key, err)
	}
	now := r.cfg.Now()
	if !rule.EndTime.IsZero() && !now.Before(rule.EndTime) {
		return discard(s), nil
	}
	return r.start(s, rule, notify)
}

// maxArrivals bounds the pushes of a stream that wait for those before them to be
// written: each may fill a queue.
const maxArrivals = 4

// errBehind refuses pushes of a stream that come and go faster than they are written.
var errBehind = fmt.Errorf("%d pushes of the stream wait to be written: see why its disk is so slow", maxArrivals)

// attach hands the session to the recording that waits for it, if any.
func (r *Recorder) attach(s live.Session) (*Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return nil, errClosing
	}
	rec := r.recordings[s.Key]
	if rec == nil {
		return nil, nil
	}
	if len(rec.arrivals) == maxArrivals {
		return nil, errBehind
	}
	session := newSession(s, r.cfg)
	rec.arrivals = append(rec.arrivals, session)
	rec.poke()
	return session, nil
}

func (r *Recorder) start(s live.Session, rule live.RecordConfig, notify live.NotifyConfig) (*Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return nil, errClosing
	}
	session := newSession(s, r.cfg)
	rec := newRecording(r, s.Key, rule)
	rec.signKey, rec.askURL = notify.SignKey(), notify.OnDemandURL
	rec.arrivals = append(rec.arrivals, session)
	rec.before = r.ending[s.Key]
	r.recordings[s.Key] = rec
	r.running.Go(rec.run)
	return session, nil
}

// Close ends every recording at once: what came in is written, files are
// finished, stored and announced. It returns when that is done, or when ctx
// ends; the rest is then done by the next Recover. Close the sessions first.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closing = true
	for _, rec := range r.recordings {
		rec.poke()
	}
	r.mu.Unlock()

	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	defer r.stopCommits()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		r.stopCommits()
		<-done
		return fmt.Errorf("close recorder: files are left in the spool for the next start: %w", ctx.Err())
	}
}

// retire takes a recording out of the map unless a session has just arrived for
// it. After true nothing can reach it.
func (r *Recorder) retire(rec *recording) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(rec.arrivals) > 0 && !r.closing {
		return false
	}
	for _, s := range rec.arrivals {
		s.abandon()
	}
	for _, o := range rec.orders {
		o.answer <- live.ErrStreamOffline
	}
	rec.arrivals, rec.orders = nil, nil
	delete(r.recordings, rec.key)
	r.ending[rec.key] = rec
	return true
}

// ended says that all of a retired recording is committed.
func (r *Recorder) ended(rec *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending[rec.key] == rec {
		delete(r.ending, rec.key)
	}
	close(rec.done)
}

func (r *Recorder) isClosing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closing
}

// spoolSuffix ends the names of files in the spool.
const spoolSuffix = ".part"

// spoolPath is where a record file grows.
func (r *Recorder) spoolPath(id live.RecordFileID, extension string) string {
	return filepath.Join(r.cfg.SpoolDir, string(id)+extension+spoolSuffix)
}
