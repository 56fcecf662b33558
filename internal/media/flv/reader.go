package flv

import (
	"fmt"
	"io"
)

// A Reader reads the tags of a file one by one. It holds one tag in memory, at
// most 16 MiB. Give it a buffered reader: it reads in small pieces.
type Reader struct {
	r    io.Reader
	head [tagHeaderSize]byte
	body []byte
}

// NewReader reads the file header from r and returns a Reader for what follows.
func NewReader(r io.Reader) (*Reader, error) {
	if err := readFileHeader(r); err != nil {
		return nil, fmt.Errorf("read flv header: %w", err)
	}
	return &Reader{r: r}, nil
}

// ReadTag returns the next tag, whose body is valid until the next call. It
// returns io.EOF at the end of the file, io.ErrUnexpectedEOF when the file ends
// inside a tag.
func (r *Reader) ReadTag() (Tag, error) {
	if _, err := io.ReadFull(r.r, r.head[:]); err != nil {
		return Tag{}, err
	}
	t, size, err := parseTagHeader(r.head[:])
	if err != nil {
		return Tag{}, err
	}
	if cap(r.body) < size+backSize {
		r.body = make([]byte, size+backSize)
	}
	body := r.body[:size+backSize]
	if _, err := io.ReadFull(r.r, body); err != nil {
		return Tag{}, noEOF(err)
	}
	if err := checkBackSize(body[size:], size); err != nil {
		return Tag{}, err
	}
	t.Body = body[:size:size]
	return t, nil
}
