// Package durable makes files that are still there after the machine lost power:
// written under a temporary name, synced, moved into place, the folder synced.
// Whatever writes a file that must not be lost goes through it.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes data to path, replacing what is there. When it returns nil
// the new content is durable; otherwise the old content is untouched.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // fails once renamed
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(perm), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(dir)
}

// MkdirAll creates path and its missing parents. When it returns nil they are
// durable.
func MkdirAll(path string, perm fs.FileMode) error {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("create folder %s: a file is in its place", path)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create folder %s: %w", path, err)
	}
	parent := filepath.Dir(path)
	if err := MkdirAll(parent, perm); err != nil {
		return err
	}
	if err := os.Mkdir(path, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create folder %s: %w", path, err)
	}
	return SyncDir(parent)
}

// Link gives the synced file at from the second name to, in a folder that
// exists. It never replaces: if to is there and is another file, the error wraps
// fs.ErrExist. When it returns nil the new name is durable. Calling it again is
// harmless.
func Link(from, to string) error {
	if err := os.Link(from, to); err != nil {
		if !errors.Is(err, fs.ErrExist) || !sameFile(from, to) {
			return fmt.Errorf("link %s: %w", to, err)
		}
	}
	return SyncDir(filepath.Dir(to))
}

func sameFile(a, b string) bool {
	ai, err := os.Lstat(a)
	if err != nil {
		return false
	}
	bi, err := os.Lstat(b)
	return err == nil && os.SameFile(ai, bi)
}

// Remove removes a file; that it is gone already is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
