package remote

import (
	"context"
	"io"

	"tallylight/internal/blob"
)

// A Protocol makes the requests to one bucket of a store, each once. Names are
// whole keys, with the bucket's prefix. Errors wrap live.ErrBucketNotFound,
// blob.ErrDenied and those named below; every other may be temporary, and what
// it was about may have happened.
type Protocol interface {
	// Location is where an object is, as a URL.
	Location(name string) string
	// CheckBucket returns an error if the store says that there is no such bucket.
	CheckBucket(ctx context.Context) error
	// Head looks at an object, or returns blob.ErrNotFound.
	Head(ctx context.Context, name string) (Info, error)
	// Get reads size bytes of an object from an offset on, or all of it if size is
	// negative; or it returns blob.ErrNotFound.
	Get(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error)
	// Put stores an object, of which the store checks the MD5, and returns its ETag.
	// Where the store can tell that the name is taken, the error is blob.ErrExists.
	Put(ctx context.Context, name string, body *io.SectionReader, sums Sums) (etag string, err error)
	// Delete deletes an object; that there is none is no error.
	Delete(ctx context.Context, name string) error
	// List calls fn for all objects below prefix, in the order of their names by bytes.
	List(ctx context.Context, prefix string, fn func(blob.Object) error) error

	// Create begins an upload. crc64, unless nil, is what the object is known to
	// have when it is complete: stores that keep none themselves keep that.
	Create(ctx context.Context, name string, crc64 *uint64) (id string, err error)
	// PutPart stores a part, of which the store checks the MD5, and returns its ETag.
	// If the store answers with another checksum the error is ErrMismatch; an upload
	// that it does not know is blob.ErrNoUpload.
	PutPart(ctx context.Context, name, id string, number int, body *io.SectionReader, sums Sums) (etag string, err error)
	// CopyPart makes size bytes at offset of the object from a part, or all of it if
	// size is negative.
	CopyPart(ctx context.Context, name, id string, number int, from string, offset, size int64) (etag string, err error)
	// Complete makes the parts an object and returns its ETag. An upload or a part
	// that the store does not know is blob.ErrNoUpload. Unless replace is set and
	// where the store can tell that the name is taken, the error is blob.ErrExists.
	Complete(ctx context.Context, name, id string, parts []Part, replace bool) (etag string, err error)
	// Abort forgets an upload; that there is none is no error.
	Abort(ctx context.Context, name, id string) error
}

// Info is what a store says of an object.
type Info struct {
	Size  int64 // bytes
	ETag  string
	CRC64 *uint64 // of the whole object; nil if the store has none
}

// Sums are checksums of what is sent.
type Sums struct {
	MD5   [16]byte
	CRC64 uint64
}

// A Part is a part of an upload as the store knows it.
type Part struct {
	Number int
	ETag   string
}
