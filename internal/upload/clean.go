package upload

import (
	"context"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// sweepInterval is how often uploads of finished files are looked for although
	// nobody has said that there are any.
	sweepInterval = time.Hour
	// sweepPage bounds the uploads that are read at once.
	sweepPage = 100
	// abortTimeout bounds the wait for a bucket that is asked to forget an upload.
	abortTimeout = 30 * time.Second
)

// forgetFinished forgets the uploads of files that are stored or discarded, in
// the bucket and then in the store, until ctx ends.
func (u *Uploads) forgetFinished(ctx context.Context) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		if err := u.sweep(ctx); err != nil && ctx.Err() == nil {
			u.cfg.Log.Warn("cannot forget finished uploads, trying again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-u.cleanup:
		case <-ticker.C:
		}
	}
}

// sweep forgets every finished upload. Buckets that fail are passed over until
// the next time.
func (u *Uploads) sweep(ctx context.Context) error {
	failed := make(map[string]bool)
	for after := ""; ; {
		var page []live.Upload
		err := u.cfg.Store.View(ctx, func(r store.Reader) (err error) {
			page, err = r.FinishedUploads(ctx, after, sweepPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, upload := range page {
			after = upload.Name
			if failed[upload.Bucket] {
				continue
			}
			if err := u.abort(ctx, upload); err != nil {
				u.cfg.Log.Debug("upload is not forgotten yet", "bucket", upload.Bucket, "file_id", upload.File, "err", err)
				failed[upload.Bucket] = true
				continue
			}
			err := u.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteUpload(ctx, upload.Name) })
			if err != nil {
				return err
			}
		}
	}
}

// abort has the bucket forget an upload. For one that was completed that changes
// nothing.
func (u *Uploads) abort(ctx context.Context, upload live.Upload) error {
	u.mu.Lock()
	l, err := u.lane(upload.Bucket)
	u.mu.Unlock()
	if err != nil || l.parts == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	return u.transfer(ctx, l, func() error {
		return l.parts.AbortUpload(ctx, blob.Upload{Name: upload.Name, ID: upload.ID})
	})
}
