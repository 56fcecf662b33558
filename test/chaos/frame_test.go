package chaos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"tallylight/internal/media"
)

// A pushID names a push: streams are counted, and the pushes of a stream.
type pushID struct {
	stream, push uint32
}

// A frameID names a frame. The frames of each kind of a push are counted from 0.
type frameID struct {
	pushID
	kind  media.Kind
	index uint32
}

func (id frameID) String() string {
	return fmt.Sprintf("%s frame %d of push %d of stream %d", kindNames[slot(id.kind)], id.index, id.push, id.stream)
}

// kindNames are how messages call the kinds.
var kindNames = [2]string{"video", "audio"}

// marker begins what is added to a frame. It has no zero byte, which could look
// like a start code.
const marker = "tallylight-chaos"

// paddings are how many bytes are added to each picture, by stream, so that some
// streams are small and others large.
var paddings = [...]int{0, 0, 100, 1_000, 3_000, 0, 500, 12_000}

// note returns what is added to a frame: its name, and padding.
func (id frameID) note() []byte {
	note := fmt.Appendf(nil, "%s%08x%08x%08x", marker, id.stream, id.push, id.index)
	if id.kind == media.Video {
		note = append(note, bytes.Repeat([]byte{'.'}, paddings[int(id.stream)%len(paddings)])...)
	}
	return note
}

// payload returns the frame with its name in it, in a form that decoders skip: a
// user data SEI in front of the picture (H.264 D.1.7), whose identifier is the
// marker; a data stream element in front of the sound (ISO/IEC 14496-3, 4.4.2.1).
func (c *clip) payload(id frameID) []byte {
	note, payload := id.note(), c.frame(id.kind, id.index).payload
	if id.kind == media.Audio {
		const dataElement = 4 << 5
		return append(append([]byte{dataElement, byte(len(note))}, note...), payload...)
	}
	const (
		naluSEI      = 6
		userData     = 5
		trailingBits = 0x80
	)
	sei := []byte{0, 0, 0, 0, naluSEI, userData}
	size := len(note)
	for ; size >= 255; size -= 255 {
		sei = append(sei, 255)
	}
	sei = append(append(append(sei, byte(size)), note...), trailingBits)
	binary.BigEndian.PutUint32(sei, uint32(len(sei)-4))
	return append(sei, payload...)
}

var errForeign = errors.New("a frame that no encoder has sent")

// identify names a frame and checks that it is there byte by byte.
func (c *clip) identify(kind media.Kind, payload []byte) (frameID, error) {
	id := frameID{kind: kind}
	_, name, ok := bytes.Cut(payload, []byte(marker))
	if !ok || len(name) < 24 {
		return id, errForeign
	}
	if _, err := fmt.Sscanf(string(name[:24]), "%08x%08x%08x", &id.stream, &id.push, &id.index); err != nil {
		return id, errForeign
	}
	if !bytes.Equal(payload, c.payload(id)) {
		return id, fmt.Errorf("%v is not as it was sent", id)
	}
	return id, nil
}

func TestFramesAreNamed(t *testing.T) {
	t.Parallel()
	c := theClip(t)
	for _, kind := range kinds {
		for _, index := range []uint32{0, 1, 254, 255, 256, 1 << 24} {
			want := frameID{pushID{7, 3}, kind, index}
			payload := c.payload(want)
			if got, err := c.identify(kind, payload); err != nil || got != want {
				t.Errorf("the payload of %v is that of %v, %v", want, got, err)
			}
			payload[len(payload)-1] ^= 1
			if _, err := c.identify(kind, payload); err == nil {
				t.Errorf("%v was changed and taken for whole", want)
			}
		}
		if _, err := c.identify(kind, []byte("nothing")); err == nil {
			t.Error("a frame without a name was taken for one with")
		}
	}
}
