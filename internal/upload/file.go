package upload

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A file is a spool file on its way into its bucket.
type file struct {
	name string // of the spool file and its upload
	id   live.RecordFileID
	lane *lane
	// turn is held by whoever sends the file: the background or a Put.
	turn chan struct{}

	// Guarded by Uploads.mu.
	path     string
	size     int64     // bytes, as far as they are known
	since    time.Time // when it began to wait for its bucket; zero: it does not
	puts     int       // that wait or run: the background keeps away
	wanted   bool      // a Put was called, none has succeeded
	stored   bool      // a Put has succeeded
	released bool      // Done or Discard was called
	queued   bool      // in the lane's queue, or being sent by the background
	retry    backoff   // after failures that are not the bucket's
	retryAt  time.Time
	info     os.FileInfo // at the last Put
	first    int         // the lowest number from 2 of which no part was sent

	// The upload. Changed by whoever has the turn and holds Uploads.mu.
	loaded   bool        // what the store knows is in the fields below
	upload   blob.Upload // without ID: none has begun
	partSize int64
	parts    map[int]sentPart
}

// A sentPart is a part that the bucket has confirmed and the store knows.
type sentPart struct {
	blob.Part
	// checked says that it was sent, or compared with the file, in this run of the
	// server: whatever the file lost by a power cut before, it has lost by then.
	checked bool
}

// nameOf returns the name of the file and of the upload of the spool file at path.
func nameOf(path string) string { return filepath.Base(path) }

// track returns the file at path, which it knows from now on. The caller holds
// u.mu.
func (u *Uploads) track(rf live.RecordFile, path string) (*file, error) {
	name := nameOf(path)
	if f := u.files[name]; f != nil {
		return f, nil
	}
	l, err := u.lane(rf.Bucket)
	if err != nil {
		return nil, err
	}
	f := &file{
		name: name, id: rf.ID, lane: l, turn: make(chan struct{}, 1), path: path,
		first: 2, partSize: l.partSize, parts: make(map[int]sentPart),
	}
	u.files[name] = f
	return f, nil
}

// takeTurn waits until nobody else sends the file.
func (f *file) takeTurn(ctx context.Context) error {
	select {
	case f.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *file) yieldTurn() { <-f.turn }

// partRange returns where a part of a file of size bytes is.
func (f *file) partRange(number int, size int64) (offset, length int64) {
	offset = int64(number-1) * f.partSize
	return offset, min(f.partSize, size-offset)
}

// partCount returns how many parts a file of size bytes has.
func (f *file) partCount(size int64) int {
	return int(max(1, (size+f.partSize-1)/f.partSize))
}

// due returns the number of the next part that the background may send: the file
// has all its bytes, and it is not the head. The caller holds Uploads.mu.
func (f *file) due() (number int, ok bool) {
	for ; f.parts[f.first].Number != 0; f.first++ {
	}
	return f.first, f.first <= maxParts && int64(f.first)*f.partSize <= f.size
}

// load reads what the store knows of the file's upload. The caller has the turn.
func (u *Uploads) load(ctx context.Context, f *file) error {
	if f.loaded {
		return nil
	}
	var (
		row   live.Upload
		parts []live.UploadPart
	)
	err := u.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		if row, err = r.Upload(ctx, f.name); err != nil {
			return err
		}
		parts, err = r.UploadParts(ctx, f.name)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrNotFound) {
		return localError{err}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	f.loaded = true
	if row.ID == "" {
		return nil
	}
	f.upload, f.partSize = blob.Upload{Name: row.Name, ID: row.ID}, row.PartSize
	for _, p := range parts {
		f.parts[p.Number] = sentPart{Part: blob.Part{Number: p.Number, Size: p.Size, ETag: p.ETag, MD5: p.MD5}}
	}
	return nil
}

// begin sees that the file has an upload. The caller has the turn and a slot.
func (u *Uploads) begin(ctx context.Context, f *file) error {
	if f.upload.ID != "" {
		return nil
	}
	upload, err := f.lane.parts.BeginUpload(ctx, f.name)
	if err != nil {
		return err
	}
	kept := context.WithoutCancel(ctx) // what has begun is kept, or aborted
	row := live.Upload{
		Name: f.name, File: f.id, Bucket: f.lane.name, ID: upload.ID,
		PartSize: f.lane.partSize, StartedAt: u.cfg.Now(),
	}
	if err := u.cfg.Store.Update(kept, func(tx store.Tx) error { return tx.PutUpload(kept, row) }); err != nil {
		// Nobody will know of the upload, or only that it is gone.
		return localError{errors.Join(err, f.lane.parts.AbortUpload(kept, upload))}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	f.upload, f.partSize = upload, row.PartSize
	return ctx.Err()
}

// forget drops what is known of an upload that the bucket does not know. The
// store is told by the next begin.
func (u *Uploads) forget(f *file) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f.upload, f.partSize, f.first = blob.Upload{}, f.lane.partSize, 2
	clear(f.parts)
}

// holds reports whether the upload has a part with the bytes of the open file,
// which has size of them. The caller has the turn.
func (u *Uploads) holds(f *file, from io.ReaderAt, number int, size int64) (bool, error) {
	u.mu.Lock()
	part, ok := f.parts[number]
	u.mu.Unlock()
	offset, length := f.partRange(number, size)
	if !ok || part.Size != length {
		return false, nil
	}
	if part.checked {
		return true, nil
	}
	sum := md5.New()
	if _, err := io.Copy(sum, io.NewSectionReader(from, offset, length)); err != nil {
		return false, localError{fmt.Errorf("part %d: %w", number, err)}
	}
	if [md5.Size]byte(sum.Sum(nil)) != part.MD5 {
		return false, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	part.checked = true
	f.parts[number] = part
	return true, nil
}

// sendPart sends one part of the open file, which has size bytes. The caller has
// the turn and a slot, and the upload has begun.
func (u *Uploads) sendPart(ctx context.Context, f *file, from io.ReaderAt, number int, size int64) error {
	offset, length := f.partRange(number, size)
	part, err := f.lane.parts.PutPart(ctx, f.upload, number, io.NewSectionReader(from, offset, length))
	if err != nil {
		return fmt.Errorf("part %d: %w", number, err)
	}
	row := live.Upload{Name: f.name, ID: f.upload.ID}
	kept := context.WithoutCancel(ctx) // what the bucket has confirmed need not be sent again
	err = u.cfg.Store.Update(kept, func(tx store.Tx) error {
		return tx.AddUploadPart(kept, row, live.UploadPart{Number: part.Number, Size: part.Size, ETag: part.ETag, MD5: part.MD5})
	})
	if errors.Is(err, live.ErrNotFound) {
		err = blob.ErrNoUpload // it was taken for finished and forgotten
	}
	if err != nil {
		return localError{fmt.Errorf("part %d: %w", number, err)}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	f.parts[number] = sentPart{part, true}
	u.sent++
	return ctx.Err()
}
