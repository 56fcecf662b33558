package retention

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A neighbour's store says that every file is another server's.
type neighbour struct{ *world }

type neighbourReader struct{ store.Reader }

func (neighbourReader) OwnRecordFile(context.Context, live.RecordFileID) (bool, error) {
	return false, nil
}

func (n neighbour) View(ctx context.Context, fn func(store.Reader) error) error {
	return n.world.View(ctx, func(r store.Reader) error { return fn(neighbourReader{r}) })
}

// remote are buckets that all servers reach.
type remote struct{ *world }

type remoteBucket struct {
	blob.PartBucket // of which nothing is used
	bucket          blob.Bucket
}

func (b remoteBucket) Delete(ctx context.Context, key string) error { return b.bucket.Delete(ctx, key) }

func (r remote) Bucket(name string) (blob.Bucket, error) {
	b, err := r.world.Bucket(name)
	return remoteBucket{bucket: b}, err
}

func TestFilesOfOtherServersAreDeletedWhereTheyCanBeReached(t *testing.T) {
	for _, tt := range []struct {
		name    string
		buckets func(w *world) blob.Buckets
		want    string // objects that are left
	}{
		{"in a folder, which may be another there", func(w *world) blob.Buckets { return w }, "file_1.mp4"},
		{"in an object store", func(w *world) blob.Buckets { return remote{w} }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.add("file_1", play, live.FormatMP4, live.FileStored, 2*time.Hour)
				d := New(Config{Store: neighbour{w}, Buckets: tt.buckets(w), Rules: []Rule{{Domain: live.Any, Keep: time.Hour}},
					Log: slog.New(slog.DiscardHandler), Now: time.Now})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- d.Run(ctx) }()
				synctest.Wait()
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if got := w.objects(); got != tt.want {
					t.Errorf("objects %q are left, want %q", got, tt.want)
				}
				if stored, _ := w.in(live.FileStored); (stored != "") != (tt.want != "") {
					t.Errorf("the store has %q, the bucket %q", stored, tt.want)
				}
			})
		})
	}
}
