package flv

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"tallylight/internal/media"
)

// Finish completes the file that took all that the Writer appended: it fills in
// duration and size and syncs. A file whose size is not what the Writer appended,
// because a write failed, is recovered. If it has no frame, the error is
// media.ErrNoMedia.
func (w *Writer) Finish(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("finish flv: %w", err)
	}
	if info.Size() != w.size {
		return Recover(f)
	}
	return w.finish(f)
}

// Recover finishes a file that its Writer could not: it drops what follows the
// last whole tag, fills in duration and size and syncs. It reads the file once.
// Recovering a finished file changes nothing. If the file has no frame, Recover
// leaves it alone and returns media.ErrNoMedia; an input error is no reason to
// drop anything.
func Recover(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover flv: %w", err)
	}
	c, err := scan(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover flv: %w", err)
	}
	if c.frames() > 0 && c.size < info.Size() {
		if err := f.Truncate(c.size); err != nil {
			return media.Summary{}, fmt.Errorf("recover flv: %w", err)
		}
	}
	return c.finish(f)
}

// scan reads whole tags up to where the last one ends.
func scan(r io.Reader) (contents, error) {
	reader, err := NewReader(bufio.NewReaderSize(r, 256<<10))
	c := contents{size: fileHeaderSize + backSize}
	for err == nil {
		var tag Tag
		if tag, err = reader.ReadTag(); err != nil {
			break
		}
		c.size += int64(tagHeaderSize + len(tag.Body) + backSize)
		u, ok, bodyErr := tag.Unit()
		switch {
		case bodyErr != nil || !ok || u.Config:
		case u.Kind == media.Video:
			c.video.add(tag.Timestamp)
		case u.Kind == media.Audio:
			c.audio.add(tag.Timestamp)
		}
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errMalformed) {
		err = nil
	}
	return c, err
}

// finish fills in what the metadata could not say, and syncs.
func (c *contents) finish(f media.File) (media.Summary, error) {
	if c.frames() == 0 {
		return media.Summary{}, fmt.Errorf("finish flv: %w", media.ErrNoMedia)
	}
	s := c.summary()
	if err := patchMetadata(f, s); err != nil {
		return media.Summary{}, fmt.Errorf("finish flv: %w", err)
	}
	if err := f.Sync(); err != nil {
		return media.Summary{}, fmt.Errorf("finish flv: %w", err)
	}
	return s, nil
}
