// Package playback lets recordings be watched: it presents every record file that
// is finished, whatever its format, as one MP4 file that a browser plays and seeks
// in, and that can be downloaded.
//
// [Files] opens these. The first time, the recording is indexed, see package remux:
// by the headers of an FLV file, by the moov box of an MP4 file, by the fragments'
// headers of CMAF, by all of MPEG-TS. The index is kept on disk and for a while in
// memory, so that every further time and every seek take one look at the recording.
// Files that still grow are not presented.
//
// [Links] signs URLs by which anybody can watch one file until they expire, and
// [Handler] serves them.
package playback

import (
	"context"
	"errors"
	"log/slog"

	"tallylight/internal/blob"
	"tallylight/internal/store"
)

// Errors of files that cannot be presented. That there is no such file is
// live.ErrNotFound.
var (
	// ErrRecording means that the file is being written, or waits to be stored.
	ErrRecording = errors.New("file is still being recorded")
	// ErrGone means that the file was deleted, or never had anything to play.
	ErrGone = errors.New("file is gone")
	// ErrBusy means that as many files are open as may be.
	ErrBusy = errors.New("too many files are played at once")
)

// playbackStore is what this package needs of a store, and no more.
type playbackStore interface {
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what Files work with.
type Config struct {
	Store    playbackStore
	Buckets  blob.Buckets
	SpoolDir string // where files are that are not in their buckets yet
	// IndexDir is the folder that keeps indexes; it is created with the first. Any
	// number of processes may use it.
	IndexDir string
	Log      *slog.Logger
}

// Files opens record files as MP4. All methods may be called at once.
type Files struct {
	cfg     Config
	indexes indexes
	open    chan struct{} // a slot for each open file
}

// Bounds of Files.
const (
	// maxOpen is how many files are open at once. Each takes up to about 4 MiB, more
	// only where single pictures are larger.
	maxOpen = 256
	// maxMemory bounds the indexes in memory, in bytes, the one used last aside. That
	// of an hour takes about 4 MiB.
	maxMemory = 128 << 20
	// maxDisk bounds the indexes on disk, in bytes.
	maxDisk = 1 << 30
	// maxIndexing is how many files are indexed at once.
	maxIndexing = 2
)

// New returns Files. It starts nothing.
func New(cfg Config) *Files {
	f := &Files{cfg: cfg, open: make(chan struct{}, maxOpen)}
	f.indexes = newIndexes(indexCache{dir: cfg.IndexDir, limit: maxDisk}, maxMemory, cfg.Log)
	return f
}
