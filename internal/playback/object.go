package playback

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tallylight/internal/blob"
)

// How an object is read, in bytes.
const (
	// firstRange is asked for where reading begins, and twice as much each time that
	// it goes on, up to maxRange: a look at a file is cheap, and watching it takes few
	// requests.
	firstRange = 1 << 20
	maxRange   = 16 << 20
	// maxSkip is how much is rather read than asked for anew.
	maxSkip = 256 << 10
)

// A reader reads the objects of one recording, mostly onwards. It serves one
// goroutine.
type reader struct {
	ctx     context.Context // of whoever opened the recording
	buckets blob.Buckets
	objects []*object
}

// An object is an object of a bucket that is read in ranges. One range is open at
// a time.
type object struct {
	reader *reader
	bucket string
	key    string
	size   int64

	body  io.ReadCloser // nil: none
	at    int64         // where body is
	end   int64         // where body ends
	ahead int64         // how much was asked for
}

// ReadAt implements io.ReaderAt, for one goroutine at a time.
func (o *object) ReadAt(p []byte, offset int64) (n int, err error) {
	if offset >= o.size {
		return 0, io.EOF
	}
	const attempts = 2 // a range may have been open for long
	for attempt := 1; ; attempt++ {
		m, err := o.read(p[n:], offset+int64(n))
		n += m
		switch {
		case n == len(p):
			return n, nil
		case err == nil && offset+int64(n) == o.size:
			return n, io.EOF
		case err == nil:
			attempt = 0 // the range has ended
			continue
		}
		o.close()
		if attempt == attempts || o.reader.ctx.Err() != nil || errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrDenied) {
			return n, fmt.Errorf("read object %s of bucket %s at %d: %w", o.key, o.bucket, offset, err)
		}
	}
}

// read reads from the open range, or opens one. It may read less than p without an
// error, but something.
func (o *object) read(p []byte, offset int64) (n int, err error) {
	if err := o.seek(offset); err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), o.end-o.at)]
	n, err = io.ReadFull(o.body, p)
	o.at += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // it ends before its range does
	}
	if err == nil && o.at == o.end {
		o.close()
	}
	return n, err
}

// seek makes the open range one that is at an offset.
func (o *object) seek(offset int64) error {
	if o.body != nil {
		skip := offset - o.at
		if skip == 0 {
			return nil
		}
		if ok, err := o.skip(skip); ok || err != nil {
			return err
		}
		o.close()
	}
	if onward := offset - o.end; o.ahead > 0 && 0 <= onward && onward <= maxSkip {
		o.ahead = min(2*o.ahead, maxRange)
	} else {
		o.ahead = firstRange
	}
	bucket, err := o.reader.buckets.Bucket(o.bucket)
	if err != nil {
		return err
	}
	size := min(o.ahead, o.size-offset)
	body, err := bucket.OpenRange(o.reader.ctx, o.key, offset, size)
	if err != nil {
		return err
	}
	o.body, o.at, o.end = body, offset, offset+size
	return nil
}

// skip passes over bytes of the open range, if that is the shorter way.
func (o *object) skip(n int64) (ok bool, err error) {
	if n < 0 || n >= o.end-o.at {
		return false, nil
	}
	if s, seeks := o.body.(io.Seeker); seeks {
		_, err = s.Seek(n, io.SeekCurrent)
	} else if n > maxSkip {
		return false, nil
	} else {
		_, err = io.CopyN(io.Discard, o.body, n)
	}
	o.at += n
	return true, err
}

func (o *object) close() {
	if o.body != nil {
		o.body.Close() // of what was read, nothing is lost
		o.body = nil
	}
}

// close ends all ranges.
func (r *reader) close() {
	for _, o := range r.objects {
		o.close()
	}
}

// add adds an object to read.
func (r *reader) add(bucket, key string, size int64) *object {
	o := &object{reader: r, bucket: bucket, key: key, size: size}
	r.objects = append(r.objects, o)
	return o
}
