package live

import "time"

// An Upload is a spool file on its way into a bucket by parts. It is known as
// long as the bucket may hold parts of it.
type Upload struct {
	Name      string // of the spool file; the bucket knows the upload by it, too
	File      RecordFileID
	Bucket    string
	ID        string // that the bucket gave it
	PartSize  int64  // bytes of every part but the last
	StartedAt time.Time
}

// An UploadPart is a part of which the bucket has confirmed size and checksum.
type UploadPart struct {
	Number int // from 1
	Size   int64
	ETag   string // the bucket's mark of the part
	MD5    [16]byte
}
