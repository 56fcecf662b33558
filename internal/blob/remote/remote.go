// Package remote is what buckets behind a network have in common: how an object
// comes to be whole, verified and never replaced, whatever request fails and
// whenever the process dies. The packages s3 and oss add their protocols.
//
// A file goes to its key with one request if it is small and with an upload by
// parts if it is not. An upload whose key is not known yet collects its parts
// under a staging key, is verified there, copied within the store to its key, and
// then deleted there. Every step looks for what an earlier attempt may have done.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tallylight/internal/blob"
	"tallylight/internal/live"
)

// ErrMismatch means that the store received something else than what it was sent.
// An object is deleted then.
var ErrMismatch = errors.New("store holds other content than it was sent")

const (
	// stagingPrefix begins the keys of uploads that have no key of their own yet.
	stagingPrefix = ".tallylight-uploads/"
	// maxKeyLength bounds the keys of a store, in bytes: 1023 at OSS, 1024 at S3.
	maxKeyLength = 1023
	// maxPrefixLength bounds the prefixes of buckets, so that keys have room.
	maxPrefixLength = 255
	// MaxParts bounds the parts of an upload, at OSS and S3 alike.
	MaxParts = 10_000
)

// Config says what a Bucket consists of.
type Config struct {
	Protocol Protocol
	// Prefix is put before every key. It is empty or ends with a slash.
	Prefix string
	// PartSize is the size of the parts of an upload, in bytes.
	PartSize int64
	// CopySize is how much one request copies at most, in bytes, so that it is
	// answered in time. It is not below the smallest part of the store.
	CopySize int64
	// Polynomial is that of the store's CRC-64, reversed.
	Polynomial uint64
}

// A Bucket is a bucket of a store behind a network. Its requests are not
// repeated: that is up to its caller.
type Bucket struct {
	store    Protocol
	prefix   string
	partSize int64
	copySize int64
	crc      checksum
}

// New returns a bucket. It makes no request.
func New(c Config) *Bucket {
	return &Bucket{
		store:    c.Protocol,
		prefix:   c.Prefix,
		partSize: c.PartSize,
		copySize: c.CopySize,
		crc:      newChecksum(c.Polynomial),
	}
}

// Location returns the URL of the object in the manner of the store's own tools.
func (b *Bucket) Location(key string) string { return b.store.Location(b.prefix + key) }

// PartSize implements blob.PartBucket.
func (b *Bucket) PartSize() int64 { return b.partSize }

// name returns the store's name for an object, if key can be one.
func (b *Bucket) name(key string) (string, error) {
	if err := live.ValidateObjectKey(key); err != nil {
		return "", err
	}
	if strings.HasPrefix(key, stagingPrefix) {
		return "", fmt.Errorf("keys that begin with %s are those of uploads", stagingPrefix)
	}
	return b.checkLength(b.prefix + key)
}

// stagingName returns the store's name for what an upload collects.
func (b *Bucket) stagingName(upload string) (string, error) {
	if err := live.ValidateObjectKey(upload); err != nil {
		return "", err
	}
	return b.checkLength(b.prefix + stagingPrefix + upload)
}

func (b *Bucket) checkLength(name string) (string, error) {
	if len(name) > maxKeyLength {
		return "", fmt.Errorf("key with the bucket's prefix has %d bytes, %d are allowed", len(name), maxKeyLength)
	}
	return name, nil
}

// Size implements blob.Bucket.
func (b *Bucket) Size(ctx context.Context, key string) (int64, error) {
	name, err := b.name(key)
	if err != nil {
		return 0, fmt.Errorf("size of object %s: %w", key, err)
	}
	info, err := b.store.Head(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("size of object %s: %w", key, b.missing(ctx, err))
	}
	return info.Size, nil
}

// missing returns what an error about an object means: without its bucket an object
// is not missing, but out of sight.
func (b *Bucket) missing(ctx context.Context, err error) error {
	if errors.Is(err, blob.ErrNotFound) {
		if bucketErr := b.store.CheckBucket(ctx); bucketErr != nil {
			return bucketErr
		}
	}
	return err
}

// OpenRange implements blob.Bucket.
func (b *Bucket) OpenRange(ctx context.Context, key string, offset, size int64) (io.ReadCloser, error) {
	name, err := b.name(key)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	body, err := b.store.Get(ctx, name, offset, size)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, b.missing(ctx, err))
	}
	return body, nil
}

// Delete implements blob.Bucket. Where the store keeps versions, older ones
// stay for as long as its own rules say.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	name, err := b.name(key)
	if err == nil {
		err = b.store.Delete(ctx, name)
	}
	if err != nil {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	return nil
}

// List implements blob.Bucket. Uploads that are not complete are no objects, nor
// is what the bucket could not have stored, such as the markers of folders that
// consoles leave.
func (b *Bucket) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	var stopped error // by fn
	err := b.store.List(ctx, b.prefix+prefix, func(o blob.Object) error {
		o.Key = strings.TrimPrefix(o.Key, b.prefix)
		if _, err := b.name(o.Key); err != nil {
			return nil
		}
		stopped = fn(o)
		return stopped
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("list objects of %s: %w", b.Location(prefix), err)
	}
	return err
}
