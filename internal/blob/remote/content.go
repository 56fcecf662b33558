package remote

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"strings"

	"tallylight/internal/blob"
)

// A piece is what is known of a part that was or will be sent.
type piece struct {
	size int64
	sums Sums
}

// content is what an object is to hold.
type content struct {
	size  int64
	crc64 uint64
	// etag is the object's where ETags are made from MD5s: that of the content, or
	// of those of the parts with their count behind.
	etag string
}

// measure reads a piece.
func (b *Bucket) measure(ctx context.Context, r *io.SectionReader) (piece, error) {
	sum, crc := md5.New(), crc64.New(b.crc.table)
	n, err := io.Copy(io.MultiWriter(sum, crc), contextReader{ctx, io.NewSectionReader(r, 0, r.Size())})
	if err == nil && n != r.Size() {
		err = io.ErrUnexpectedEOF
	}
	return piece{size: n, sums: Sums{MD5: [16]byte(sum.Sum(nil)), CRC64: crc.Sum64()}}, err
}

// contextReader stops a long read when ctx ends.
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

// whole returns the content of an object that was sent at once.
func (p piece) whole() content {
	return content{size: p.size, crc64: p.sums.CRC64, etag: hex.EncodeToString(p.sums.MD5[:])}
}

// join returns the content of an object that was sent in pieces.
func (b *Bucket) join(pieces []piece) content {
	var joined content
	sums := md5.New()
	for _, p := range pieces {
		joined.size += p.size
		joined.crc64 = b.crc.combine(joined.crc64, p.sums.CRC64, p.size)
		sums.Write(p.sums.MD5[:])
	}
	joined.etag = fmt.Sprintf("%x-%d", sums.Sum(nil), len(pieces))
	return joined
}

// holds reports whether an object holds what it should, by the store's own
// checksum or ETag. Where neither can tell, because the object was put by other
// means or the store encrypts, the object is read.
func (b *Bucket) holds(ctx context.Context, name string, info Info, want content) (bool, error) {
	switch {
	case info.Size != want.size:
		return false, nil
	case info.CRC64 != nil:
		return *info.CRC64 == want.crc64, nil
	case strings.EqualFold(info.ETag, want.etag):
		return true, nil
	}
	object, err := b.store.Get(ctx, name, 0, -1)
	if err != nil {
		return false, err
	}
	defer object.Close()
	crc := crc64.New(b.crc.table)
	n, err := io.Copy(crc, object)
	return n == want.size && crc.Sum64() == want.crc64, err
}

// find looks whether the object is there already. If other content has its name,
// the error is blob.ErrExists.
func (b *Bucket) find(ctx context.Context, name string, want content) (found bool, err error) {
	info, err := b.store.Head(ctx, name)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same, err := b.holds(ctx, name, info, want)
	if err == nil && !same {
		err = blob.ErrExists
	}
	return same, err
}

// confirm judges a request that was to create an object, from what it returned
// and from what there is now. An object of ours that is not what was sent is
// deleted; one that is not ours is left alone.
func (b *Bucket) confirm(ctx context.Context, name string, want content, etag string, putErr error) error {
	if putErr != nil && !errors.Is(putErr, blob.ErrExists) {
		return putErr
	}
	info, err := b.store.Head(ctx, name)
	if err != nil {
		return fmt.Errorf("confirm: %w", err)
	}
	same, err := b.holds(ctx, name, info, want)
	switch {
	case err != nil:
		return fmt.Errorf("confirm: %w", err)
	case same:
		return nil
	case putErr != nil || info.ETag != etag:
		return blob.ErrExists
	}
	return errors.Join(ErrMismatch, b.store.Delete(ctx, name))
}
