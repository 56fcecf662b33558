package flv

import (
	"bytes"
	"fmt"
	"io"

	"tallylight/internal/media"
)

// Reopen goes on with a file that a Writer for the same tracks began, whether a
// crash tore it or it was finished: it drops what follows the last whole tag and
// returns a Writer in the state that it had there. What that appends belongs at
// the end of the file, which is the Summary's Size. It reads the file once, and
// changes nothing but its end: the metadata is filled in by Finish.
//
// Without a frame in the file the error is media.ErrNoMedia; if it does not begin
// as a Writer for these tracks begins it, media.ErrOtherTracks. The file is left
// alone then.
func Reopen(f media.File, tracks media.Tracks) (*Writer, media.Summary, error) {
	w, err := reopen(f, tracks)
	if err != nil {
		return nil, media.Summary{}, fmt.Errorf("reopen flv: %w", err)
	}
	return w, w.summary(), nil
}

func reopen(f media.File, tracks media.Tracks) (*Writer, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	w := NewWriter(tracks)
	if w.contents, err = scan(io.NewSectionReader(f, 0, info.Size())); err != nil {
		return nil, err
	}
	if w.frames() == 0 {
		return nil, media.ErrNoMedia
	}
	if ok, err := beginsFor(f, tracks); err != nil {
		return nil, err
	} else if !ok {
		return nil, media.ErrOtherTracks
	}
	if w.size < info.Size() {
		return w, f.Truncate(w.size)
	}
	return w, nil
}

// beginsFor reports whether a file begins as a Writer for the tracks begins it:
// the header holds all that is known of them. Duration and size do not count.
func beginsFor(f io.ReaderAt, tracks media.Tracks) (bool, error) {
	want := NewWriter(tracks).AppendHeader(nil)
	got := make([]byte, len(want))
	if n, err := f.ReadAt(got, 0); n < len(got) {
		if err == io.EOF {
			err = nil // the file is shorter than the header
		}
		return false, err
	}
	for _, offset := range []int{durationOffset, sizeOffset} {
		copy(got[offset:offset+8], want[offset:])
	}
	return bytes.Equal(got, want), nil
}
