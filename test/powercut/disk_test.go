//go:build linux

package powercut

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes in one go, in bytes, most of the time.
const sector = 512

// A disk knows what of a folder is durable, and what was asked for since.
type disk struct {
	files   map[string]*file // by their names now
	durable map[string]*file // by the names that the folder was synced with
	names   []nameChange     // since
}

// A nameChange makes a name that of a file, or of none.
type nameChange struct {
	name string
	file *file
}

// A file is what stands behind a name.
type file struct {
	synced  []byte
	pending []op // writes and truncations since
}

func newDisk() *disk { return &disk{files: map[string]*file{}, durable: map[string]*file{}} }

// apply takes the op with the number n.
func (d *disk) apply(n int, o op) {
	switch f := d.files[o.name]; o.kind {
	case opCreate:
		if f == nil {
			d.rename(o.name, &file{})
		}
	case opRemove:
		d.rename(o.name, nil)
	case opWrite, opTruncate:
		o.begun = n // from here on the number under which it has ended
		f.pending = append(f.pending, o)
	case opSync:
		if o.name == "." {
			d.durable, d.names = maps.Clone(d.files), nil
		} else {
			f.sync(o.begun)
		}
	}
}

func (d *disk) rename(name string, f *file) {
	if f == nil {
		delete(d.files, name)
	} else {
		d.files[name] = f
	}
	d.names = append(d.names, nameChange{name, f})
}

// sync makes durable what had ended before the sync began, and nothing after it.
func (f *file) sync(begun int) {
	rest := slices.IndexFunc(f.pending, func(o op) bool { return o.begun >= begun })
	if rest < 0 {
		rest = len(f.pending)
	}
	for _, o := range f.pending[:rest] {
		if o.kind == opTruncate {
			f.synced = resize(f.synced, o.offset)
		} else {
			f.synced = writeAt(f.synced, o.offset, o.data)
		}
	}
	f.pending = slices.Clone(f.pending[rest:])
}

// cut returns what the folder holds when power goes now.
func (d *disk) cut(random *rand.Rand) map[string][]byte {
	known := maps.Clone(d.durable)
	// File systems keep the order of names in their journal.
	for _, c := range d.names[:random.IntN(len(d.names)+1)] {
		if c.file == nil {
			delete(known, c.name)
		} else {
			known[c.name] = c.file
		}
	}
	// A disk that has written next to nothing, or all but a little, is as likely
	// as one in between.
	kept := []float64{0, 0.1, 0.5, 0.9, 0.99, 1}[random.IntN(6)]
	left := make(map[string][]byte, len(known))
	for _, name := range slices.Sorted(maps.Keys(known)) { // so that a seed says it all
		left[name] = known[name].cut(random, kept)
	}
	return left
}

// cut returns the content when power goes, with so large a part of the sectors
// that were not synced.
func (f *file) cut(random *rand.Rand, kept float64) []byte {
	content := slices.Clone(f.synced)
	for _, o := range f.pending {
		if o.kind == opTruncate {
			if random.Float64() < kept {
				content = resize(content, o.offset)
			}
			continue
		}
		for offset, data := o.offset, o.data; len(data) > 0; {
			n := min(int(sector-offset%sector), len(data))
			part := data[:n]
			if random.IntN(50) == 0 {
				part = part[:random.IntN(n)] // torn
			}
			if random.Float64() < kept {
				content = writeAt(content, offset, part)
			}
			offset, data = offset+int64(n), data[n:]
		}
	}
	return content
}

// writeAt returns content with data at offset; a gap before it is zero.
func writeAt(content []byte, offset int64, data []byte) []byte {
	if end := offset + int64(len(data)); end > int64(len(content)) {
		content = resize(content, end)
	}
	copy(content[offset:], data)
	return content
}

func resize(content []byte, size int64) []byte {
	if size <= int64(len(content)) {
		return content[:size]
	}
	return append(content, make([]byte, size-int64(len(content)))...)
}
