// Package localfs keeps objects as files of local folders, one folder a bucket.
package localfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
)

// A Bucket is a folder. It is created with the first object.
type Bucket struct {
	dir string

	mu     sync.Mutex
	synced map[string]bool // folders whose names are known to be durable
}

// temporaryPrefix begins the names of files that are being copied; the names of what
// they are copied from follow.
const temporaryPrefix = ".put-"

// maxSyncedFolders bounds what a Bucket remembers; past it, it starts afresh.
const maxSyncedFolders = 10_000

// NewBucket returns the bucket in the folder dir.
func NewBucket(dir string) *Bucket { return &Bucket{dir: dir} }

// Location returns the path of the object.
func (b *Bucket) Location(key string) string {
	return filepath.Join(b.dir, filepath.FromSlash(key))
}

// PutFile implements blob.Bucket: with a hard link where the file system
// allows, so that no byte is copied, otherwise with a synced copy.
func (b *Bucket) PutFile(ctx context.Context, key, path string) error {
	to, err := b.prepare(key)
	if err != nil {
		return err
	}
	err = durable.Link(path, to)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return b.resolveExisting(key, path, to)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("put object %s: %w", key, err)
	}
	return b.copyFile(ctx, key, path, to) // another file system, or one without links
}

// prepare validates key and creates its folder. Nothing on the way may lead out
// of the bucket, symbolic links included.
func (b *Bucket) prepare(key string) (path string, err error) {
	if err := live.ValidateObjectKey(key); err != nil {
		return "", err
	}
	dir := filepath.Dir(filepath.FromSlash(key))
	if b.exists(dir) {
		return b.Location(key), nil
	}
	if err := durable.MkdirAll(b.dir, 0o755); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return "", fmt.Errorf("put object %s: %w", key, err)
	}
	defer root.Close()
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("put object %s: %w", key, err)
	}
	if err := b.syncFolders(dir); err != nil {
		return "", fmt.Errorf("put object %s: %w", key, err)
	}
	return b.Location(key), nil
}

// exists reports whether a folder was made durable before and is still there.
func (b *Bucket) exists(dir string) bool {
	b.mu.Lock()
	known := b.synced[dir]
	b.mu.Unlock()
	if !known {
		return false
	}
	info, err := os.Lstat(filepath.Join(b.dir, dir))
	if err == nil && info.IsDir() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.synced = nil // somebody moved folders about: look at all of them again
	return false
}

// syncFolders makes the names of dir and its parents in the bucket durable, from
// the inside out, once for each.
func (b *Bucket) syncFolders(dir string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.synced) >= maxSyncedFolders {
		b.synced = nil
	}
	for d := dir; d != "." && !b.synced[d]; d = filepath.Dir(d) {
		if err := durable.SyncDir(filepath.Join(b.dir, filepath.Dir(d))); err != nil {
			return err
		}
		if b.synced == nil {
			b.synced = make(map[string]bool)
		}
		b.synced[d] = true
	}
	return nil
}

// resolveExisting tells a repeated PutFile from a taken key.
func (b *Bucket) resolveExisting(key, path, to string) error {
	same, err := sameContent(path, to)
	if err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	if !same {
		return fmt.Errorf("put object %s: %w", key, blob.ErrExists)
	}
	return durable.SyncDir(filepath.Dir(to))
}

func (b *Bucket) copyFile(ctx context.Context, key, path, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	defer from.Close()
	tmp, err := createTemporary(filepath.Join(filepath.Dir(to), temporaryPrefix+filepath.Base(path)))
	if err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, contextReader{ctx, from})
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	if err := durable.Link(tmp.Name(), to); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return b.resolveExisting(key, path, to)
		}
		// No links here at all: renaming can replace, so look first.
		if _, statErr := os.Lstat(to); statErr == nil {
			return b.resolveExisting(key, path, to)
		}
		if err := os.Rename(tmp.Name(), to); err != nil {
			return fmt.Errorf("put object %s: %w", key, err)
		}
		return durable.SyncDir(filepath.Dir(to))
	}
	return nil
}

