// Package blob is the contract of object storage: buckets that keep finished
// record files under keys. Its backends live in the folders below and pass the
// suite of blobtest.
package blob

import (
	"context"
	"errors"
)

// Errors of a bucket.
var (
	// ErrExists means that another object has the key; it was not touched.
	ErrExists = errors.New("object exists already")
	// ErrNotFound means that there is no object with the key.
	ErrNotFound = errors.New("object not found")
)

// A Bucket keeps objects. Objects are never replaced, and deleted only by Delete.
type Bucket interface {
	// PutFile stores the file at path, which is finished and synced, under key
	// (see live.ValidateObjectKey). When it returns nil the object is durable.
	// The file itself stays where it is. Repeating a PutFile whose outcome is
	// unknown succeeds whether or not it had been done; if the key belongs to
	// other content the error wraps ErrExists. Other errors may be temporary.
	PutFile(ctx context.Context, key, path string) error
	// Size returns the size of an object in bytes, or ErrNotFound.
	Size(ctx context.Context, key string) (int64, error)
	// Delete deletes an object. When it returns nil the object is gone for good;
	// that there was none is no error.
	Delete(ctx context.Context, key string) error
	// Location says where an object is in words of the operator: a path, a URL.
	Location(key string) string
}

// Buckets finds buckets by the names that record configs use.
type Buckets interface {
	// Bucket returns a bucket, or an error that wraps live.ErrBucketNotFound.
	Bucket(name string) (Bucket, error)
}
