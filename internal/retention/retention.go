// Package retention deletes record files whose time is over, by rules of the
// operator. Nothing is deleted without a rule, and every deletion is logged. Servers
// that share a store do no harm to each other: what one has deleted, another deletes
// again or no longer finds.
//
// The objects go first, those that lead to others before the others, and then the
// store is told in one transaction. A crash in between leaves a file that the
// store takes for stored: the next run deletes it again, which for objects that
// are gone is no error.
package retention

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// interval is the time between runs.
	interval = time.Hour
	// pageSize bounds the files that are read at once.
	pageSize = 100
)

// A Rule says how long the record files of a domain are kept.
type Rule struct {
	Domain string        // or live.Any, for domains without a rule of their own
	Keep   time.Duration // after a file's StopTime
}

// retentionStore is what this package needs of a store, and no more.
type retentionStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// Config is what a Deleter works with.
type Config struct {
	Store   retentionStore
	Buckets blob.Buckets
	Rules   []Rule // at most one for a domain
	Log     *slog.Logger
	Now     func() time.Time
}

// A Deleter deletes record files.
type Deleter struct {
	cfg Config
	own map[string]bool // domains that have a rule of their own
}

// New returns a Deleter. It starts nothing.
func New(cfg Config) *Deleter {
	d := &Deleter{cfg: cfg, own: make(map[string]bool)}
	for _, r := range cfg.Rules {
		if r.Domain != live.Any {
			d.own[r.Domain] = true
		}
	}
	return d
}

// Run deletes what the rules say, at once and then every hour, until ctx ends. A
// file that cannot be deleted is left to the next run.
func (d *Deleter) Run(ctx context.Context) error {
	if len(d.cfg.Rules) == 0 {
		return nil
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		for _, r := range d.cfg.Rules {
			if err := d.apply(ctx, r); err != nil && ctx.Err() == nil {
				d.cfg.Log.Error("cannot look for record files to be deleted, trying again later", "rule", r.Domain, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// apply deletes the files whose time by the rule is over. After a bucket has
// failed, its other files wait for the next run.
func (d *Deleter) apply(ctx context.Context, r Rule) error {
	before := d.cfg.Now().Add(-r.Keep)
	// What ended before a time has begun before it, so the files that are listed by
	// their beginning are all that count, and few others.
	q := live.RecordFileQuery{State: live.FileStored, To: before, Limit: pageSize}
	if r.Domain != live.Any {
		q.Domain = r.Domain
	}
	failed := make(map[string]bool)
	for {
		var page []live.RecordFile
		err := d.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
			page, err = tx.RecordFiles(ctx, q)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, f := range page {
			if !f.StopTime.Before(before) || r.Domain == live.Any && d.own[f.Key.Domain] || failed[f.Bucket] {
				continue
			}
			if err := d.delete(ctx, f, r); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				d.cfg.Log.Error("cannot delete record file, trying again later", "file_id", f.ID, "bucket", f.Bucket, "object_key", f.ObjectKey, "err", err)
				failed[f.Bucket] = true
			}
		}
		q.After = &page[len(page)-1]
	}
}

// delete deletes the objects of a file, and then tells the store. In a bucket that is
// a folder, files of other servers are left to these: their folders may be others.
func (d *Deleter) delete(ctx context.Context, f live.RecordFile, r Rule) error {
	var parts []live.Slice
	own := false
	err := d.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		if own, err = tx.OwnRecordFile(ctx, f.ID); err != nil {
			return err
		}
		parts, err = tx.FileSlices(ctx, f.ID)
		return err
	})
	if err != nil {
		return err
	}
	if !own && d.isFolder(f.Bucket) {
		return nil
	}
	objects := objectsOf(f, parts)
	for _, o := range objects {
		if err := d.deleteObject(ctx, o); err != nil {
			return err
		}
	}
	err = d.cfg.Store.Update(ctx, func(tx store.Tx) error {
		now, err := tx.RecordFile(ctx, f.ID)
		if err != nil {
			return err
		}
		now.State = live.FileDeleted
		if err := tx.PutRecordFile(ctx, now); err != nil {
			return err
		}
		return tx.DeleteSlices(ctx, f.ID)
	})
	if err != nil {
		return fmt.Errorf("tell the store of the deletion: %w", err)
	}
	d.cfg.Log.Info("record file deleted", "file_id", f.ID, "domain", f.Key.Domain, "bucket", f.Bucket, "object_key", f.ObjectKey,
		"objects", len(objects), "stop_time", f.StopTime, "rule", r.Domain, "keep", r.Keep)
	return nil
}

// isFolder reports whether a bucket is on this machine's file systems: those take no
// parts.
func (d *Deleter) isFolder(bucket string) bool {
	b, err := d.cfg.Buckets.Bucket(bucket)
	_, parts := b.(blob.PartBucket)
	return err == nil && !parts
}

func (d *Deleter) deleteObject(ctx context.Context, o object) error {
	b, err := d.cfg.Buckets.Bucket(o.bucket)
	if err == nil {
		err = b.Delete(ctx, o.key)
	}
	if err != nil {
		return fmt.Errorf("delete object %s of bucket %s: %w", o.key, o.bucket, err)
	}
	return nil
}

// An object is one of a record file's.
type object struct{ bucket, key string }

// objectsOf returns the objects of a file in the order in which they may go: the
// index before what it lists.
func objectsOf(f live.RecordFile, parts []live.Slice) []object {
	list := []object{{f.Bucket, f.ObjectKey}}
	if f.Format == live.FormatCMAF {
		list = append(list, object{f.Bucket, live.CMAFPlaylistKey(f.ObjectKey, live.SliceMuxed)})
		for _, k := range []live.SliceKind{live.SliceVideo, live.SliceAudio} {
			if slices.ContainsFunc(parts, func(s live.Slice) bool { return s.Kind == k }) {
				list = append(list, object{f.Bucket, live.CMAFPlaylistKey(f.ObjectKey, k)})
			}
		}
	}
	for _, s := range parts {
		list = append(list, object{s.Bucket, s.ObjectKey})
	}
	return list
}
