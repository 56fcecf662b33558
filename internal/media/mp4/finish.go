package mp4

import (
	"bytes"
	"fmt"
	"io"

	"tallylight/internal/media"
)

// Recover finishes a file that a Writer began, whether all of it was written or
// a crash tore it: it makes a plain MP4 of the whole fragments and drops what
// follows them. It reads the fragments' headers, about 4 KiB each, and not the
// media. Recovering a finished file changes nothing. If the file has no whole
// fragment, Recover leaves it alone and returns media.ErrNoMedia; an input error
// is no reason to drop anything.
//
// It works in an order in which a crash at any byte can be recovered:
//
//  1. cut off what is not whole;
//  2. append the plain moov, and sync: the file is a fragmented MP4 still, which
//     a second moov at its end does not harm;
//  3. overwrite the free box by the header of the mdat that makes it a plain
//     MP4, and sync. These 16 bytes lie in one sector, and Recover finds the
//     fragments whatever they are.
func Recover(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("finish mp4: %w", err)
	}
	m, err := scan(f, info.Size())
	if err != nil {
		return media.Summary{}, fmt.Errorf("finish mp4: %w", err)
	}
	if err := m.describeMP3(f); err != nil {
		return media.Summary{}, fmt.Errorf("finish mp4: %w", err)
	}
	moov := appendMoov(nil, m.tracks, false)
	if err := m.seal(f, info.Size(), moov); err != nil {
		return media.Summary{}, fmt.Errorf("finish mp4: %w", err)
	}
	s := m.summary()
	s.Size += int64(len(moov))
	return s, nil
}

// largeMdat begins an mdat box whose size, of 64 bits, follows (section 4.2).
const largeMdat = "\x00\x00\x00\x01mdat"

// seal performs the steps that Recover names, unless they have been.
func (m *movie) seal(f media.File, size int64, moov []byte) error {
	mdat := be.AppendUint64([]byte(largeMdat), uint64(m.end-m.free))
	if size == m.end+int64(len(moov)) {
		done, err := holds(f, m.free, mdat)
		if err == nil && done {
			done, err = holds(f, m.end, moov)
		}
		if err != nil || done {
			return err
		}
	}
	if err := f.Truncate(m.end); err != nil {
		return err
	}
	if _, err := f.WriteAt(moov, m.end); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.WriteAt(mdat, m.free); err != nil {
		return err
	}
	return f.Sync()
}

// holds reports whether the file has b at an offset.
func holds(f io.ReaderAt, offset int64, b []byte) (bool, error) {
	got := make([]byte, len(b))
	n, err := f.ReadAt(got, offset)
	if n < len(b) && err != io.EOF {
		return false, err
	}
	return bytes.Equal(got[:n], b), nil
}
