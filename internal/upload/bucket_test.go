package upload

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"tallylight/internal/blob"
)

// errInjected is what faults fail with.
var errInjected = errors.New("injected fault")

const testPartSize = 10

// A stepFunc is called for everything that a bucket is asked to do, with what does
// it.
type stepFunc func(ctx context.Context, effect func() error) error

// A memoryBucket is a PartBucket whose steps can fail.
type memoryBucket struct {
	mu       sync.Mutex
	step     stepFunc // may be nil
	objects  map[string]string
	begun    int
	uploads  map[string]map[int]string // parts by the upload's ID
	complete map[string]string         // content by the upload's ID
	sent     map[int]int               // how often each part was put
	running  int
	most     int // that ran at the same time
}

func newMemoryBucket() *memoryBucket {
	return &memoryBucket{
		objects: map[string]string{}, uploads: map[string]map[int]string{}, complete: map[string]string{}, sent: map[int]int{},
	}
}

// setStep has step called from now on.
func (b *memoryBucket) setStep(step stepFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.step = step
}

// do carries out an effect as a step.
func (b *memoryBucket) do(ctx context.Context, effect func() error) error {
	b.mu.Lock()
	b.running++
	b.most = max(b.most, b.running)
	step := b.step
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.running--
		b.mu.Unlock()
	}()
	locked := func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		return effect()
	}
	if step == nil {
		return locked()
	}
	return step(ctx, locked)
}

func (b *memoryBucket) object(key string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.objects[key]
	return content, ok
}

// sentParts tells how often each part was put, such as "2:1 3:1".
func (b *memoryBucket) sentParts() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for number := range 100 {
		if n := b.sent[number]; n > 0 {
			list = append(list, fmt.Sprintf("%d:%d", number, n))
		}
	}
	return strings.Join(list, " ")
}

// openUploads returns how many uploads the bucket has that were neither completed
// nor aborted.
func (b *memoryBucket) openUploads() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.uploads)
}

// forgetUploads does what the clean-up rule of a bucket does.
func (b *memoryBucket) forgetUploads() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.uploads)
}

func (b *memoryBucket) PartSize() int64 { return testPartSize }

func (b *memoryBucket) PutFile(ctx context.Context, key, path string) error {
	return b.do(ctx, func() error {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return b.create(key, string(content))
	})
}

func (b *memoryBucket) OpenRange(_ context.Context, key string, offset, size int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.objects[key]
	if !ok {
		return nil, fmt.Errorf("object %s: %w", key, blob.ErrNotFound)
	}
	return io.NopCloser(io.NewSectionReader(strings.NewReader(content), offset, size)), nil
}

func (b *memoryBucket) create(key, content string) error {
	if old, ok := b.objects[key]; ok && old != content {
		return fmt.Errorf("object %s: %w", key, blob.ErrExists)
	}
	b.objects[key] = content
	return nil
}

func (b *memoryBucket) BeginUpload(ctx context.Context, name string) (u blob.Upload, err error) {
	err = b.do(ctx, func() error {
		b.begun++
		u = blob.Upload{Name: name, ID: fmt.Sprint("up-", b.begun)}
		b.uploads[u.ID] = map[int]string{}
		return nil
	})
	return u, err
}

func (b *memoryBucket) PutPart(ctx context.Context, u blob.Upload, number int, part *io.SectionReader) (p blob.Part, err error) {
	content, err := io.ReadAll(part)
	if err != nil {
		return p, err
	}
	err = b.do(ctx, func() error {
		parts, ok := b.uploads[u.ID]
		if !ok {
			return blob.ErrNoUpload
		}
		parts[number] = string(content)
		b.sent[number]++
		p = blob.Part{Number: number, Size: int64(len(content)), ETag: fmt.Sprintf("%x", content), MD5: md5.Sum(content)}
		return nil
	})
	return p, err
}

func (b *memoryBucket) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part, key string) error {
	return b.do(ctx, func() error {
		content, ok := b.complete[u.ID]
		if !ok {
			sent, ok := b.uploads[u.ID]
			if !ok {
				return blob.ErrNoUpload
			}
			for i, p := range parts {
				if p.Number != i+1 || p.ETag != fmt.Sprintf("%x", sent[p.Number]) || i < len(parts)-1 && p.Size != testPartSize {
					return fmt.Errorf("part %d is given as %d with ETag %q: %w", i+1, p.Number, p.ETag, errors.ErrUnsupported)
				}
				content += sent[p.Number]
			}
		}
		if err := b.create(key, content); err != nil {
			return err
		}
		b.complete[u.ID] = content
		delete(b.uploads, u.ID)
		return nil
	})
}

func (b *memoryBucket) AbortUpload(ctx context.Context, u blob.Upload) error {
	return b.do(ctx, func() error {
		delete(b.uploads, u.ID)
		return nil
	})
}

func (b *memoryBucket) Size(context.Context, string) (int64, error) { panic("not called") }
func (b *memoryBucket) Delete(context.Context, string) error        { panic("not called") }
func (b *memoryBucket) Location(string) string                      { panic("not called") }
func (b *memoryBucket) List(context.Context, string, func(blob.Object) error) error {
	panic("not called")
}

var _ blob.PartBucket = (*memoryBucket)(nil)
