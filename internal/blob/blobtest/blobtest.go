// Package blobtest is the suite that every blob backend passes.
package blobtest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tallylight/internal/blob"
)

// Run tests the bucket that open returns; each call returns an empty one.
func Run(t *testing.T, open func(t *testing.T) blob.Bucket) {
	file := func(t *testing.T, content string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("a stored object has its size", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		if err := b.PutFile(t.Context(), "record/live/show/a.flv", file(t, "hello")); err != nil {
			t.Fatal(err)
		}
		if size, err := b.Size(t.Context(), "record/live/show/a.flv"); err != nil || size != 5 {
			t.Errorf("Size = %d, %v; want 5", size, err)
		}
	})
	t.Run("a missing object is not found", func(t *testing.T) {
		t.Parallel()
		if _, err := open(t).Size(t.Context(), "a/b"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Size = %v, want ErrNotFound", err)
		}
	})
	t.Run("the same file can be put again", func(t *testing.T) {
		t.Parallel()
		b, path := open(t), file(t, "hello")
		for range 2 {
			if err := b.PutFile(t.Context(), "k", path); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.PutFile(t.Context(), "k", file(t, "hello")); err != nil {
			t.Errorf("PutFile of equal content: %v", err)
		}
	})
	t.Run("another object is never replaced", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		if err := b.PutFile(t.Context(), "k", file(t, "hello")); err != nil {
			t.Fatal(err)
		}
		for _, content := range []string{"hellO", "longer than before", ""} {
			if err := b.PutFile(t.Context(), "k", file(t, content)); !errors.Is(err, blob.ErrExists) {
				t.Errorf("PutFile(%q) = %v, want ErrExists", content, err)
			}
		}
		if size, err := b.Size(t.Context(), "k"); err != nil || size != 5 {
			t.Errorf("Size = %d, %v; want 5", size, err)
		}
	})
	t.Run("an object can be deleted, and deleted again", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, key := range []string{"a/k", "a/other"} {
			if err := b.PutFile(t.Context(), key, file(t, key)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := b.Delete(t.Context(), "a/k"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Size(t.Context(), "a/k"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Size of a deleted object: %v, want ErrNotFound", err)
		}
		if size, err := b.Size(t.Context(), "a/other"); err != nil || size != 7 {
			t.Errorf("Size of another object = %d, %v; want 7", size, err)
		}
		if err := b.PutFile(t.Context(), "a/k", file(t, "anew")); err != nil {
			t.Errorf("PutFile under the key of a deleted object: %v", err)
		}
	})
	t.Run("deleting from a bucket without objects is no error", func(t *testing.T) {
		t.Parallel()
		if err := open(t).Delete(t.Context(), "a/k"); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key cannot leave the bucket", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, key := range []string{"", "/a", "../a", "a/../../b", "a//b", "a/./b", `a\b`, "a\x00b", strings.Repeat("a", 1024)} {
			if err := b.PutFile(t.Context(), key, file(t, "x")); err == nil {
				t.Errorf("PutFile(%q) succeeded", key)
			}
			if err := b.Delete(t.Context(), key); err == nil {
				t.Errorf("Delete(%q) succeeded", key)
			}
		}
	})
}
