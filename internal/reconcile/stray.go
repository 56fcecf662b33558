package reconcile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// objects looks at the objects of every bucket.
func (k *checker) objects(ctx context.Context) error {
	for _, name := range k.bucketNames() {
		if err := k.bucket(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) bucket(ctx context.Context, name string) error {
	b, err := k.Buckets.Bucket(name)
	if err != nil {
		return nil // said of each file that is to be there
	}
	var batch, unknown []blob.Object
	check := func() error {
		err := k.unknown(ctx, name, batch, func(o blob.Object) { unknown = append(unknown, o) })
		k.summary.Objects += len(batch)
		batch = batch[:0]
		if err == nil && len(unknown) > pageSize {
			err = k.reportUnknown(ctx, name, &unknown)
		}
		k.Progress(k.summary)
		return err
	}
	var broken error // of ours, not of the bucket
	err = b.List(ctx, "", func(o blob.Object) error {
		if batch = append(batch, o); len(batch) == pageSize {
			broken = check()
		}
		return broken
	})
	switch {
	case broken != nil:
		return broken
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		if err := k.report(Item{Kind: KindBucket, Bucket: name, Missing: []string{fmt.Sprintf("its objects cannot be listed: %v", err)}}); err != nil {
			return err
		}
	}
	if err := check(); err != nil {
		return err
	}
	return k.reportUnknown(ctx, name, &unknown)
}

// reportUnknown reports those objects of a list that are still unknown, and
// empties it. A slice is in its bucket a moment before the store knows it.
func (k *checker) reportUnknown(ctx context.Context, bucket string, list *[]blob.Object) error {
	var items []Item
	err := k.unknown(ctx, bucket, *list, func(o blob.Object) {
		items = append(items, Item{Kind: KindObject, Bucket: bucket, Object: o.Key, Size: o.Size, Notes: []string{"no record file, slice or index file has this object"}})
	})
	*list = nil
	for _, item := range items {
		if err == nil {
			err = k.report(item)
		}
	}
	return err
}

// unknown tells which objects the store does not know.
func (k *checker) unknown(ctx context.Context, bucket string, objects []blob.Object, tell func(blob.Object)) error {
	return k.Store.View(ctx, func(r store.Reader) error {
		for _, o := range objects {
			known := false
			for _, key := range namesakes(o.Key) {
				var err error
				if known, err = r.ObjectKnown(ctx, bucket, key); err != nil {
					return err
				}
				if known {
					break
				}
			}
			if !known {
				tell(o)
			}
		}
		return nil
	})
}

// namesakes returns the object keys whose record file an object can belong to: its
// own and, for a playlist of a cmaf file, the file's.
func namesakes(key string) []string {
	names := []string{key}
	if i := strings.LastIndexByte(key, '_'); i >= 0 {
		file := key[:i] + live.FormatCMAF.Extension()
		if slices.ContainsFunc(playlists, func(kind live.SliceKind) bool { return live.CMAFPlaylistKey(file, kind) == key }) {
			names = append(names, file)
		}
	}
	return names
}

// spool looks at the files of the spool.
func (k *checker) spool(ctx context.Context) error {
	entries, err := k.spoolEntries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		k.summary.Spooled++
		known, err := k.spoolKnown(ctx, e.Name())
		if err != nil {
			return err
		}
		if known {
			continue
		}
		item := Item{Kind: KindSpool, Object: e.Name(), Missing: []string{"the record file of this spool file is missing in the store"}}
		if info, err := e.Info(); err == nil {
			item.Size = info.Size()
		}
		if err := k.report(item); err != nil {
			return err
		}
	}
	k.Progress(k.summary)
	return nil
}

// spoolKnown reports whether the store has the record file of a spool file. The
// name begins with the id, and goes on behind a point or an underscore.
func (k *checker) spoolKnown(ctx context.Context, name string) (known bool, err error) {
	id, _, _ := strings.Cut(name, ".")
	err = k.Store.View(ctx, func(r store.Reader) error {
		for {
			_, err := r.RecordFile(ctx, live.RecordFileID(id))
			if !errors.Is(err, live.ErrNotFound) {
				known = err == nil
				return err
			}
			end := strings.LastIndexByte(id, '_')
			if end < 0 {
				return nil
			}
			id = id[:end]
		}
	})
	return known, err
}

// spoolEntries returns the files of the spool; none if there is no spool.
func (k *checker) spoolEntries() ([]fs.DirEntry, error) {
	all, err := os.ReadDir(k.SpoolDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	var files []fs.DirEntry
	for _, e := range all {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") { // the spool's own mark
			files = append(files, e)
		}
	}
	return files, nil
}

// spooled reports whether the spool has content of a record file: the names of its
// files begin with the id.
func (k *checker) spooled(id live.RecordFileID) (bool, error) {
	entries, err := k.spoolEntries()
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), string(id)+".") {
			return true, err
		}
	}
	return false, err
}
