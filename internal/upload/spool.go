package upload

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tallylight/internal/durable"
)

// ErrSpoolFull means that files which are not uploaded have used up the quota of
// the spool.
var ErrSpoolFull = errors.New("spool is full")

// keptSuffix ends the names of copies of files that were uploaded. What the
// recorder looks for has another.
const keptSuffix = ".kept"

// A spool is the space that files take before they are in their buckets, and the
// copies of some that are.
type spool struct {
	dir     string
	quota   int64
	keepFor time.Duration
	log     *slog.Logger
	now     func() time.Time
	free    func(dir string) (free, total uint64, err error)
	tight   chan struct{} // has room for one signal: there is less space than before

	mu     sync.Mutex
	files  map[string]spoolFile // by path
	used   int64                // bytes of all
	kept   int64                // bytes of those that were uploaded
	warned bool
}

type spoolFile struct {
	size     int64
	uploaded time.Time // zero: it is not
}

func newSpool(cfg Config) *spool {
	return &spool{
		dir: cfg.SpoolDir, quota: cfg.Quota, keepFor: cfg.KeepUploaded, log: cfg.Log, now: cfg.Now, free: cfg.free,
		tight: make(chan struct{}, 1),
		files: make(map[string]spoolFile),
	}
}

// set notes how large a file is that is not uploaded.
func (s *spool) set(path string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.share()
	s.replace(path, spoolFile{size: size})
	for _, limit := range []int64{evictAbove, warnAbove} {
		if after := s.share(); before < limit && after >= limit {
			signal(s.tight)
		}
	}
}

// replace notes a file; one without size is not there. The caller holds s.mu.
func (s *spool) replace(path string, f spoolFile) {
	old := s.files[path]
	s.used += f.size - old.size
	if !old.uploaded.IsZero() {
		s.kept -= old.size
	}
	if !f.uploaded.IsZero() {
		s.kept += f.size
	}
	if f == (spoolFile{}) {
		delete(s.files, path)
	} else {
		s.files[path] = f
	}
}

// share returns how much of the quota is used, in percent. The caller holds s.mu.
func (s *spool) share() int64 {
	if s.quota == 0 {
		return 0
	}
	return int64(float64(s.used) * 100 / float64(s.quota))
}

// remove removes a file.
func (s *spool) remove(path string) error {
	if err := durable.Remove(path); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(path, spoolFile{})
	return nil
}

// keep keeps a file that was uploaded as a copy. Its time of change says from then
// on when that was. Nothing is synced: at worst the recorder removes the file.
func (s *spool) keep(path string) error {
	to := strings.TrimSuffix(path, filepath.Ext(path)) + keptSuffix
	now := s.now()
	err := os.Chtimes(path, now, now)
	if err == nil {
		err = os.Rename(path, to)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep %s: %w", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size := s.files[path].size
	s.replace(path, spoolFile{})
	if err == nil {
		s.replace(to, spoolFile{size, now})
	}
	signal(s.tight)
	return nil
}

// room returns an error that wraps ErrSpoolFull if the files that are not
// uploaded have used up the quota. Kept copies do not count: they give way.
func (s *spool) room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	const mebibyte = 1 << 20
	if needed := s.used - s.kept; s.quota > 0 && needed >= s.quota {
		return fmt.Errorf("%w: files that are not uploaded take %.1f of %.1f MiB: see why their bucket does not take them, or raise record.spool_quota",
			ErrSpoolFull, float64(needed)/mebibyte, float64(s.quota)/mebibyte)
	}
	return nil
}

// count takes the spool as it is on disk for what is known of it.
func (s *spool) count() {
	found := make(map[string]spoolFile)
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		f := spoolFile{size: info.Size()}
		if strings.HasSuffix(path, keptSuffix) {
			f.uploaded = info.ModTime()
		}
		found[path] = f
		return nil
	})
	if err != nil {
		s.log.Warn("cannot count the spool", "dir", s.dir, "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.files)
	s.used, s.kept = 0, 0
	for path, f := range found {
		s.replace(path, f)
	}
}

// ignoreMissing passes over files that have gone meanwhile.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
