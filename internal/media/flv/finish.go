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
	return finish(f, w.size, w.video, w.audio)
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
	size, video, audio, err := scan(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover flv: %w", err)
	}
	if video.frames+audio.frames > 0 && size < info.Size() {
		if err := f.Truncate(size); err != nil {
			return media.Summary{}, fmt.Errorf("recover flv: %w", err)
		}
	}
	return finish(f, size, video, audio)
}

// scan reads whole tags and returns where the last one ends.
func scan(r io.Reader) (size int64, video, audio progress, err error) {
	reader, err := NewReader(bufio.NewReaderSize(r, 256<<10))
	size = fileHeaderSize + backSize
	for err == nil {
		var tag Tag
		if tag, err = reader.ReadTag(); err != nil {
			break
		}
		size += int64(tagHeaderSize + len(tag.Body) + backSize)
		u, ok, bodyErr := tag.Unit()
		switch {
		case bodyErr != nil || !ok || u.Config:
		case u.Kind == media.Video:
			video.add(tag.Timestamp)
		case u.Kind == media.Audio:
			audio.add(tag.Timestamp)
		}
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errMalformed) {
		err = nil
	}
	return size, video, audio, err
}

// finish fills in what the metadata could not say, and syncs.
func finish(f media.File, size int64, video, audio progress) (media.Summary, error) {
	if video.frames+audio.frames == 0 {
		return media.Summary{}, fmt.Errorf("finish flv: %w", media.ErrNoMedia)
	}
	s := media.Summary{
		Duration:    max(video.last+video.delta, audio.last+audio.delta),
		Size:        size,
		VideoFrames: video.frames,
		AudioFrames: audio.frames,
	}
	if err := patchMetadata(f, s); err != nil {
		return media.Summary{}, fmt.Errorf("finish flv: %w", err)
	}
	if err := f.Sync(); err != nil {
		return media.Summary{}, fmt.Errorf("finish flv: %w", err)
	}
	return s, nil
}
