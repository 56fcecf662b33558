package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// DefaultPatience is how long a file may be on its way.
	DefaultPatience = time.Hour

	pageSize = 500 // rows or objects that are held in memory
	parallel = 16  // files that are looked for in their buckets at a time
)

// fileStore is what this package needs of a store, and no more.
type fileStore interface {
	View(ctx context.Context, fn func(store.Reader) error) error
}

// A Config says what is held against what. Store, Buckets, Now and Report are
// needed.
type Config struct {
	Store    fileStore
	Buckets  blob.Buckets
	SpoolDir string

	// BucketNames are buckets that are listed beside those of the record files.
	BucketNames []string
	// Query selects the record files; its After and Limit do not count. If it
	// selects anything but all, only record files are looked at: an object that no
	// selected file has may well be another's.
	Query live.RecordFileQuery
	// Patience is how long a finished file may be on its way to its bucket, and how
	// long an open one may outlive the longest cycle and delay; 0 means the default.
	Patience time.Duration
	Now      func() time.Time

	// Report is told of every item, one after the other; its error ends the run.
	// Progress is told now and then how far the run is; nil for nobody.
	Report   func(Item) error
	Progress func(Summary)
}

// Run looks at everything once. What seems to be missing is looked for a second
// time before it is reported, because a server may have moved it meanwhile.
func Run(ctx context.Context, c Config) (Summary, error) {
	if c.Patience <= 0 {
		c.Patience = DefaultPatience
	}
	if c.Progress == nil {
		c.Progress = func(Summary) {}
	}
	all := c.Query == live.RecordFileQuery{}
	c.Query.After, c.Query.Limit = nil, pageSize
	k := &checker{Config: c, buckets: make(map[string]bool)}
	for _, name := range c.BucketNames {
		k.buckets[name] = true
	}
	steps := []func(context.Context) error{k.files}
	if all {
		steps = append(steps, k.events, k.objects, k.spool)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return k.summary, err
		}
	}
	return k.summary, nil
}

// A checker is a run.
type checker struct {
	Config
	summary Summary
	buckets map[string]bool // names that have turned up
}

// report counts an item and passes it on.
func (k *checker) report(i Item) error {
	switch {
	case len(i.Missing) > 0:
		k.summary.Missing++
	case len(i.Notes) > 0:
		k.summary.Notes++
	}
	return k.Report(i)
}

// files looks at the record files, page by page.
func (k *checker) files(ctx context.Context) error {
	q := k.Query
	for {
		var page []facts
		err := k.Store.View(ctx, func(r store.Reader) error {
			files, err := r.RecordFiles(ctx, q)
			if err != nil {
				return err
			}
			page = make([]facts, len(files))
			for i, f := range files {
				if page[i], err = factsOf(ctx, r, f); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := k.page(ctx, page); err != nil {
			return err
		}
		k.Progress(k.summary)
		last := page[len(page)-1].file
		q.After = &last
	}
}

// page looks at the record files of a page, several at a time, and reports them in
// their order.
func (k *checker) page(ctx context.Context, page []facts) error {
	items := make([]Item, len(page))
	group, work := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, f := range page {
		group.Go(func() (err error) {
			items[i], err = k.file(work, f)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, item := range items {
		k.summary.Files++
		k.buckets[page[i].file.Bucket] = true
		if err := k.report(item); err != nil {
			return err
		}
	}
	return nil
}

// events looks at the file events: each is to be that of its record file.
func (k *checker) events(ctx context.Context) error {
	for after := live.EventID(""); ; {
		var items []Item
		err := k.Store.View(ctx, func(r store.Reader) error {
			page, err := r.FileEvents(ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, e := range page {
				item, err := eventItem(ctx, r, e)
				if err != nil {
					return err
				}
				items, after = append(items, item), e.ID
			}
			return nil
		})
		if err != nil || len(items) == 0 {
			return err
		}
		for _, item := range items {
			k.summary.Events++
			if len(item.Missing) == 0 {
				continue // its record file was reported
			}
			if err := k.report(item); err != nil {
				return err
			}
		}
		k.Progress(k.summary)
	}
}

// eventItem holds an event against its record file.
func eventItem(ctx context.Context, r store.Reader, e live.Event) (Item, error) {
	item := Item{Kind: KindEvent, Event: e.ID, Domain: e.Key.Domain, App: e.Key.App, Stream: e.Key.Stream}
	d := e.Detail.File
	if d == nil {
		item.Missing = []string{"the event does not say which file"}
		return item, nil
	}
	item.File, item.StartTime, item.Bucket, item.Object, item.Size = d.ID, d.StartTime, d.Bucket, d.ObjectKey, d.Size
	f, err := r.RecordFile(ctx, d.ID)
	switch {
	case errors.Is(err, live.ErrNotFound):
		item.Missing = []string{"the record file is missing in the store"}
		return item, nil
	case err != nil:
		return item, err
	case f.ID.EventID() != e.ID:
		item.Missing = append(item.Missing, fmt.Sprintf("the record file is announced a second time, by another event than %s", f.ID.EventID()))
	case f.Bucket != d.Bucket || f.ObjectKey != d.ObjectKey || f.Size != d.Size:
		item.Missing = append(item.Missing, fmt.Sprintf("the event tells of another object than the store: %s/%s of %d bytes", f.Bucket, f.ObjectKey, f.Size))
	}
	return item, nil
}

// bucketNames returns the buckets that have turned up, sorted.
func (k *checker) bucketNames() []string {
	delete(k.buckets, "")
	return slices.Sorted(maps.Keys(k.buckets))
}
