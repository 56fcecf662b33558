package mp4

import (
	"io"
	"slices"

	"tallylight/internal/media"
)

// A movie is what a growing or finished file holds.
type movie struct {
	free      int64 // where the free box is, or the mdat header that replaced it
	end       int64 // behind the last whole fragment
	fragments uint32
	tracks    []*track // those that have a sample
}

// summary tells what there is up to the end of the fragments.
func (m *movie) summary() media.Summary {
	s := media.Summary{Size: m.end}
	for _, t := range m.tracks {
		s.Duration = max(s.Duration, duration(t.samples.end()))
		if t.isVideo() {
			s.VideoFrames = t.samples.count()
		} else {
			s.AudioFrames = t.samples.count()
		}
	}
	return s
}

// Bounds of what is read at once, in bytes. A header holds two decoder
// configurations, each at most an RTMP message; a moof 16 bytes a frame.
const (
	maxHeader = 64 << 20
	maxMoof   = maxUnits*videoEntrySize + 4<<10
	usualBox  = 4 << 10
)

// scan finds the whole fragments of a file of the given size and builds the
// sample tables of its tracks.
func scan(f io.ReaderAt, size int64) (*movie, error) {
	r := &boxReader{f: f, size: size}
	m, err := r.header()
	if err != nil {
		return nil, err
	}
	return m, r.allFragments(m)
}

// allFragments adds the whole fragments that follow what m has. Without a
// sample the error is media.ErrNoMedia.
func (r *boxReader) allFragments(m *movie) error {
	for {
		ok, err := r.fragment(m)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
	}
	m.tracks = slices.DeleteFunc(m.tracks, func(t *track) bool { return t.samples.count() == 0 })
	if len(m.tracks) == 0 {
		return media.ErrNoMedia
	}
	return nil
}

// describeMP3 completes the description of an MP3 track by its first frame.
func (m *movie) describeMP3(f io.ReaderAt) error {
	t := m.tracks[len(m.tracks)-1]
	if t.isVideo() || !isMP3(t.description) || t.samples.sizes[0] < mp3Header {
		return nil
	}
	var header [mp3Header]byte
	if err := readFull(f, header[:], int64(t.samples.chunks[0])); err != nil {
		return err
	}
	describeMP3(t.description, header)
	return nil
}

// A boxReader reads the boxes of a file, apart from the media.
type boxReader struct {
	f    io.ReaderAt
	size int64
	buf  []byte
}

// read returns up to n bytes at an offset; fewer only at the end of the file.
// They are valid until the next call.
func (r *boxReader) read(offset int64, n int) ([]byte, error) {
	n = int(min(int64(n), r.size-offset))
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	return b, readFull(r.f, b, offset)
}

func readFull(f io.ReaderAt, b []byte, offset int64) error {
	n, err := f.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// box returns the payload of a box of a type at an offset, and where it ends;
// nil if there is none that is whole and of at most limit bytes.
func (r *boxReader) box(offset int64, typ string, guess, limit int) (payload []byte, end int64, err error) {
	b, err := r.read(offset, guess)
	if err != nil || len(b) < boxHeaderSize || string(b[4:8]) != typ {
		return nil, 0, err
	}
	n := int64(be.Uint32(b))
	if n < boxHeaderSize || n > int64(limit) || n > r.size-offset {
		return nil, 0, nil
	}
	if n > int64(len(b)) {
		if b, err = r.read(offset, int(n)); err != nil {
			return nil, 0, err
		}
	}
	return b[boxHeaderSize:n], offset + n, nil
}

// header reads what AppendHeader made.
func (r *boxReader) header() (*movie, error) {
	ftyp, free, err := r.box(0, "ftyp", usualBox, usualBox)
	if err != nil {
		return nil, err
	}
	if ftyp == nil || free+freeSize > r.size {
		return nil, media.ErrNoMedia
	}
	moov, end, err := r.box(free+freeSize, "moov", usualBox, maxHeader)
	if err != nil {
		return nil, err
	}
	m := &movie{free: free, end: end, tracks: parseMoov(moov)}
	if len(m.tracks) == 0 {
		return nil, media.ErrNoMedia
	}
	return m, nil
}

// fragment adds the next fragment to m; ok is false if there is none that is
// whole.
func (r *boxReader) fragment(m *movie) (ok bool, err error) {
	moof, end, err := r.box(m.end, "moof", usualBox, maxMoof)
	if moof == nil || err != nil {
		return false, err
	}
	f, ok := parseMoof(moof)
	if !ok || !f.follows(m) {
		return false, nil
	}
	var mdat [boxHeaderSize]byte
	if end+boxHeaderSize > r.size {
		return false, nil
	}
	if err := readFull(r.f, mdat[:], end); err != nil {
		return false, err
	}
	size := int64(be.Uint32(mdat[:]))
	if string(mdat[4:]) != "mdat" || size > r.size-end || !f.fills(m.end, end, size) {
		return false, nil
	}
	for i := range f.runs {
		f.runs[i].addTo(&m.track(f.runs[i].id).samples, m.end)
	}
	m.end = end + size
	m.fragments++
	return true, nil
}

// track returns a track by its identifier, or nil.
func (m *movie) track(id uint32) *track {
	for _, t := range m.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// follows reports whether the fragment's tracks are m's and go on where they
// stopped.
func (f *fragment) follows(m *movie) bool {
	for i := range f.runs {
		t := m.track(f.runs[i].id)
		if t == nil || f.runs[i].dts < t.samples.last {
			return false
		}
	}
	return true
}

// fills reports whether the fragment's samples fill an mdat of size bytes at an
// offset, one track behind the other.
func (f *fragment) fills(moof, mdat, size int64) bool {
	at := uint64(mdat-moof) + boxHeaderSize
	for i := range f.runs {
		if uint64(f.runs[i].offset) != at {
			return false
		}
		at += f.runs[i].bytes
	}
	return at == uint64(mdat-moof+size)
}
