// Package playbacktest makes recordings for tests and benchmarks of playback.
package playbacktest

import (
	"io"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// Of the recording that WriteLong makes.
const (
	Length      = 2 * time.Hour
	picture     = time.Second / 30
	sound       = time.Second * 1024 / 48000
	pictureSize = 10_400 // bytes: 2.5 Mbit/s
	soundSize   = 350
	keyDistance = 60
)

// Tracks returns those of the recording: H.264 and AAC. Nothing can be decoded.
func Tracks() media.Tracks {
	return media.Tracks{
		Video: &media.Track{Codec: media.H264, Config: []byte{1, 100, 0, 31, 0xff, 0xe0, 0}},
		Audio: &media.Track{Codec: media.AAC, Config: []byte{0x11, 0x90}},
	}
}

// WriteLong writes an FLV file of two hours at 2.5 Mbit/s with 30 pictures a second,
// and returns its size in bytes. Of the frames only the headers are written, so that
// a sparse file takes little space on disk.
func WriteLong(w io.WriterAt) (size int64, err error) {
	tracks := Tracks()
	head := flv.NewWriter(tracks).AppendHeader(nil)
	if _, err := w.WriteAt(head, 0); err != nil {
		return 0, err
	}
	const header = 11 + 5 // of the tag, and of its media
	size = int64(len(head))
	body := make([]byte, pictureSize)
	write := func(u media.Unit) {
		tag := flv.NewWriter(tracks).AppendUnits(nil, []media.Unit{u})
		for _, part := range []struct {
			at int
			b  []byte
		}{{0, tag[:header]}, {len(tag) - 4, tag[len(tag)-4:]}} {
			if _, e := w.WriteAt(part.b, size+int64(part.at)); e != nil && err == nil {
				err = e
			}
		}
		size += int64(len(tag))
	}
	heard := time.Duration(0)
	for n := range int(Length / picture) {
		now := time.Duration(n) * picture
		write(media.Unit{Kind: media.Video, Codec: media.H264, Key: n%keyDistance == 0, DTS: now, Composition: time.Duration(n%3) * picture, Body: body})
		for ; heard <= now; heard += sound {
			write(media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: heard, Body: body[:soundSize]})
		}
		if err != nil {
			return 0, err
		}
	}
	return size, nil
}
