package flv

import (
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// A Writer makes the bytes of one file. It appends them to buffers of the
// caller, who writes those to the file in order; it keeps nothing of the media.
// It serves one goroutine.
type Writer struct {
	tracks media.Tracks
	contents
}

// contents are what was written of a file so far.
type contents struct {
	size         int64 // bytes
	video, audio progress
}

func (c *contents) frames() int { return c.video.frames + c.audio.frames }

func (c *contents) summary() media.Summary {
	return media.Summary{
		Duration:    max(c.video.end(), c.audio.end()),
		Size:        c.size,
		VideoFrames: c.video.frames,
		AudioFrames: c.audio.frames,
	}
}

// progress is how far a track has come.
type progress struct {
	frames int
	last   time.Duration // timestamp of the last frame
	delta  time.Duration // from the frame before it
}

func (p *progress) add(timestamp time.Duration) {
	if p.frames > 0 {
		p.delta = max(0, timestamp-p.last)
	}
	p.frames++
	p.last = timestamp
}

// end returns when the last frame ends.
func (p *progress) end() time.Duration { return p.last + p.delta }

// NewWriter returns a Writer for a file with the given tracks, at least one,
// each of a coding that media.Codec names.
func NewWriter(tracks media.Tracks) *Writer {
	return &Writer{tracks: tracks}
}

// AppendHeader appends what a file begins with: file header, onMetaData and the
// decoder configurations, all at timestamp 0. Call it once, first.
func (w *Writer) AppendHeader(dst []byte) []byte {
	start := len(dst)
	var kinds byte
	if w.tracks.Video != nil {
		kinds |= hasVideo
	}
	if w.tracks.Audio != nil {
		kinds |= hasAudio
	}
	dst = append(dst, 'F', 'L', 'V', 1, kinds, 0, 0, 0, fileHeaderSize)
	dst = append(dst, 0, 0, 0, 0) // PreviousTagSize0

	dst, tag := beginTag(dst, TagScript, 0)
	dst = appendMetadata(dst, w.tracks)
	dst = endTag(dst, tag)
	if t := w.tracks.Video; t != nil && len(t.Config) > 0 {
		dst = appendUnit(dst, &media.Unit{Kind: media.Video, Codec: t.Codec, Config: true, Key: true, Body: t.Config})
	}
	if t := w.tracks.Audio; t != nil && len(t.Config) > 0 {
		dst = appendUnit(dst, &media.Unit{Kind: media.Audio, Codec: t.Codec, Config: true, Body: t.Config})
	}
	w.size += int64(len(dst) - start)
	return dst
}

// AppendUnits appends a tag for each frame of the file's tracks and each data
// message. Timestamps are those of the file: they begin near 0 and are rounded
// to milliseconds. It leaves out decoder configurations and the publisher's
// onMetaData, since the file has its own, and what no tag can hold: bodies of 16
// MiB.
func (w *Writer) AppendUnits(dst []byte, units []media.Unit) []byte {
	start := len(dst)
	for i := range units {
		u := &units[i]
		switch {
		case u.Config || len(u.Body) > maxBody-maxBodyHeader:
			continue
		case u.Kind == media.Data:
			if isMetadata(u.Body) {
				continue
			}
		case w.tracks.Of(u) == nil:
			continue
		case u.Kind == media.Video:
			w.video.add(milliseconds(u.DTS))
		default:
			w.audio.add(milliseconds(u.DTS))
		}
		dst = appendUnit(dst, u)
	}
	w.size += int64(len(dst) - start)
	return dst
}

// maxBodyHeader is the longest header that appendUnit puts before a payload.
const maxBodyHeader = 8

// appendUnit appends the tag of one unit.
func appendUnit(dst []byte, u *media.Unit) []byte {
	var start int
	switch u.Kind {
	case media.Video:
		dst, start = beginTag(dst, TagVideo, milliseconds(u.DTS))
		dst = appendVideoHeader(dst, u)
	case media.Audio:
		dst, start = beginTag(dst, TagAudio, milliseconds(u.DTS))
		dst = appendAudioHeader(dst, u)
	default:
		dst, start = beginTag(dst, TagScript, milliseconds(u.DTS))
	}
	dst = append(dst, u.Body...)
	return endTag(dst, start)
}

func appendVideoHeader(dst []byte, u *media.Unit) []byte {
	frameType := byte(2 << 4)
	if u.Key {
		frameType = frameKey << 4
	}
	ct := (milliseconds(u.PTS()) - milliseconds(u.DTS)).Milliseconds()
	switch {
	case u.Codec == media.H264:
		packetType := byte(rawFrame)
		if u.Config {
			packetType = sequenceHeader
		}
		return append(dst, frameType|videoIDAVC, packetType, byte(ct>>16), byte(ct>>8), byte(ct))
	case u.Config:
		dst = append(dst, exHeader|frameType|exSequenceStart)
		return append(dst, videoFourCC(u.Codec)...)
	case u.Codec == media.AV1:
		dst = append(dst, exHeader|frameType|exCodedFrames)
		return append(dst, fourCCAV1...)
	case ct == 0:
		dst = append(dst, exHeader|frameType|exCodedFramesX)
		return append(dst, fourCCHEVC...)
	default:
		dst = append(dst, exHeader|frameType|exCodedFrames)
		dst = append(dst, fourCCHEVC...)
		return append(dst, byte(ct>>16), byte(ct>>8), byte(ct))
	}
}

func videoFourCC(c media.Codec) string {
	if c == media.AV1 {
		return fourCCAV1
	}
	return fourCCHEVC
}

func appendAudioHeader(dst []byte, u *media.Unit) []byte {
	switch u.Codec {
	case media.MP3:
		return append(dst, mp3Header(u.Body))
	case media.Opus:
		packetType := byte(exCodedFrames)
		if u.Config {
			packetType = exSequenceStart
		}
		dst = append(dst, audioIDEnhanced<<4|packetType)
		return append(dst, fourCCOpus...)
	}
	packetType := byte(rawFrame)
	if u.Config {
		packetType = sequenceHeader
	}
	// Rate, size and channels of AAC are constant; its configuration tells.
	return append(dst, audioIDAAC<<4|0x0f, packetType)
}

// mp3Header returns the first byte of an MP3 body (section E.4.2.1): coding,
// rate, 16 bit samples, channels.
func mp3Header(frame []byte) byte {
	sampleRate, channels, ok := codec.ParseMP3Header(frame)
	id, rate, stereo := byte(audioIDMP3), byte(3), byte(1)
	if ok {
		stereo = boolByte(channels == 2)
		switch {
		case sampleRate == 8000:
			id, rate = audioIDMP38k, 0
		case sampleRate <= 12000:
			rate = 1
		case sampleRate <= 24000:
			rate = 2
		}
	}
	return id<<4 | rate<<2 | 1<<1 | stereo
}

// milliseconds rounds to what a tag can say.
func milliseconds(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
