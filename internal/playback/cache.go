package playback

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/media/remux"
)

// An indexCache is a folder of indexes, each a file with a checksum. What is missing
// or damaged is made anew by its user. Those that were used longest ago go first
// when there are too many.
type indexCache struct {
	dir   string
	limit int64 // bytes
}

// indexSuffix ends the names of files in the cache.
const indexSuffix = ".index"

func (c indexCache) path(id live.RecordFileID) string {
	return filepath.Join(c.dir, string(id)+indexSuffix)
}

// load returns an index, or nil if there is none. One that is damaged is an error.
func (c indexCache) load(id live.RecordFileID) (*remux.File, error) {
	b, err := os.ReadFile(c.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	file, err := remux.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("read index %s: %w", c.path(id), err)
	}
	now := time.Now()
	_ = os.Chtimes(c.path(id), now, now) // or it goes a little early
	return file, nil
}

// save keeps an index.
func (c indexCache) save(id live.RecordFileID, file *remux.File) error {
	if err := durable.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := durable.WriteFile(c.path(id), file.AppendBinary(nil), 0o644); err != nil {
		return err
	}
	return c.trim()
}

// trim removes indexes until the others fit.
func (c indexCache) trim() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("trim indexes: %w", err)
	}
	var (
		kept  []fs.FileInfo
		total int64
	)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !strings.HasSuffix(e.Name(), indexSuffix) {
			continue // removed meanwhile, or another's
		}
		kept = append(kept, info)
		total += info.Size()
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, info := range kept {
		if total <= c.limit {
			break
		}
		if err := durable.Remove(filepath.Join(c.dir, info.Name())); err != nil {
			return fmt.Errorf("trim indexes: %w", err)
		}
		total -= info.Size()
	}
	return nil
}
