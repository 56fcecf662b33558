// Package blobtest is the suites that blob backends pass: Run all of them,
// RunParts and RunFaults those that take files in parts.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tallylight/internal/blob"
)

// write writes a file of its own and returns its path.
func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func file(t *testing.T, content string) string {
	t.Helper()
	return write(t, []byte(content))
}

// noise returns bytes that depend on seed.
func noise(seed uint64, size int64) []byte {
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	random.Read(content)
	return content
}

// wantObject checks that an object has this content: only an equal file can be
// put under its key.
func wantObject(t *testing.T, b blob.Bucket, key string, content []byte) {
	t.Helper()
	if size, err := b.Size(t.Context(), key); err != nil || size != int64(len(content)) {
		t.Fatalf("Size(%s) = %d, %v; want %d", key, size, err, len(content))
	}
	if err := b.PutFile(t.Context(), key, write(t, content)); err != nil {
		t.Errorf("PutFile of what %s should hold: %v", key, err)
	}
	other := bytes.Clone(content)
	other[len(other)/2] ^= 1
	if err := b.PutFile(t.Context(), key, write(t, other)); !errors.Is(err, blob.ErrExists) {
		t.Errorf("PutFile over %s with one other bit = %v, want ErrExists", key, err)
	}
}

// readRange reads a part of an object.
func readRange(ctx context.Context, b blob.Bucket, key string, offset, size int64) ([]byte, error) {
	r, err := b.OpenRange(ctx, key, offset, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// wantKeys checks which objects there are.
func wantKeys(t *testing.T, b blob.Bucket, prefix string, want ...string) {
	t.Helper()
	var got []string
	err := b.List(t.Context(), prefix, func(o blob.Object) error {
		got = append(got, o.Key)
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("List(%q) = %q, %v; want %q", prefix, got, err, want)
	}
}

// Run tests the bucket that open returns; each call returns an empty one.
func Run(t *testing.T, open func(t *testing.T) blob.Bucket) {
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
	t.Run("an object is read from any offset on", func(t *testing.T) {
		t.Parallel()
		b, content := open(t), noise(1, 100_000)
		if err := b.PutFile(t.Context(), "live/a.flv", write(t, content)); err != nil {
			t.Fatal(err)
		}
		for _, r := range []struct{ offset, size int64 }{{0, 1}, {0, 100_000}, {1, 99_998}, {99_999, 1}, {50_000, 40_000}, {90_000, 50_000}} {
			want := content[r.offset:min(r.offset+r.size, 100_000)]
			if got, err := readRange(t.Context(), b, "live/a.flv", r.offset, r.size); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes at %d: got %d bytes, %v; want %d", r.size, r.offset, len(got), err, len(want))
			}
		}
	})
	t.Run("a missing object cannot be read", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, key := range []string{"a", "a/b"} {
			if _, err := readRange(t.Context(), b, key, 0, 1); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", key, err)
			}
		}
	})
	t.Run("reading ends with its context", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		if err := b.PutFile(t.Context(), "k", file(t, "hello")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := readRange(ctx, b, "k", 0, 5); err == nil {
			t.Errorf("read %q", got)
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
	t.Run("an empty file is an object too", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for range 2 {
			if err := b.PutFile(t.Context(), "k", file(t, "")); err != nil {
				t.Fatal(err)
			}
		}
		if size, err := b.Size(t.Context(), "k"); err != nil || size != 0 {
			t.Errorf("Size = %d, %v; want 0", size, err)
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
			if _, err := readRange(t.Context(), b, key, 0, 1); err == nil || errors.Is(err, blob.ErrNotFound) {
				t.Errorf("OpenRange(%q) = %v, want another error than ErrNotFound", key, err)
			}
			if err := b.Delete(t.Context(), key); err == nil {
				t.Errorf("Delete(%q) succeeded", key)
			}
		}
	})
	t.Run("keys may hold what names of streams and times hold", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		keys := []string{"live/show_2026-11-23-15:04:05.flv", "live/sho w+1.flv", "live/é%20=&?#.flv"}
		for _, key := range keys {
			if err := b.PutFile(t.Context(), key, file(t, key)); err != nil {
				t.Fatal(err)
			}
			wantObject(t, b, key, []byte(key))
		}
		wantKeys(t, b, "", keys[1], keys[0], keys[2])
	})
	t.Run("objects are listed by prefix in the order of their bytes", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		wantKeys(t, b, "")
		keys := []string{"B", "a-b/x", "a.b", "a/b", "a/c/d", "a/c/e", "a0", "ab", "z", "é"}
		for _, i := range rand.Perm(len(keys)) {
			if err := b.PutFile(t.Context(), keys[i], file(t, keys[i])); err != nil {
				t.Fatal(err)
			}
		}
		wantKeys(t, b, "", keys...)
		wantKeys(t, b, "a", keys[1:8]...)
		wantKeys(t, b, "a/", keys[3:6]...)
		wantKeys(t, b, "a/c", keys[4:6]...)
		wantKeys(t, b, "c")
		b.List(t.Context(), "a/b", func(o blob.Object) error {
			if o.Size != 3 {
				t.Errorf("size of %s = %d, want 3", o.Key, o.Size)
			}
			return nil
		})
	})
	t.Run("listing ends with the error of whoever is told", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		for _, key := range []string{"a", "b"} {
			if err := b.PutFile(t.Context(), key, file(t, key)); err != nil {
				t.Fatal(err)
			}
		}
		enough, told := errors.New("enough"), 0
		err := b.List(t.Context(), "", func(blob.Object) error {
			told++
			return enough
		})
		if err != enough || told != 1 {
			t.Errorf("List = %v after %d objects; want its own error after 1", err, told)
		}
	})
}
