package events

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrTooLong means that an event of the stream has more than MaxEvent bytes.
var ErrTooLong = errors.New("event of the stream is too long")

// A Reader reads the stream.
type Reader struct {
	lines *bufio.Scanner
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), MaxEvent)
	return &Reader{lines}
}

// Read returns the next event. Types that it does not know are passed over, so
// that a newer server can have more. The end of the stream is io.EOF, also amid
// an event, which then counts for nothing.
func (r *Reader) Read() (Event, error) {
	for {
		name, data, err := r.block()
		if err != nil {
			return Event{}, err
		}
		var e Event
		switch name {
		case nameCallback:
			err = json.Unmarshal([]byte(data), &e.Callback)
		case nameTime:
			err = json.Unmarshal([]byte(data), &e.Time)
		default:
			continue
		}
		if err == nil && e == (Event{}) {
			err = errors.New("it is null")
		}
		if err != nil {
			return Event{}, fmt.Errorf("read %s of the stream: %w", name, err)
		}
		return e, nil
	}
}

// block reads lines up to an empty one.
func (r *Reader) block() (name, data string, err error) {
	size := 0
	for r.lines.Scan() {
		line := r.lines.Text()
		if line == "" {
			return name, data, nil
		}
		if size += len(line); size > MaxEvent {
			return "", "", ErrTooLong
		}
		field, value, _ := strings.Cut(line, ":") // a comment has the field ""
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			if data != "" {
				data += "\n"
			}
			data += value
		}
	}
	switch err := r.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return "", "", ErrTooLong
	case err != nil:
		return "", "", err
	}
	return "", "", io.EOF
}
