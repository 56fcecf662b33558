package flv_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"tallylight/internal/media/flv"
)

var tagTests = []struct {
	name  string
	tag   flv.Tag
	bytes string
}{
	{"audio at 0", flv.Tag{Type: flv.TagAudio, Body: []byte("\xaf\x01x")},
		"\x08\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\xaf\x01x\x00\x00\x00\x0e"},
	{"video past 24 bits of milliseconds", flv.Tag{Type: flv.TagVideo, Timestamp: 0x01020304 * time.Millisecond, Body: []byte("\x17")},
		"\x09\x00\x00\x01\x02\x03\x04\x01\x00\x00\x00\x17\x00\x00\x00\x0c"},
	{"script without body", flv.Tag{Type: flv.TagScript, Timestamp: (1<<32 - 1) * time.Millisecond, Body: []byte{}},
		"\x12\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x0b"},
}

func TestTagsAreWrittenAndReadAlike(t *testing.T) {
	t.Parallel()
	for _, tt := range tagTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.tag.Append(nil); string(got) != tt.bytes {
				t.Errorf("Append = % x, want % x", got, tt.bytes)
			}
			got, n, err := flv.ParseTag([]byte(tt.bytes + "more"))
			if err != nil || n != len(tt.bytes) || !sameTag(got, tt.tag) {
				t.Errorf("ParseTag = %+v, %d, %v, want %+v, %d", got, n, err, tt.tag, len(tt.bytes))
			}
			for n := range tt.bytes {
				if _, _, err := flv.ParseTag([]byte(tt.bytes[:n])); err != io.ErrUnexpectedEOF {
					t.Errorf("ParseTag of %d bytes = %v, want unexpected EOF", n, err)
				}
			}
		})
	}
}

func sameTag(a, b flv.Tag) bool {
	return a.Type == b.Type && a.Timestamp == b.Timestamp && bytes.Equal(a.Body, b.Body)
}

var malformedTags = []struct{ name, bytes string }{
	{"unknown type", "\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00x\x00\x00\x00\x0c"},
	{"wrong PreviousTagSize", "\x08\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00x\x00\x00\x00\x0d"},
	{"zeros", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
}

func TestMalformedTagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range malformedTags {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tag, _, err := flv.ParseTag([]byte(tt.bytes)); err == nil || err == io.ErrUnexpectedEOF {
				t.Errorf("ParseTag = %+v, %v, want an error", tag, err)
			}
		})
	}
}

func TestMalformedFileHeadersAreRefused(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "FLV\x01\x05", "FLV\x02\x05\x00\x00\x00\x09\x00\x00\x00\x00", "MP4\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", "FLV\x01\x05\x00\x00\x00\x0a\x00\x00\x00\x00\x00", "FLV\x01\x05\x00\x00\x00\x09\x00"} {
		if _, err := flv.NewReader(bytes.NewReader([]byte(header))); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("NewReader of %q = %v, want an error", header, err)
		}
	}
}

// Any run of tags reads back as it was written.
func TestReaderReturnsTheTagsThatWereAppended(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	file := []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
	var want []flv.Tag
	for range 500 {
		tag := flv.Tag{
			Type:      []flv.TagType{flv.TagAudio, flv.TagVideo, flv.TagScript}[random.IntN(3)],
			Timestamp: time.Duration(random.Uint32()) * time.Millisecond,
			Body:      make([]byte, 1+random.IntN(5000)),
		}
		for i := range tag.Body {
			tag.Body[i] = byte(random.Uint32())
		}
		want = append(want, tag)
		file = tag.Append(file)
	}
	r, err := flv.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		got, err := r.ReadTag()
		if err != nil || !sameTag(got, want[i]) {
			t.Fatalf("tag %d = %v at %v, %v", i, got.Type, got.Timestamp, err)
		}
	}
	if _, err := r.ReadTag(); err != io.EOF {
		t.Errorf("behind the last tag: %v, want EOF", err)
	}
	r, err = flv.NewReader(bytes.NewReader(file[:len(file)-1]))
	for err == nil {
		_, err = r.ReadTag()
	}
	if err != io.ErrUnexpectedEOF {
		t.Errorf("at the end of a file that is cut off: %v, want unexpected EOF", err)
	}
}

func FuzzTag(f *testing.F) {
	for _, tt := range tagTests {
		f.Add([]byte(tt.bytes))
	}
	for _, tt := range malformedTags {
		f.Add([]byte(tt.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tag, n, err := flv.ParseTag(b)
		if err != nil {
			return
		}
		again, m, err := flv.ParseTag(tag.Append(nil))
		if err != nil || m != n || !sameTag(again, tag) {
			t.Errorf("ParseTag(Append(%+v)) = %+v, %d, %v", tag, again, m, err)
		}
		tag.Unit()
	})
}
