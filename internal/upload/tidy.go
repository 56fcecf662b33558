package upload

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Shares of the quota, in percent.
const (
	evictAbove = 70 // kept copies go
	warnAbove  = 80 // the operator hears of it, and again after it fell below evictAbove
)

// Free space of the file system below which the operator hears of it: the larger
// of a share of the whole, in percent, and a number of bytes.
const (
	lowDiskShare = 5
	lowDiskBytes = 1 << 30
)

// countInterval is how often the spool is counted anew and kept copies are looked
// at.
const countInterval = time.Minute

// watch counts and tidies the spool until ctx ends.
func (s *spool) watch(ctx context.Context) {
	ticker := time.NewTicker(countInterval)
	defer ticker.Stop()
	for {
		s.tidy()
		select {
		case <-ctx.Done():
			return
		case <-s.tight:
		case <-ticker.C:
			s.count()
		}
	}
}

// tidy removes kept copies, those uploaded first at first, whose time is over or
// that are in the way, and warns if space is scarce all the same.
func (s *spool) tidy() {
	disk := s.look()
	for _, path := range s.keptCopies() {
		s.mu.Lock()
		f, share := s.files[path], s.share()
		s.mu.Unlock()
		expired := !s.now().Before(f.uploaded.Add(s.keepFor))
		if !expired && share < evictAbove && !disk.low {
			break
		}
		if err := s.remove(path); err != nil {
			s.log.Warn("cannot remove a kept copy", "file", filepath.Base(path), "err", err)
			continue
		}
		s.log.Debug("kept copy removed", "file", filepath.Base(path), "bytes", f.size, "expired", expired)
		if disk.low {
			disk = s.look()
		}
	}
	s.warn(disk)
}

// keptCopies returns the paths of the kept copies, uploaded first at first.
func (s *spool) keptCopies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for path, f := range s.files {
		if !f.uploaded.IsZero() {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int {
		if c := s.files[a].uploaded.Compare(s.files[b].uploaded); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return paths
}

// A disk is what is left of the file system of the spool.
type disk struct {
	free, total uint64
	low         bool // too little
	ample       bool // so much that it will not be low again at once
}

// look looks at the file system. One that does not tell counts as ample.
func (s *spool) look() disk {
	free, total, err := s.free(s.dir)
	if err != nil {
		s.log.Debug("free space is unknown", "err", err)
		return disk{ample: true}
	}
	limit := max(total/100*lowDiskShare, lowDiskBytes)
	return disk{free, total, free < limit, free >= limit+limit/4}
}

// warn says once that space is scarce, until it is no longer.
func (s *spool) warn(d disk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.share()
	switch {
	case !s.warned && (share >= warnAbove || d.low):
		s.warned = true
		s.log.Warn("space for recordings runs short", "spool_bytes", s.used, "quota_bytes", s.quota,
			"disk_free_bytes", d.free, "disk_bytes", d.total)
	case share < evictAbove && d.ample:
		s.warned = false
	}
}
