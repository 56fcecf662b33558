package flv_test

import (
	"bytes"
	"fmt"
	"time"

	"tallylight/internal/media"
)

// equal reports whether two units say the same.
func equal(a, b *media.Unit) bool {
	return a.Kind == b.Kind && a.Codec == b.Codec && a.Config == b.Config && a.Key == b.Key &&
		a.DTS == b.DTS && a.Composition == b.Composition && bytes.Equal(a.Body, b.Body)
}

func describe(u *media.Unit) string {
	return fmt.Sprintf("{%s %s config=%t key=%t dts=%v composition=%v %d bytes}",
		u.Kind, u.Codec, u.Config, u.Key, u.DTS, u.Composition, len(u.Body))
}

// A short stream of made-up frames, for tests that do not decode.
var (
	testTracks = media.Tracks{
		Video: &media.Track{Codec: media.H264, Config: []byte{1, 0x64, 0, 0x1f, 0xff, 0xe0, 0}},
		Audio: &media.Track{Codec: media.AAC, Config: []byte{0x12, 0x10}},
	}
	testUnits = []media.Unit{
		{Kind: media.Video, Codec: media.H264, Key: true, Composition: 80 * time.Millisecond, Body: []byte("\x00\x00\x00\x03key")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, Body: []byte("sound 1")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 23 * time.Millisecond, Body: []byte("sound 2")},
		{Kind: media.Video, Codec: media.H264, DTS: 40 * time.Millisecond, Composition: -40 * time.Millisecond, Body: []byte("\x00\x00\x00\x05delta")},
		{Kind: media.Data, DTS: 41 * time.Millisecond, Body: []byte("\x02\x00\x0aonTextData\x05")},
		{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: 46 * time.Millisecond, Body: []byte("sound 3")},
	}
)
