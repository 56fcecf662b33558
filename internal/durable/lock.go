package durable

import (
	"errors"
	"fmt"
	"os"
)

// ErrLocked means that another process holds the lock.
var ErrLocked = errors.New("locked by another process")

// A Lock keeps other processes out of a folder. It ends with the process, so a
// crash leaves nothing behind.
type Lock struct {
	file *os.File
}

// AcquireLock takes the lock of the file at path, which it creates. If another
// process holds it, the error wraps ErrLocked.
func AcquireLock(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return &Lock{file: f}, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
