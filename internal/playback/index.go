package playback

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"tallylight/internal/live"
	"tallylight/internal/media/remux"
)

// indexes keeps what files hold: in memory those used last, on disk more. Whoever
// asks for a file that is being indexed waits for that.
type indexes struct {
	cache indexCache
	limit int64 // bytes in memory
	slots chan struct{}
	log   *slog.Logger

	mu      sync.Mutex
	known   map[live.RecordFileID]*list.Element // of *knownIndex
	recent  *list.List                          // the one used last first
	memory  int64
	pending map[live.RecordFileID]*pendingIndex
}

type knownIndex struct {
	id   live.RecordFileID
	file *remux.File
}

// A pendingIndex is set before done is closed.
type pendingIndex struct {
	done chan struct{}
	file *remux.File
	err  error
}

func newIndexes(cache indexCache, limit int64, log *slog.Logger) indexes {
	return indexes{
		cache:   cache,
		limit:   limit,
		slots:   make(chan struct{}, maxIndexing),
		log:     log,
		known:   make(map[live.RecordFileID]*list.Element),
		recent:  list.New(),
		pending: make(map[live.RecordFileID]*pendingIndex),
	}
}

// of returns the index of a recording.
func (x *indexes) of(ctx context.Context, r *recording) (*remux.File, error) {
	for {
		file, pending, mine := x.look(r.row.ID)
		switch {
		case file != nil:
			return file, nil
		case mine:
			pending.file, pending.err = x.load(ctx, r)
			x.settle(r.row.ID, pending)
			return pending.file, pending.err
		}
		select {
		case <-pending.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Whoever indexed it may have left before the end.
		if !errors.Is(pending.err, context.Canceled) && !errors.Is(pending.err, context.DeadlineExceeded) {
			return pending.file, pending.err
		}
	}
}

// look returns the index of a file, or else who is at it: the caller, if mine.
func (x *indexes) look(id live.RecordFileID) (file *remux.File, pending *pendingIndex, mine bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e := x.known[id]; e != nil {
		x.recent.MoveToFront(e)
		return e.Value.(*knownIndex).file, nil, false
	}
	if p := x.pending[id]; p != nil {
		return nil, p, false
	}
	p := &pendingIndex{done: make(chan struct{})}
	x.pending[id] = p
	return nil, p, true
}

// settle tells those who wait.
func (x *indexes) settle(id live.RecordFileID, p *pendingIndex) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.pending, id)
	if p.err == nil {
		x.known[id] = x.recent.PushFront(&knownIndex{id, p.file})
		x.memory += p.file.Memory()
		for x.memory > x.limit && x.recent.Len() > 1 {
			last := x.recent.Remove(x.recent.Back()).(*knownIndex)
			delete(x.known, last.id)
			x.memory -= last.file.Memory()
		}
	}
	close(p.done)
}

// load reads an index from disk, or makes it.
func (x *indexes) load(ctx context.Context, r *recording) (*remux.File, error) {
	file, err := x.cache.load(r.row.ID)
	if file != nil {
		return file, nil
	}
	if err != nil {
		x.log.Warn("kept index is made anew", "file_id", r.row.ID, "err", err)
	}
	select {
	case x.slots <- struct{}{}:
		defer func() { <-x.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if file, err = r.index(); err != nil {
		return nil, fmt.Errorf("index record file %s: %w", r.row.ID, err)
	}
	if err := x.cache.save(r.row.ID, file); err != nil {
		x.log.Warn("cannot keep index", "file_id", r.row.ID, "err", err)
	}
	return file, nil
}
