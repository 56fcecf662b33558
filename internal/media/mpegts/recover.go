package mpegts

import (
	"bufio"
	"fmt"
	"io"

	"tallylight/internal/media"
)

// Recover finishes a slice that a crash tore: it drops what follows the last
// whole frame and syncs. It reads the file once. Recovering a finished slice
// changes nothing. If the file has no whole frame, Recover leaves it alone and
// returns media.ErrNoMedia; an input error is no reason to drop anything. The
// Summary is that of Slice.Finish, but a frame alone in its track has no length.
func Recover(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover mpegts: %w", err)
	}
	s, err := scan(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover mpegts: %w", err)
	}
	if s.video.frames+s.audio.frames > 0 && s.size < info.Size() {
		if err := f.Truncate(s.size); err != nil {
			return media.Summary{}, fmt.Errorf("recover mpegts: %w", err)
		}
	}
	return s.finish(f)
}

// scan reads whole frames and returns the slice that ends with the last of them.
func scan(r io.Reader) (Slice, error) {
	const bufferSize = 256 * packetSize
	buffered := bufio.NewReaderSize(r, bufferSize)
	var s scanner
	for {
		b, err := buffered.Peek(packetSize)
		if err != nil {
			if err == io.EOF { // also within a packet
				err = nil
			}
			return s.slice, err
		}
		if !s.take(b) {
			return s.slice, nil
		}
		buffered.Discard(packetSize) // which is buffered
	}
}
