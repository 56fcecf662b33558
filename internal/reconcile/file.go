package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// beginning is how long a record file may be open before it is in the spool.
const beginning = time.Minute

// facts are what the store says of a record file.
type facts struct {
	file      live.RecordFile
	announced bool           // its event is there
	delivery  *live.Delivery // of the event; nil if nobody was to be told
}

func factsOf(ctx context.Context, r store.Reader, f live.RecordFile) (facts, error) {
	k := facts{file: f}
	if f.State != live.FileStored {
		return k, nil
	}
	_, err := r.Event(ctx, f.ID.EventID())
	if err != nil && !errors.Is(err, live.ErrNotFound) {
		return k, err
	}
	k.announced = err == nil
	d, err := r.Delivery(ctx, f.ID.EventID().DeliveryID())
	switch {
	case err == nil:
		k.delivery = &d
	case !errors.Is(err, live.ErrNotFound):
		return k, err
	}
	return k, nil
}

// playlists are the HLS playlists that a cmaf file can have.
var playlists = []live.SliceKind{live.SliceMuxed, live.SliceVideo, live.SliceAudio}

// sliced reports whether the object of a file is an index of slices.
func sliced(f live.Format) bool { return f == live.FormatM3U8 || f == live.FormatCMAF }

// file looks at a record file; if something is missing, a second time with what
// the store says then.
func (k *checker) file(ctx context.Context, f facts) (Item, error) {
	item, err := k.judge(ctx, f)
	if err != nil || len(item.Missing) == 0 {
		return item, err
	}
	err = k.Store.View(ctx, func(r store.Reader) error {
		file, err := r.RecordFile(ctx, f.file.ID)
		if err != nil {
			return err
		}
		f, err = factsOf(ctx, r, file)
		return err
	})
	if err != nil {
		return item, err
	}
	return k.judge(ctx, f)
}

// judge says what is missing of a record file.
func (k *checker) judge(ctx context.Context, f facts) (Item, error) {
	item := fileItem(f.file)
	var err error
	switch f.file.State {
	case live.FileOpen:
		err = k.judgeOpen(&item, f.file)
	case live.FileSealed:
		err = k.judgeSealed(ctx, &item, f.file)
	case live.FileStored:
		err = k.judgeStored(ctx, &item, f)
	}
	if err == nil {
		err = ctx.Err() // which buckets may have told as an error of their own
	}
	return item, err
}

func (k *checker) judgeOpen(item *Item, f live.RecordFile) error {
	age := k.Now().Sub(f.StartTime)
	if longest := live.MaxCycleDuration + live.MaxDelayTime + k.Patience; age > longest {
		item.miss("it is still open after %v", age.Round(time.Second))
	}
	if sliced(f.Format) || age < beginning { // a slice that is complete leaves the spool
		return nil
	}
	spooled, err := k.spooled(f.ID)
	if err == nil && !spooled {
		item.miss("its content is missing in the spool")
	}
	return err
}

func (k *checker) judgeSealed(ctx context.Context, item *Item, f live.RecordFile) error {
	reason := k.lookFor(ctx, f.Bucket, f.ObjectKey, f.Size)
	if reason == nil {
		item.note("it is in bucket %s and will be announced", f.Bucket)
		return nil
	}
	spooled, err := k.spooled(f.ID)
	if err != nil {
		return err
	}
	age := k.Now().Sub(f.StopTime).Round(time.Second)
	switch {
	case !spooled && !sliced(f.Format):
		item.miss("its content is missing in the spool, and %v", reason)
	case age > k.Patience:
		item.miss("%v, %v after its end", reason, age)
	default:
		item.note("it is on its way to bucket %s", f.Bucket)
	}
	return nil
}

func (k *checker) judgeStored(ctx context.Context, item *Item, f facts) error {
	if err := k.lookFor(ctx, f.file.Bucket, f.file.ObjectKey, f.file.Size); err != nil {
		item.miss("%v", err)
	}
	if sliced(f.file.Format) {
		if err := k.judgeSlices(ctx, item, f.file); err != nil {
			return err
		}
	}
	if !f.announced {
		item.miss("the event is missing in the store")
	} else {
		item.Event = f.file.ID.EventID()
	}
	if d := f.delivery; d != nil {
		item.Delivery = d.State
		switch d.State {
		case live.DeliveryPending:
			item.note("the callback is due at %s, after %d attempts", d.DueAt.Format(time.RFC3339), d.Attempts)
		case live.DeliveryDead:
			item.miss("the callback was never acknowledged, in %d attempts", d.Attempts)
		}
	}
	return nil
}

// judgeSlices looks for what the index of a file lists. The slices of a file can be
// thousands, so they are read for one file at a time.
func (k *checker) judgeSlices(ctx context.Context, item *Item, f live.RecordFile) error {
	var list []live.Slice
	err := k.Store.View(ctx, func(r store.Reader) (err error) {
		list, err = r.FileSlices(ctx, f.ID)
		return err
	})
	if err != nil {
		return err
	}
	item.Slices = len(list)
	missing, first := 0, error(nil)
	for _, s := range list {
		if err := k.lookFor(ctx, s.Bucket, s.ObjectKey, s.Size); err != nil {
			if missing++; first == nil {
				first = err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if missing > 0 {
		item.miss("%d of %d slices, the first: %v", missing, len(list), first)
	}
	if f.Format != live.FormatCMAF {
		return nil
	}
	for _, kind := range playlists {
		if kind == live.SliceMuxed || slices.ContainsFunc(list, func(s live.Slice) bool { return s.Kind == kind }) {
			if _, err := k.size(ctx, f.Bucket, live.CMAFPlaylistKey(f.ObjectKey, kind)); err != nil {
				item.miss("%v", err)
			}
		}
	}
	return nil
}

// lookFor returns why an object is not as it should be, nil if it is.
func (k *checker) lookFor(ctx context.Context, bucket, key string, size int64) error {
	got, err := k.size(ctx, bucket, key)
	if err == nil && got != size {
		err = fmt.Errorf("the object %s in bucket %s has %d bytes instead of %d", key, bucket, got, size)
	}
	return err
}

// size returns the size of an object, or what is in the way.
func (k *checker) size(ctx context.Context, bucket, key string) (int64, error) {
	b, err := k.Buckets.Bucket(bucket)
	if err != nil {
		return 0, fmt.Errorf("bucket %s is missing in the configuration", bucket)
	}
	n, err := b.Size(ctx, key)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return 0, fmt.Errorf("the object %s is missing in bucket %s", key, bucket)
	case err != nil:
		return 0, fmt.Errorf("bucket %s does not tell: %w", bucket, err)
	}
	return n, nil
}

func (i *Item) miss(format string, args ...any) {
	i.Missing = append(i.Missing, fmt.Sprintf(format, args...))
}

func (i *Item) note(format string, args ...any) {
	i.Notes = append(i.Notes, fmt.Sprintf(format, args...))
}
