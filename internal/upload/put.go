package upload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"tallylight/internal/blob"
	"tallylight/internal/live"
)

// Put makes the spool file at path, which is finished and synced, the object key
// of the record file's bucket. What it says of its outcome and of blob.ErrExists
// is what blob.Bucket says of PutFile: after ErrExists it can be called with
// another key, and nothing is sent twice. It fails at once when the bucket does;
// the caller tries again.
func (u *Uploads) Put(ctx context.Context, rf live.RecordFile, path, key string) error {
	if err := u.put(ctx, rf, path, key); err != nil {
		return fmt.Errorf("upload %s to bucket %s: %w", nameOf(path), rf.Bucket, err)
	}
	return nil
}

func (u *Uploads) put(ctx context.Context, rf live.RecordFile, path, key string) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	size := info.Size()
	u.spool.set(path, size)
	f, err := u.takeOver(rf, path, size)
	if err != nil {
		return err
	}
	defer func() { u.handBack(f, err) }()
	if err := f.takeTurn(ctx); err != nil {
		return err
	}
	defer f.yieldTurn()
	u.checkAnew(f, info)
	if f.lane.parts == nil {
		return u.putWhole(ctx, f, key)
	}
	if err := u.load(ctx, f); err != nil {
		return err
	}
	if f.upload.ID == "" && size < 2*f.partSize || f.partCount(size) > maxParts {
		return u.putWhole(ctx, f, key)
	}
	err = u.putParts(ctx, f, size, key)
	if errors.Is(err, blob.ErrNoUpload) {
		u.forget(f)
		err = u.putParts(ctx, f, size, key)
	}
	return err
}

// takeOver keeps the background away from a file, which has all its bytes now.
func (u *Uploads) takeOver(rf live.RecordFile, path string, size int64) (*file, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f, err := u.track(rf, path)
	if err != nil {
		return nil, err
	}
	f.path, f.size = path, size
	f.puts++
	f.wanted, f.stored = true, false
	if f.since.IsZero() {
		f.since = u.cfg.Now()
	}
	return f, nil
}

// checkAnew has the parts compared with the file again if it is another than that
// of the Put before: an index is written anew under its name. The caller has the
// turn.
func (u *Uploads) checkAnew(f *file, info os.FileInfo) {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := f.info
	f.info = info
	if last == nil || os.SameFile(last, info) && last.ModTime().Equal(info.ModTime()) && last.Size() == info.Size() {
		return
	}
	for number, part := range f.parts {
		part.checked = false
		f.parts[number] = part
	}
}

// handBack ends a Put. If it failed, the background goes on with the parts that
// are due, as long as the caller does not come again.
func (u *Uploads) handBack(f *file, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f.puts--
	if err == nil {
		f.stored, f.wanted, f.since = true, false, time.Time{}
		if f.upload.ID == "" && f.puts == 0 {
			delete(u.files, f.name)
		}
	}
	u.enqueue(f)
}

func (u *Uploads) putWhole(ctx context.Context, f *file, key string) error {
	return u.transfer(ctx, f.lane, func() error { return f.lane.bucket.PutFile(ctx, key, f.path) })
}

// putParts sends the parts that the upload lacks and completes it. The caller has
// the turn.
func (u *Uploads) putParts(ctx context.Context, f *file, size int64, key string) error {
	from, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer from.Close()
	if f.upload.ID == "" {
		if err := u.transfer(ctx, f.lane, func() error { return u.begin(ctx, f) }); err != nil {
			return err
		}
	}
	if err := u.sendMissing(ctx, f, from, size); err != nil {
		return err
	}
	parts := make([]blob.Part, f.partCount(size))
	for i := range parts {
		parts[i] = f.parts[i+1].Part
	}
	return u.transfer(ctx, f.lane, func() error { return f.lane.parts.CompleteUpload(ctx, f.upload, parts, key) })
}

// sendMissing sends the parts of the open file that the upload does not have, or
// has with other bytes.
func (u *Uploads) sendMissing(ctx context.Context, f *file, from *os.File, size int64) error {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(u.cfg.Parallel)
	for number := 1; number <= f.partCount(size) && sending.Err() == nil; number++ {
		ok, err := u.holds(f, from, number, size)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		if ok {
			continue
		}
		group.Go(func() error {
			return u.transfer(sending, f.lane, func() error { return u.sendPart(sending, f, from, number, size) })
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err() // it may have ended between two parts
}
