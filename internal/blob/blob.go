// Package blob is the contract of object storage: buckets that keep finished
// record files under keys. Its backends live in the folders below and pass the
// suite of blobtest.
package blob

import (
	"context"
	"errors"
	"io"
)

// Errors of a bucket.
var (
	// ErrExists means that another object has the key; it was not touched.
	ErrExists = errors.New("object exists already")
	// ErrNotFound means that there is no object with the key.
	ErrNotFound = errors.New("object not found")
	// ErrNoUpload means that the bucket does not know an upload, or no longer:
	// whoever holds the file begins another.
	ErrNoUpload = errors.New("upload not found")
	// ErrDenied means that the bucket refuses the credentials or the right to do
	// this: somebody must act.
	ErrDenied = errors.New("bucket denies access")
)

// A Bucket keeps objects. Objects are never replaced, and deleted only by Delete.
// Where the bucket itself is gone, errors wrap live.ErrBucketNotFound.
type Bucket interface {
	// PutFile stores the file at path, which is finished and synced, under key
	// (see live.ValidateObjectKey). When it returns nil the object is durable.
	// The file itself stays where it is. Repeating a PutFile whose outcome is
	// unknown succeeds whether or not it had been done; if the key belongs to
	// other content the error wraps ErrExists. Other errors may be temporary.
	PutFile(ctx context.Context, key, path string) error
	// Size returns the size of an object in bytes, or ErrNotFound.
	Size(ctx context.Context, key string) (int64, error)
	// OpenRange reads size bytes of an object from an offset on, fewer where it ends
	// before: size is positive, and the offset lies in the object. That there is no
	// object, with ErrNotFound, and every other error may be known when it is opened or
	// when it is read. Whoever opens it closes it; it ends with ctx. Where bytes can be
	// skipped at no cost, it is an io.Seeker.
	OpenRange(ctx context.Context, key string, offset, size int64) (io.ReadCloser, error)
	// Delete deletes an object. When it returns nil the object is gone for good;
	// that there was none is no error.
	Delete(ctx context.Context, key string) error
	// Location says where an object is in words of the operator: a path, a URL.
	Location(key string) string
	// List calls fn for every object whose key begins with prefix, in the order of
	// their keys by bytes, until fn returns an error, which List then returns.
	List(ctx context.Context, prefix string, fn func(Object) error) error
}

// An Object is one object of a bucket.
type Object struct {
	Key  string
	Size int64 // bytes
}

// A PartBucket is a Bucket that takes a file in parts, while it still grows and
// before anybody knows the key that it will have.
type PartBucket interface {
	Bucket
	// PartSize returns the size in bytes of every part but the last.
	PartSize() int64
	// BeginUpload begins an upload. name tells it from others in the bucket; it
	// is a key below which nothing else is stored.
	BeginUpload(ctx context.Context, name string) (Upload, error)
	// PutPart stores a part, which is not empty; numbers count from 1 to 10,000, and
	// putting a number again replaces it. When it returns nil the bucket has confirmed
	// size and checksum. The part is read more than once.
	PutPart(ctx context.Context, u Upload, number int, part *io.SectionReader) (Part, error)
	// CompleteUpload makes the parts, one at least, in the order of their numbers and
	// without a gap, the object key. What PutFile says of its outcome and of ErrExists
	// holds here too; after ErrExists it can be called with another key. Uploads or
	// parts that the bucket does not know are ErrNoUpload.
	CompleteUpload(ctx context.Context, u Upload, parts []Part, key string) error
	// AbortUpload forgets an upload and its parts; that there is none is no error.
	AbortUpload(ctx context.Context, u Upload) error
}

// An Upload is a file on its way into a bucket.
type Upload struct {
	Name string // that it was begun with
	ID   string // that the bucket gave it
}

// A Part is a stored part of an upload.
type Part struct {
	Number int // from 1
	Size   int64
	ETag   string // the bucket's mark of the part, to be kept as it is
	MD5    [16]byte
}

// Buckets finds buckets by the names that record configs use.
type Buckets interface {
	// Bucket returns a bucket, or an error that wraps live.ErrBucketNotFound.
	Bucket(name string) (Bucket, error)
}
