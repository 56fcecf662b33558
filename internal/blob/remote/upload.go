package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tallylight/internal/blob"
)

// BeginUpload implements blob.PartBucket.
func (b *Bucket) BeginUpload(ctx context.Context, name string) (blob.Upload, error) {
	staging, err := b.stagingName(name)
	if err != nil {
		return blob.Upload{}, fmt.Errorf("begin upload %s: %w", name, err)
	}
	id, err := b.store.Create(ctx, staging, nil)
	if err != nil {
		return blob.Upload{}, fmt.Errorf("begin upload %s: %w", name, err)
	}
	return blob.Upload{Name: name, ID: id}, nil
}

// PutPart implements blob.PartBucket. The store compares the part with the MD5
// that is sent with it.
func (b *Bucket) PutPart(ctx context.Context, u blob.Upload, number int, part *io.SectionReader) (blob.Part, error) {
	stored, err := b.putPart(ctx, u, number, part)
	if err != nil {
		return blob.Part{}, fmt.Errorf("put part %d of upload %s: %w", number, u.Name, err)
	}
	return stored, nil
}

func (b *Bucket) putPart(ctx context.Context, u blob.Upload, number int, part *io.SectionReader) (blob.Part, error) {
	staging, err := b.stagingName(u.Name)
	if err != nil {
		return blob.Part{}, err
	}
	if number < 1 || number > MaxParts || part.Size() == 0 {
		return blob.Part{}, fmt.Errorf("%d bytes as number %d: parts count from 1 to %d and are not empty", part.Size(), number, MaxParts)
	}
	p, err := b.measure(ctx, part)
	if err != nil {
		return blob.Part{}, err
	}
	etag, err := b.store.PutPart(ctx, staging, u.ID, number, part, p.sums)
	if err != nil {
		return blob.Part{}, err
	}
	return blob.Part{Number: number, Size: p.size, ETag: markPart(p.sums.CRC64, etag), MD5: p.sums.MD5}, nil
}

// markPart makes one text of a part's CRC-64 and its ETag, so that whoever keeps
// parts keeps what the object's checksum is computed from.
func markPart(crc64 uint64, etag string) string { return fmt.Sprintf("%016x:%s", crc64, etag) }

// parseMark is the inverse of markPart.
func parseMark(mark string) (crc64 uint64, etag string, err error) {
	crc, etag, ok := strings.Cut(mark, ":")
	if ok {
		crc64, err = strconv.ParseUint(crc, 16, 64)
	}
	if !ok || err != nil || mark != markPart(crc64, etag) {
		return 0, "", fmt.Errorf("%q is not the mark of a part", mark)
	}
	return crc64, etag, nil
}

// parseParts returns what a complete upload holds.
func (b *Bucket) parseParts(parts []blob.Part) ([]Part, content, error) {
	if len(parts) == 0 {
		return nil, content{}, errors.New("an upload has at least one part")
	}
	known, pieces := make([]Part, len(parts)), make([]piece, len(parts))
	for i, p := range parts {
		if p.Number != i+1 {
			return nil, content{}, fmt.Errorf("part %d stands in the place of part %d", p.Number, i+1)
		}
		crc64, etag, err := parseMark(p.ETag)
		if err != nil {
			return nil, content{}, fmt.Errorf("part %d: %w", p.Number, err)
		}
		known[i] = Part{Number: p.Number, ETag: etag}
		pieces[i] = piece{size: p.Size, sums: Sums{MD5: p.MD5, CRC64: crc64}}
	}
	return known, b.join(pieces), nil
}

// CompleteUpload implements blob.PartBucket.
func (b *Bucket) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part, key string) error {
	if err := b.completeUpload(ctx, u, parts, key); err != nil {
		return fmt.Errorf("complete upload %s as %s: %w", u.Name, key, err)
	}
	return nil
}

func (b *Bucket) completeUpload(ctx context.Context, u blob.Upload, parts []blob.Part, key string) error {
	name, err := b.name(key)
	if err != nil {
		return err
	}
	staging, err := b.stagingName(u.Name)
	if err != nil {
		return err
	}
	known, want, err := b.parseParts(parts)
	if err != nil {
		return err
	}
	found, err := b.find(ctx, name, want)
	if err != nil {
		return err
	}
	if found { // by an earlier attempt that did not get to tidy up
		return b.abort(ctx, staging, u.ID)
	}
	if err := b.stage(ctx, staging, u.ID, known, want); err != nil {
		return err
	}
	etag, err := b.copy(ctx, staging, name, want)
	if err := b.confirm(ctx, name, want, etag, err); err != nil {
		return err
	}
	return b.store.Delete(ctx, staging)
}

// stage completes an upload under its staging key, unless an earlier attempt did.
func (b *Bucket) stage(ctx context.Context, staging, id string, parts []Part, want content) error {
	_, completeErr := b.store.Complete(ctx, staging, id, parts, true)
	if completeErr != nil && !errors.Is(completeErr, blob.ErrNoUpload) {
		return completeErr
	}
	info, err := b.store.Head(ctx, staging)
	if errors.Is(err, blob.ErrNotFound) {
		return blob.ErrNoUpload
	}
	if err != nil {
		return err
	}
	same, err := b.holds(ctx, staging, info, want)
	switch {
	case err != nil:
		return err
	case same:
		return nil
	case completeErr != nil:
		return completeErr
	}
	return errors.Join(ErrMismatch, b.store.Delete(ctx, staging))
}

// copy copies a staged object within the store. It goes by parts whatever the
// size, because that is how stores copy large objects and how all of them can
// be told not to replace any.
func (b *Bucket) copy(ctx context.Context, staging, name string, want content) (etag string, err error) {
	id, err := b.store.Create(ctx, name, &want.crc64)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			b.forget(ctx, name, id)
		}
	}()
	var parts []Part
	for offset := int64(0); offset < want.size; offset += b.copySize {
		number, size := len(parts)+1, min(b.copySize, want.size-offset)
		if size == want.size {
			size = -1 // S3 copies no range of an object that is as small as 5 MiB
		}
		etag, err := b.store.CopyPart(ctx, name, id, number, staging, offset, size)
		if err != nil {
			return "", err
		}
		parts = append(parts, Part{Number: number, ETag: etag})
	}
	return b.store.Complete(ctx, name, id, parts, false)
}

// AbortUpload implements blob.PartBucket.
func (b *Bucket) AbortUpload(ctx context.Context, u blob.Upload) error {
	staging, err := b.stagingName(u.Name)
	if err == nil {
		err = b.abort(ctx, staging, u.ID)
	}
	if err != nil {
		return fmt.Errorf("abort upload %s: %w", u.Name, err)
	}
	return nil
}

// abort deletes what an upload has collected, complete or not.
func (b *Bucket) abort(ctx context.Context, staging, id string) error {
	if err := b.store.Abort(ctx, staging, id); err != nil {
		return err
	}
	return b.store.Delete(ctx, staging)
}
