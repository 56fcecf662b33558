// Package codec reads decoder configuration records: what a container or a
// person wants to know of a track beyond its bytes.
package codec

import (
	"errors"
	"fmt"

	"tallylight/internal/media"
)

// Info is what a decoder configuration tells. Members that it does not tell, or
// that do not apply to the kind of track, are zero.
type Info struct {
	Width, Height int     // of the pictures, in pixels, at most 65535
	FrameRate     float64 // frames a second, at most 1000
	SampleRate    int     // samples a second, after decoding
	Channels      int
	// Codecs is the codecs parameter of RFC 6381, such as "avc1.64001f", in the
	// spelling that browsers know.
	Codecs string
}

// maxConfig bounds the size of the configurations that are read, in bytes. Real
// ones have less than 1 KiB.
const maxConfig = 64 << 10

// errShort means that a configuration record ends early.
var errShort = errors.New("configuration record is too short")

// Parse reads a track's configuration record. With an error it returns what it
// could read: a track whose configuration is odd can still be stored.
func Parse(t media.Track) (Info, error) {
	if len(t.Config) > maxConfig {
		return Info{}, fmt.Errorf("parse %s configuration: %d bytes, at most %d are read", t.Codec, len(t.Config), maxConfig)
	}
	var (
		info Info
		err  error
	)
	switch t.Codec {
	case media.H264:
		info, err = parseAVC(t.Config)
	case media.HEVC:
		info, err = parseHEVC(t.Config)
	case media.AV1:
		info, err = parseAV1(t.Config)
	case media.AAC:
		info, err = parseAAC(t.Config)
	case media.Opus:
		info, err = parseOpus(t.Config)
	case media.MP3:
		info.Codecs = "mp4a.6B" // each frame tells rate and channels
	default:
		err = errors.New("unknown codec")
	}
	if err != nil {
		return info, fmt.Errorf("parse %s configuration: %w", t.Codec, err)
	}
	return info, nil
}

// setPicture keeps the facts of a picture that can be true; parameter sets come
// from the network.
func (i *Info) setPicture(width, height int, frameRate float64) {
	if 0 < width && width <= 0xffff && 0 < height && height <= 0xffff {
		i.Width, i.Height = width, height
	}
	if 0 < frameRate && frameRate <= 1000 { // false for NaN
		i.FrameRate = frameRate
	}
}
