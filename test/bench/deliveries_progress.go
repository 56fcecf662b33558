//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

// A progress says how far senders are that share a database. What one has committed
// another may deliver, so that only the sums tell when all is done.
type progress struct {
	committed, delivered int
	done                 bool // no more is committed
}

// progressSize is the size of a progress in a file: three numbers of 64 bits.
const progressSize = 3 * 8

// A progressFile has the progress of each node in its place.
type progressFile struct {
	file  *os.File
	nodes int
}

// openProgress opens the file of so many nodes; whoever comes first makes it.
func openProgress(path string, nodes int) (*progressFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &progressFile{f, nodes}, nil
}

func (f *progressFile) close() error { return f.file.Close() }

// set replaces what is known of a node.
func (f *progressFile) set(node int, p progress) error {
	b := make([]byte, 0, progressSize)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.committed))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.delivered))
	done := uint64(0)
	if p.done {
		done = 1
	}
	b = binary.LittleEndian.AppendUint64(b, done)
	_, err := f.file.WriteAt(b, int64(node*progressSize))
	return err
}

// sum returns the progress of all nodes together. Nodes that have said nothing yet
// are not done.
func (f *progressFile) sum() (all progress, err error) {
	b := make([]byte, f.nodes*progressSize)
	n, err := f.file.ReadAt(b, 0)
	if n == 0 {
		return all, fmt.Errorf("read the progress of the senders: %w", err)
	}
	all.done = true
	for ; len(b) > 0; b = b[progressSize:] {
		all.committed += int(binary.LittleEndian.Uint64(b))
		all.delivered += int(binary.LittleEndian.Uint64(b[8:]))
		all.done = all.done && b[16] == 1
	}
	return all, nil
}
