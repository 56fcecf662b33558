package localfs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tallylight/internal/blob"
	"tallylight/internal/blob/blobtest"
	"tallylight/internal/live"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Bucket { return NewBucket(filepath.Join(t.TempDir(), "bucket")) })
}

func TestCopyWhereLinksDoNotWork(t *testing.T) {
	t.Parallel()
	b := NewBucket(t.TempDir())
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.copyFile(t.Context(), "k", path, b.Location("k")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.copyFile(t.Context(), "k", path, b.Location("k")); !errors.Is(err, blob.ErrExists) {
		t.Errorf("copyFile over other content = %v, want ErrExists", err)
	}
	if entries, _ := os.ReadDir(b.dir); len(entries) != 1 {
		t.Errorf("%d files in the bucket, want 1", len(entries))
	}
}

func TestCopyThatACrashInterruptedLeavesNothing(t *testing.T) {
	t.Parallel()
	b := NewBucket(t.TempDir())
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, crash := context.WithCancel(t.Context())
	crash()
	if err := b.copyFile(ctx, "k", path, b.Location("k")); err == nil {
		t.Fatal("copyFile went on after its context had ended")
	}
	// The next process finds what the last one had no time to remove.
	if err := os.WriteFile(filepath.Join(b.dir, temporaryPrefix+"f"), []byte("hel"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.copyFile(t.Context(), "k", path, b.Location("k")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(b.dir); len(entries) != 1 {
		t.Errorf("%d files in the bucket, want 1", len(entries))
	}
}

func TestSymbolicLinkDoesNotLeadOut(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "escape")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewBucket(dir).PutFile(t.Context(), "escape/deeper/k", path); err == nil {
		t.Error("PutFile through a symbolic link succeeded")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 0 {
		t.Errorf("%d entries appeared outside the bucket", len(entries))
	}
	target := filepath.Join(outside, "k")
	if err := os.WriteFile(target, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := NewBucket(dir).OpenRange(t.Context(), "escape/k", 0, 5); err == nil {
		r.Close()
		t.Error("OpenRange through a symbolic link succeeded")
	}
	if err := NewBucket(dir).Delete(t.Context(), "escape/k"); err == nil {
		t.Error("Delete through a symbolic link succeeded")
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("a file outside the bucket: %v", err)
	}
}

func TestRootRefusesIllFormedNames(t *testing.T) {
	t.Parallel()
	root := NewRoot(t.TempDir())
	for _, name := range []string{"", "ab", "..", "a/b", "Upper", "-abc", "abc-"} {
		if _, err := root.Bucket(name); !errors.Is(err, live.ErrBucketNotFound) {
			t.Errorf("Bucket(%q) = %v, want ErrBucketNotFound", name, err)
		}
	}
	if _, err := root.Bucket("live-bucket"); err != nil {
		t.Errorf("Bucket(live-bucket): %v", err)
	}
}
