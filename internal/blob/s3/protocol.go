package s3

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/minio/minio-go/v7"

	"tallylight/internal/blob"
	"tallylight/internal/blob/remote"
	"tallylight/internal/live"
)

// crcMetadata is the user metadata in which a copied object carries the CRC-64 that
// its source was verified to have: not every store computes one, and the ETag of
// a copy says nothing.
const crcMetadata = "Tallylight-Crc64"

// anything, in If-None-Match, refuses to replace whatever there is.
const anything = "*"

// A protocol makes requests with the client of MinIO.
type protocol struct {
	core     *minio.Core
	bucket   string
	listSize int
}

// Location implements remote.Protocol.
func (p *protocol) Location(name string) string { return "s3://" + p.bucket + "/" + name }

// CheckBucket implements remote.Protocol.
func (p *protocol) CheckBucket(ctx context.Context) error {
	exists, err := p.core.BucketExists(ctx, p.bucket)
	if err == nil && !exists {
		return fmt.Errorf("%w: %s", live.ErrBucketNotFound, p.bucket)
	}
	return nil // without the right to look, objects are all there is to see
}

// Head implements remote.Protocol.
func (p *protocol) Head(ctx context.Context, name string) (remote.Info, error) {
	object, err := p.core.StatObject(ctx, p.bucket, name, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return remote.Info{}, translate(err)
	}
	info := remote.Info{Size: object.Size, ETag: object.ETag}
	if crc, ok := parseCRC64(object.ChecksumCRC64NVME); ok {
		info.CRC64 = &crc
	} else if n, err := strconv.ParseUint(object.UserMetadata[crcMetadata], 16, 64); err == nil {
		info.CRC64 = &n
	}
	return info, nil
}

// Get implements remote.Protocol.
func (p *protocol) Get(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if size >= 0 {
		if err := opts.SetRange(offset, offset+size-1); err != nil {
			return nil, err
		}
	}
	body, _, _, err := p.core.GetObject(ctx, p.bucket, name, opts)
	if err != nil {
		return nil, translate(err)
	}
	return body, nil
}

// Put implements remote.Protocol.
func (p *protocol) Put(ctx context.Context, name string, body *io.SectionReader, sums remote.Sums) (string, error) {
	opts := minio.PutObjectOptions{ContentType: remote.ContentType(name)}
	opts.SetMatchETagExcept(anything)
	object, err := p.core.PutObject(ctx, p.bucket, name, rewound(body), body.Size(), base64.StdEncoding.EncodeToString(sums.MD5[:]), "", opts)
	return object.ETag, translate(err)
}

// rewound returns the section from its beginning, wherever the reader stands.
func rewound(r *io.SectionReader) *io.SectionReader { return io.NewSectionReader(r, 0, r.Size()) }

// Delete implements remote.Protocol.
func (p *protocol) Delete(ctx context.Context, name string) error {
	err := translate(p.core.RemoveObject(ctx, p.bucket, name, minio.RemoveObjectOptions{}))
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	return err
}

// List implements remote.Protocol.
func (p *protocol) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: p.listSize}
	for object := range p.core.ListObjectsIter(ctx, p.bucket, opts) {
		if object.Err != nil {
			return translate(object.Err)
		}
		if err := fn(blob.Object{Key: object.Key, Size: object.Size}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Create implements remote.Protocol.
func (p *protocol) Create(ctx context.Context, name string, crc64 *uint64) (string, error) {
	opts := minio.PutObjectOptions{ContentType: remote.ContentType(name)}
	if crc64 != nil {
		opts.UserMetadata = map[string]string{crcMetadata: fmt.Sprintf("%016x", *crc64)}
	}
	id, err := p.core.NewMultipartUpload(ctx, p.bucket, name, opts)
	return id, translate(err)
}

// PutPart implements remote.Protocol.
func (p *protocol) PutPart(ctx context.Context, name, id string, number int, body *io.SectionReader, sums remote.Sums) (string, error) {
	opts := minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(sums.MD5[:])}
	part, err := p.core.PutObjectPart(ctx, p.bucket, name, id, number, rewound(body), body.Size(), opts)
	if crc, ok := parseCRC64(part.ChecksumCRC64NVME); err == nil && ok && crc != sums.CRC64 {
		return "", remote.ErrMismatch
	}
	return part.ETag, translate(err)
}

// parseCRC64 reads a checksum in the store's notation, if it sent one.
func parseCRC64(s string) (crc64 uint64, ok bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// CopyPart implements remote.Protocol.
func (p *protocol) CopyPart(ctx context.Context, name, id string, number int, from string, offset, size int64) (string, error) {
	part, err := p.core.CopyObjectPart(ctx, p.bucket, from, p.bucket, name, id, number, offset, size, nil)
	return part.ETag, translate(err)
}

// Complete implements remote.Protocol.
func (p *protocol) Complete(ctx context.Context, name, id string, parts []remote.Part, replace bool) (string, error) {
	var opts minio.PutObjectOptions
	if !replace {
		opts.SetMatchETagExcept(anything)
	}
	complete := make([]minio.CompletePart, len(parts))
	for i, part := range parts {
		complete[i] = minio.CompletePart{PartNumber: part.Number, ETag: part.ETag}
	}
	object, err := p.core.CompleteMultipartUpload(ctx, p.bucket, name, id, complete, opts)
	return object.ETag, translate(err)
}

// Abort implements remote.Protocol.
func (p *protocol) Abort(ctx context.Context, name, id string) error {
	err := translate(p.core.AbortMultipartUpload(ctx, p.bucket, name, id))
	if errors.Is(err, blob.ErrNoUpload) {
		return nil
	}
	return err
}

// translate gives the store's errors their meaning.
func translate(err error) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return err
	}
	var meaning error
	switch {
	case answer.Code == minio.NoSuchBucket:
		meaning = live.ErrBucketNotFound
	case answer.Code == minio.NoSuchUpload, answer.Code == minio.InvalidPart:
		meaning = blob.ErrNoUpload
	case answer.Code == minio.NoSuchKey:
		meaning = blob.ErrNotFound
	case answer.StatusCode == http.StatusPreconditionFailed:
		meaning = blob.ErrExists
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		meaning = blob.ErrDenied
	default:
		return fmt.Errorf("%s: %w", answer.Code, err)
	}
	return fmt.Errorf("%w: %s: %w", meaning, answer.Code, err)
}