// createTemporary creates the file of a copy, in place of what a crash left of an
// earlier one: each file has a name of its own, and nobody copies it twice at a time.
func createTemporary(path string) (*os.File, error) {
	if err := durable.Remove(path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// contextReader stops a long copy when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// sameContent compares two files by identity, size and bytes, in this order.
func sameContent(a, b string) (bool, error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	ia, err := fa.Stat()
	if err != nil {
		return false, err
	}
	ib, err := fb.Stat()
	if err != nil {
		return false, err
	}
	if os.SameFile(ia, ib) {
		return true, nil
	}
	if ia.Size() != ib.Size() {
		return false, nil
	}
	bufA, bufB := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(fa, bufA)
		if _, errB := io.ReadFull(fb, bufB[:n]); errB != nil && n > 0 {
			return false, errB
		}
		if string(bufA[:n]) != string(bufB[:n]) {
			return false, nil
		}
		if errA == io.EOF || errA == io.ErrUnexpectedEOF {
			return true, nil
		}
		if errA != nil {
			return false, errA
		}
	}
}

// Size implements blob.Bucket.
func (b *Bucket) Size(_ context.Context, key string) (int64, error) {
	if err := live.ValidateObjectKey(key); err != nil {
		return 0, err
	}
	info, err := os.Stat(b.Location(key))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("size of object %s: %w", key, blob.ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("size of object %s: %w", key, err)
	}
	return info.Size(), nil
}

// OpenRange implements blob.Bucket. Nothing on the way may lead out of the bucket,
// symbolic links included.
func (b *Bucket) OpenRange(ctx context.Context, key string, offset, size int64) (io.ReadCloser, error) {
	if err := live.ValidateObjectKey(key); err != nil {
		return nil, err
	}
	f, err := b.open(filepath.FromSlash(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = blob.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	return &fileRange{ctx, io.NewSectionReader(f, offset, size), f}, nil
}

// open opens a file of the bucket. A folder is no object.
func (b *Bucket) open(name string) (*os.File, error) {
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// A fileRange is a part of an open file. It can be sought in.
type fileRange struct {
	ctx context.Context
	*io.SectionReader
	f *os.File
}

func (r *fileRange) Read(p []byte) (int, error) { return contextReader{r.ctx, r.SectionReader}.Read(p) }

func (r *fileRange) Close() error { return r.f.Close() }

// Delete implements blob.Bucket. Nothing on the way may lead out of the bucket,
// symbolic links included.
func (b *Bucket) Delete(_ context.Context, key string) error {
	if err := live.ValidateObjectKey(key); err != nil {
		return err
	}
	err := b.remove(filepath.FromSlash(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	return durable.SyncDir(filepath.Dir(b.Location(key)))
}

// remove removes a file of the bucket. A folder is no object.
func (b *Bucket) remove(name string) error {
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	return root.Remove(name)
}

// List implements blob.Bucket. Temporary files of PutFile are no objects.
func (b *Bucket) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	var objects []blob.Object
	err := filepath.WalkDir(b.dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), temporaryPrefix):
			return nil
		}
		key, err := filepath.Rel(b.dir, path)
		if err != nil {
			return err
		}
		if key = filepath.ToSlash(key); !strings.HasPrefix(key, prefix) {
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			objects = append(objects, blob.Object{Key: key, Size: info.Size()})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("list objects of %s: %w", b.dir, err)
	}
	slices.SortFunc(objects, func(x, y blob.Object) int { return strings.Compare(x.Key, y.Key) })
	for _, o := range objects {
		if err := fn(o); err != nil {
			return err
		}
	}
	return nil
}

// A Root gives every well-formed bucket name a folder below one folder.
type Root struct {
	dir     string
	buckets sync.Map // name → *Bucket
}

// NewRoot returns the buckets below the folder dir.
func NewRoot(dir string) *Root { return &Root{dir: dir} }

// Bucket implements blob.Buckets.
func (r *Root) Bucket(name string) (blob.Bucket, error) {
	if err := live.ValidateBucketName(name); err != nil {
		return nil, fmt.Errorf("%w: %w", live.ErrBucketNotFound, err)
	}
	b, _ := r.buckets.LoadOrStore(name, NewBucket(filepath.Join(r.dir, name)))
	return b.(*Bucket), nil
}

// Named is a fixed set of buckets, by name.
type Named map[string]blob.Bucket

// Bucket implements blob.Buckets.
func (n Named) Bucket(name string) (blob.Bucket, error) {
	if b, ok := n[name]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("%w: %q is not among storage.buckets", live.ErrBucketNotFound, name)
}
