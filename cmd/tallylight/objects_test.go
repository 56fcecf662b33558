package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
)

func TestObjectsAreStoredAndDeleted(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	tmp := filepath.Join(data, "tmp")
	if err := os.MkdirAll(filepath.Join(tmp, "left"), 0o755); err != nil {
		t.Fatal(err)
	}
	o, err := newObjects(localfs.Named{"recordings": localfs.NewBucket(filepath.Join(data, "recordings"))}, tmp)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for range 2 { // the same again is no error
		if err := o.PutObject(ctx, "recordings", "index/a.m3u8", []byte("#EXTM3U")); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.PutObject(ctx, "recordings", "index/a.m3u8", []byte("other")); !errors.Is(err, blob.ErrExists) {
		t.Errorf("PutObject of other content: %v, want ErrExists", err)
	}
	path := filepath.Join(data, "recordings", "index", "a.m3u8")
	if got, err := os.ReadFile(path); err != nil || string(got) != "#EXTM3U" {
		t.Errorf("the object holds %q, %v", got, err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("the folder of unfinished objects holds %v, %v", left, err)
	}
	for range 2 {
		if err := o.DeleteObject(ctx, "recordings", "index/a.m3u8"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a deleted object is there")
	}
	if o.HasBucket("other") || !o.HasBucket("recordings") {
		t.Error("HasBucket is wrong")
	}
	for _, err := range []error{o.PutObject(ctx, "other", "a", nil), o.DeleteObject(ctx, "other", "a")} {
		if !errors.Is(err, live.ErrBucketNotFound) {
			t.Errorf("%v, want ErrBucketNotFound", err)
		}
	}
}
