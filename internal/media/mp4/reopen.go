package mp4

import (
	"fmt"
	"io"

	"tallylight/internal/media"
)

// Reopen goes on with a growing file that a Writer for the same tracks began: it
// drops what follows the last whole fragment and returns a Writer in the state
// that it had there. What that appends belongs at the end of the file, which is
// the Summary's Size. It reads the fragments' headers, about 4 KiB each, and not
// the media.
//
// Without a frame in the file the error is media.ErrNoMedia; once finishing has
// begun, media.ErrFinished; if it does not begin as a Writer for these tracks
// begins it, media.ErrOtherTracks. The file is left alone then.
func Reopen(f media.File, tracks media.Tracks) (*Writer, media.Summary, error) {
	w, s, err := reopen(f, tracks)
	if err != nil {
		return nil, media.Summary{}, fmt.Errorf("reopen mp4: %w", err)
	}
	return w, s, nil
}

func reopen(f media.File, tracks media.Tracks) (*Writer, media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, media.Summary{}, err
	}
	m, err := scan(f, info.Size())
	if err != nil {
		return nil, media.Summary{}, err
	}
	if err := m.checkGrowing(f); err != nil {
		return nil, media.Summary{}, err
	}
	w := NewWriter(tracks)
	if ok, err := holds(f, 0, w.AppendHeader(nil)); err != nil {
		return nil, media.Summary{}, err
	} else if !ok {
		return nil, media.Summary{}, media.ErrOtherTracks
	}
	w.fragments.resume(m)
	if m.end < info.Size() {
		if err := f.Truncate(m.end); err != nil {
			return nil, media.Summary{}, err
		}
	}
	return w, m.summary(), nil
}

// checkGrowing returns media.ErrFinished if finishing has begun, which appends a
// moov box and then replaces the free box.
func (m *movie) checkGrowing(f io.ReaderAt) error {
	begun, err := holds(f, m.free, []byte(largeMdat))
	if err != nil {
		return err
	}
	if !begun {
		if begun, err = holds(f, m.end+4, []byte("moov")); err != nil {
			return err
		}
	}
	if begun {
		return media.ErrFinished
	}
	return nil
}

// resume brings f where it was when it had appended the last fragment of m.
func (f *fragmenter) resume(m *movie) {
	f.sequence = m.fragments
	for i := range f.tracks[:f.count] {
		t := &f.tracks[i]
		if read := m.track(t.id); read != nil {
			t.started, t.dts = true, read.samples.last
		}
	}
}
