package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
)

// objects are what the API sees of the buckets.
type objects struct {
	buckets blob.Buckets
	dir     string // holds an object while it is stored
}

// newObjects empties the folder dir, where a crash may have left files, and
// creates it.
func newObjects(buckets blob.Buckets, dir string) (*objects, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("empty folder %s: %w", dir, err)
	}
	return &objects{buckets, dir}, durable.MkdirAll(dir, 0o755)
}

// HasBucket reports whether a bucket exists.
func (o *objects) HasBucket(name string) bool {
	_, err := o.buckets.Bucket(name)
	return err == nil
}

// PutObject stores an object. When it returns nil the object is durable; if the
// key belongs to other content the error wraps blob.ErrExists.
func (o *objects) PutObject(ctx context.Context, bucket, key string, content []byte) error {
	b, err := o.buckets.Bucket(bucket)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(o.dir, "object-*")
	if err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("put object %s: %w", key, err)
	}
	return b.PutFile(ctx, key, f.Name())
}

// DeleteObject deletes an object. The error wraps live.ErrBucketNotFound if there
// is no such bucket; that there is no such object is none.
func (o *objects) DeleteObject(ctx context.Context, bucket, key string) error {
	b, err := o.buckets.Bucket(bucket)
	if err != nil {
		return err
	}
	return b.Delete(ctx, key)
}
