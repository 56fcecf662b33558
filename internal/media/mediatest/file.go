package mediatest

import (
	"errors"
	"io"
	"io/fs"
)

// A File is a media.File in memory, which can fail.
type File struct {
	Bytes []byte
	// ReadLimit is the offset from which on reading fails with ErrInput; 0 means
	// never.
	ReadLimit int64
	// Fail says that changes fail with ErrCrash once Budget is used up: each
	// byte written costs 1, of a write too large as much is done as is paid for,
	// and every Truncate and Sync costs 1.
	Fail   bool
	Budget int
}

// Errors of a File that was told to fail.
var (
	ErrInput = errors.New("input error")
	ErrCrash = errors.New("crash")
)

// ReadAt reads like an os.File.
func (f *File) ReadAt(b []byte, offset int64) (int, error) {
	if f.ReadLimit > 0 && offset+int64(len(b)) > f.ReadLimit {
		return 0, ErrInput
	}
	if offset >= int64(len(f.Bytes)) {
		return 0, io.EOF
	}
	n := copy(b, f.Bytes[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes like an os.File.
func (f *File) WriteAt(b []byte, offset int64) (int, error) {
	n := f.spend(len(b))
	if end := int(offset) + n; end > len(f.Bytes) {
		f.Bytes = append(f.Bytes, make([]byte, end-len(f.Bytes))...)
	}
	copy(f.Bytes[offset:], b[:n])
	if n < len(b) {
		return n, ErrCrash
	}
	return n, nil
}

// Truncate cuts the file off.
func (f *File) Truncate(size int64) error {
	if f.spend(1) < 1 {
		return ErrCrash
	}
	f.Bytes = f.Bytes[:size]
	return nil
}

// Sync does nothing.
func (f *File) Sync() error {
	if f.spend(1) < 1 {
		return ErrCrash
	}
	return nil
}

// spend pays for up to n and returns how much there was.
func (f *File) spend(n int) int {
	if !f.Fail {
		return n
	}
	n = min(n, f.Budget)
	f.Budget -= n
	return n
}

// Stat tells the size and nothing else.
func (f *File) Stat() (fs.FileInfo, error) { return fileInfo{size: int64(len(f.Bytes))}, nil }

type fileInfo struct {
	fs.FileInfo
	size int64
}

func (i fileInfo) Size() int64 { return i.size }
