package flv

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"tallylight/internal/media"
)

// A Frame is a frame of a file and where it lies there.
type Frame struct {
	Kind        media.Kind
	Key         bool
	DTS         time.Duration
	Composition time.Duration // PTS - DTS
	Head        []byte        // how the frame begins, 16 bytes or all of it at least; valid during the call
	Size        int           // of the frame, in bytes
	Tag         int64         // where its tag begins in the file
	End         int64         // where its tag ends, PreviousTagSize included
}

// A frameScanner finds the frames of files by the headers of their tags.
type frameScanner struct {
	tracks media.Tracks
	buf    []byte // of the file, from at on
	at     int64
	file   io.ReaderAt
	size   int64
}

const (
	// scanSize is how much of a file is read at once, in bytes. A page is as much as
	// the system reads at least; more would be skipped where pictures are large.
	scanSize = 4 << 10

	// headSize is how much of a body is looked at: its header and 16 bytes of the
	// frame.
	headSize = 16 + maxBodyHeader
)

// Scan calls fn for each frame of the file in its order, until fn returns an
// error, which Scan then returns. It reads the headers of tags, and skips the
// media where that is shorter. What a file tells of the tracks must be the same as
// tracks, or the error wraps media.ErrOtherTracks. A torn last tag is passed over.
func Scan(file io.ReaderAt, size int64, tracks media.Tracks, fn func(Frame) error) error {
	s := &frameScanner{tracks: tracks, file: file, size: size, buf: make([]byte, 0, scanSize)}
	err := readFileHeader(io.NewSectionReader(file, 0, size))
	for at := int64(fileHeaderSize + backSize); err == nil && at+tagHeaderSize+backSize <= size; {
		at, err = s.tag(at, fn)
	}
	return err
}

// tag passes the tag at an offset on and returns where it ends.
func (s *frameScanner) tag(at int64, fn func(Frame) error) (end int64, err error) {
	b, err := s.peek(at, tagHeaderSize+headSize)
	if err != nil {
		return 0, err
	}
	t, size, err := parseTagHeader(b)
	if err != nil {
		return 0, fmt.Errorf("tag at %d: %w", at, err)
	}
	end = at + int64(tagHeaderSize+size+backSize)
	if t.Type == TagScript || end > s.size {
		return end, nil
	}
	t.Body = b[tagHeaderSize:min(len(b), tagHeaderSize+size)]
	u, ok, err := t.Unit()
	switch {
	case err != nil:
		return 0, fmt.Errorf("tag at %d: %w", at, err)
	case !ok:
		return end, nil
	case u.Config:
		return end, s.checkConfig(s.tracks.Of(&u), at, size)
	case s.tracks.Of(&u) == nil:
		return 0, fmt.Errorf("tag at %d: %w", at, media.ErrOtherTracks)
	case !bytes.HasSuffix(t.Body, u.Body):
		return 0, fmt.Errorf("tag at %d: %w: several tracks", at, errMalformed)
	}
	return end, fn(Frame{
		Kind:        u.Kind,
		Key:         u.Key,
		DTS:         u.DTS,
		Composition: u.Composition,
		Head:        u.Body,
		Size:        size - (len(t.Body) - len(u.Body)),
		Tag:         at,
		End:         end,
	})
}

// peek returns n bytes at an offset, or fewer at the end of the file.
func (s *frameScanner) peek(at int64, n int) ([]byte, error) {
	n = int(min(int64(n), s.size-at))
	from := at - s.at
	if from < 0 || from+int64(n) > int64(len(s.buf)) {
		s.at, from = at, 0
		s.buf = slices.Grow(s.buf[:0], n)
		s.buf = s.buf[:min(int64(cap(s.buf)), s.size-at)]
		if m, err := s.file.ReadAt(s.buf, at); m < len(s.buf) {
			s.buf = s.buf[:0]
			return nil, noEOF(err)
		}
	}
	return s.buf[from : from+int64(n)], nil
}

// checkConfig compares the decoder configuration in a tag with that of its track.
func (s *frameScanner) checkConfig(track *media.Track, at int64, size int) error {
	body, err := s.peek(at+tagHeaderSize, size)
	if err != nil {
		return err
	}
	if track == nil || !bytes.HasSuffix(body, track.Config) {
		return fmt.Errorf("tag at %d: %w", at, media.ErrOtherTracks)
	}
	return nil
}

// AppendFrames appends the frames of whole tags, the pictures to video and the
// sound to audio.
func AppendFrames(video, audio, tags []byte) (_, _ []byte, err error) {
	for len(tags) > 0 {
		t, n, err := ParseTag(tags)
		if err != nil {
			return video, audio, err
		}
		tags = tags[n:]
		if t.Type == TagScript {
			continue
		}
		switch u, ok, err := t.Unit(); {
		case err != nil:
			return video, audio, err
		case !ok || u.Config:
		case u.Kind == media.Video:
			video = append(video, u.Body...)
		default:
			audio = append(audio, u.Body...)
		}
	}
	return video, audio, nil
}
