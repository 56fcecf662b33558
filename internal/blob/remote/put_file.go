package remote

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// cleanUpTimeout bounds the request that forgets an upload that came to nothing.
const cleanUpTimeout = 10 * time.Second

// PutFile implements blob.Bucket: at once up to the size of a part, by parts
// above.
func (b *Bucket) PutFile(ctx context.Context, key, path string) error {
	if err := b.putFile(ctx, key, path); err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	return nil
}

func (b *Bucket) putFile(ctx context.Context, key, path string) error {
	name, err := b.name(key)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sections, pieces, err := b.cut(ctx, file)
	if err != nil {
		return err
	}
	want := pieces[0].whole()
	if len(pieces) > 1 {
		want = b.join(pieces)
	}
	if found, err := b.find(ctx, name, want); found || err != nil {
		return err
	}
	var etag string
	if len(pieces) > 1 {
		etag, err = b.putParts(ctx, name, sections, pieces)
	} else {
		etag, err = b.store.Put(ctx, name, sections[0], pieces[0].sums)
	}
	return b.confirm(ctx, name, want, etag, err)
}

// cut divides a file into parts, at least one, and measures them.
func (b *Bucket) cut(ctx context.Context, file *os.File) (sections []*io.SectionReader, pieces []piece, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	size := info.Size()
	if size > b.partSize*MaxParts {
		return nil, nil, fmt.Errorf("file has %d bytes: %d parts of %d bytes are allowed", size, MaxParts, b.partSize)
	}
	for offset := int64(0); offset < size || offset == 0; offset += b.partSize {
		section := io.NewSectionReader(file, offset, min(b.partSize, size-offset))
		p, err := b.measure(ctx, section)
		if err != nil {
			return nil, nil, err
		}
		sections, pieces = append(sections, section), append(pieces, p)
	}
	return sections, pieces, nil
}

func (b *Bucket) putParts(ctx context.Context, name string, sections []*io.SectionReader, pieces []piece) (etag string, err error) {
	id, err := b.store.Create(ctx, name, nil)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			b.forget(ctx, name, id)
		}
	}()
	parts := make([]Part, len(sections))
	for i, section := range sections {
		parts[i].Number = i + 1
		parts[i].ETag, err = b.store.PutPart(ctx, name, id, i+1, section, pieces[i].sums)
		if err != nil {
			return "", err
		}
	}
	return b.store.Complete(ctx, name, id, parts, false)
}

// forget aborts an upload that came to nothing. If that fails too, its parts stay
// until the store's own rule for incomplete uploads deletes them; the error that
// made the upload fail is the one to report.
func (b *Bucket) forget(ctx context.Context, name, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	_ = b.store.Abort(ctx, name, id)
}
