package flv

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// Types of AMF0 values, section E.4.4.2.
const (
	amfNumber    = 0
	amfBoolean   = 1
	amfString    = 2
	amfEcmaArray = 8
	amfObjectEnd = 9
)

// encoder is what onMetaData names as the maker of the file.
const encoder = "Tallylight"

// onMetaData is the name in front of the metadata, as an AMF0 string.
var onMetaData = appendString(nil, "onMetaData")

// setDataFrame is what a publisher puts in front of it.
var setDataFrame = appendString(nil, "@setDataFrame")

// Every file begins alike up to its duration and its size, which are known only
// at the end, so both can be filled in without reading the file.
const (
	metadataOffset = fileHeaderSize + backSize + tagHeaderSize
	durationOffset = metadataOffset + len("\x02\x00\x0aonMetaData") + len("\x08\x00\x00\x00\x00") + len("\x00\x08duration\x00")
	sizeOffset     = durationOffset + 8 + len("\x00\x08filesize\x00")
)

// appendMetadata appends the onMetaData of a file whose duration and size are
// not known yet (section E.5). Facts that the decoder configuration does not
// tell are left out.
func appendMetadata(dst []byte, tracks media.Tracks) []byte {
	dst = append(dst, onMetaData...)
	dst = append(dst, amfEcmaArray)
	countAt := len(dst)
	dst = append(dst, 0, 0, 0, 0)

	var count uint32
	number := func(name string, v float64) {
		dst = appendKey(dst, name)
		dst = append(dst, amfNumber)
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
		count++
	}
	known := func(name string, v float64) {
		if v > 0 {
			number(name, v)
		}
	}
	number("duration", 0)
	number("filesize", 0)
	if tracks.Video != nil {
		info, _ := codec.Parse(*tracks.Video) // what could not be read is 0
		known("width", float64(info.Width))
		known("height", float64(info.Height))
		known("framerate", info.FrameRate)
		number("videocodecid", videoCodecID(tracks.Video.Codec))
	}
	if tracks.Audio != nil {
		info, _ := codec.Parse(*tracks.Audio)
		known("audiosamplerate", float64(info.SampleRate))
		if info.Channels > 0 {
			dst = appendKey(dst, "stereo")
			dst = append(dst, amfBoolean, boolByte(info.Channels > 1))
			count++
		}
		number("audiocodecid", audioCodecID(tracks.Audio.Codec))
	}
	dst = appendKey(dst, "encoder")
	dst = appendString(dst, encoder)
	count++

	binary.BigEndian.PutUint32(dst[countAt:], count)
	return append(dst, 0, 0, amfObjectEnd)
}

// videoCodecID returns the videocodecid of onMetaData: the legacy number, or
// the FourCC read as one (Enhanced RTMP, "Enhancing onMetaData").
func videoCodecID(c media.Codec) float64 {
	switch c {
	case media.HEVC:
		return fourCCNumber(fourCCHEVC)
	case media.AV1:
		return fourCCNumber(fourCCAV1)
	}
	return videoIDAVC
}

func audioCodecID(c media.Codec) float64 {
	switch c {
	case media.MP3:
		return audioIDMP3
	case media.Opus:
		return fourCCNumber(fourCCOpus)
	}
	return audioIDAAC
}

func fourCCNumber(cc string) float64 {
	return float64(binary.BigEndian.Uint32([]byte(cc)))
}

// appendKey appends the name of a property.
func appendKey(dst []byte, name string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(name)))
	return append(dst, name...)
}

func appendString(dst []byte, s string) []byte {
	return appendKey(append(dst, amfString), s)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// isMetadata reports whether a script body is metadata of a whole stream, which
// a file has of its own.
func isMetadata(body []byte) bool {
	return bytes.HasPrefix(body, onMetaData) || bytes.HasPrefix(body, setDataFrame)
}

// patchMetadata fills in duration and size. It leaves files alone that another
// program began.
func patchMetadata(f media.File, s media.Summary) error {
	var b [sizeOffset + 8]byte
	if n, err := f.ReadAt(b[:], 0); n < len(b) && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix(b[metadataOffset:], onMetaData) ||
		!bytes.HasSuffix(b[:durationOffset], []byte("\x00\x08duration\x00")) ||
		!bytes.HasSuffix(b[:sizeOffset], []byte("\x00\x08filesize\x00")) {
		return nil
	}
	seconds := float64(s.Duration) / float64(time.Second)
	binary.BigEndian.PutUint64(b[durationOffset:], math.Float64bits(seconds))
	binary.BigEndian.PutUint64(b[sizeOffset:], math.Float64bits(float64(s.Size)))
	_, err := f.WriteAt(b[durationOffset:], int64(durationOffset))
	return err
}
