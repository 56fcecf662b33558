package mp4

import (
	"errors"
	"fmt"
	"io"

	"tallylight/internal/media"
)

// maxMoov bounds the moov box of a finished file, in bytes: that of a day has
// about 100 MiB.
const maxMoov = 512 << 20

// errMalformed says that bytes are not what a Writer of this package makes.
var errMalformed = errors.New("mp4: malformed")

// ReadIndex reads what a file that a Writer began holds, and how many of its bytes
// hold that: of a finished file from its moov box, with three reads; of one that
// still grows from the headers of its whole fragments. Offsets are those of the
// file. Without a frame the error is media.ErrNoMedia.
func ReadIndex(f io.ReaderAt, size int64) (x *Index, end int64, err error) {
	r := &boxReader{f: f, size: size}
	if x, end, err = r.finishedIndex(); x == nil && err == nil {
		x, end, err = growingIndex(f, size)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read index of mp4: %w", err)
	}
	return x, end, nil
}

// growingIndex reads the fragments of a file.
func growingIndex(f io.ReaderAt, size int64) (*Index, int64, error) {
	m, err := scan(f, size)
	if err == nil {
		err = m.describeMP3(f)
	}
	if err != nil {
		return nil, 0, err
	}
	return &Index{tracks: m.tracks}, m.end, nil
}

// finishedIndex reads the moov of a finished file; x is nil if the file is none.
func (r *boxReader) finishedIndex() (x *Index, end int64, err error) {
	ftyp, free, err := r.box(0, "ftyp", usualBox, usualBox)
	if ftyp == nil || err != nil || free+largeMdatSize > r.size {
		return nil, 0, err
	}
	mdat, err := r.read(free, largeMdatSize)
	if err != nil || string(mdat[:8]) != largeMdat {
		return nil, 0, err
	}
	size := be.Uint64(mdat[8:])
	if size < largeMdatSize || size > uint64(r.size-free) {
		return nil, 0, fmt.Errorf("%w: mdat of %d bytes in a file of %d", errMalformed, size, r.size)
	}
	end = free + int64(size)
	moov, _, err := r.box(end, "moov", boxHeaderSize, maxMoov)
	if err != nil {
		return nil, 0, err
	}
	tracks := parseMoov(moov)
	for i, trak := range findBoxes(moov, "trak") {
		if tracks == nil || !tracks[i].parseSamples(trak) || !tracks[i].samples.within(end) {
			return nil, 0, fmt.Errorf("%w: moov at %d", errMalformed, end)
		}
	}
	x = &Index{tracks: tracks}
	if len(x.started()) == 0 {
		return nil, 0, media.ErrNoMedia
	}
	return x, end, nil
}

// findBoxes returns the payloads of the boxes of a type in b.
func findBoxes(b []byte, typ string) (list [][]byte) {
	for {
		t, payload, rest, ok := cutBox(b)
		if !ok {
			return list
		}
		if t == typ {
			list = append(list, payload)
		}
		b = rest
	}
}

// within reports whether all chunks begin before an offset.
func (s *samples) within(end int64) bool {
	for _, at := range s.chunks {
		if at >= uint64(end) {
			return false
		}
	}
	return true
}

// NewSegmentIndex returns an Index of no samples for the tracks whose
// initialization sections, as AppendInit makes them, are given.
func NewSegmentIndex(inits ...[]byte) (*Index, error) {
	x := &Index{}
	for _, b := range inits {
		tracks := parseMoov(findBox(b, "moov"))
		if len(tracks) != 1 || tracks[0].id <= lastID(x.tracks) {
			return nil, fmt.Errorf("%w: initialization section", errMalformed)
		}
		x.tracks = append(x.tracks, tracks...)
	}
	return x, nil
}

// AddSegment adds the samples of a segment that a SegmentWriter wrote, of size
// bytes. offset is where it lies in the payload of the movie's mdat box. It reads
// the headers of the fragments, about 4 KiB each, and not the media. Segments of
// a track come in their order.
func (x *Index) AddSegment(f io.ReaderAt, size, offset int64) error {
	r := &boxReader{f: f, size: size}
	styp, end, err := r.box(0, "styp", usualBox, usualBox)
	if err == nil && styp == nil {
		err = fmt.Errorf("%w: segment begins with another box", errMalformed)
	}
	m := &movie{end: end, tracks: x.tracks}
	known := make([]int, len(x.tracks))
	for i, t := range x.tracks {
		known[i] = len(t.samples.chunks)
	}
	for ok := true; ok && err == nil; {
		ok, err = r.fragment(m)
	}
	if err == nil && m.end != size {
		err = fmt.Errorf("%w: fragment at %d", errMalformed, m.end)
	}
	if err != nil {
		return fmt.Errorf("read index of segment: %w", err)
	}
	for i, t := range x.tracks {
		t.samples.moveChunks(known[i], offset)
	}
	return nil
}
