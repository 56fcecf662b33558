package e2e

import (
	"slices"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// tagsOf returns units as an encoder sends them, decoder configurations first.
// videoHead returns what precedes the data of video.
func tagsOf(tracks media.Tracks, units []media.Unit, videoHead func(*media.Unit) []byte) []flv.Tag {
	var tags []flv.Tag
	for _, u := range slices.Concat(configs(tracks), units) {
		tag := flv.Tag{Type: flv.TagVideo, Timestamp: u.DTS}
		head := videoHead
		if u.Kind == media.Audio {
			tag.Type, head = flv.TagAudio, audioHead
		}
		tag.Body = append(head(&u), u.Body...)
		tags = append(tags, tag)
	}
	return tags
}

// configs returns the decoder configurations of those tracks that have one.
func configs(tracks media.Tracks) []media.Unit {
	var units []media.Unit
	if t := tracks.Video; t != nil {
		units = append(units, media.Unit{Kind: media.Video, Codec: t.Codec, Config: true, Body: t.Config})
	}
	if t := tracks.Audio; t != nil && t.Codec != media.MP3 {
		units = append(units, media.Unit{Kind: media.Audio, Codec: t.Codec, Config: true, Body: t.Config})
	}
	return units
}

// Packet types of Enhanced RTMP, sections "Enhanced Video" and "Enhanced Audio".
const (
	sequenceStart = 0
	codedFrames   = 1
	codedFramesX  = 3 // without a composition time
)

// videoHead returns what precedes the data of video: H.264 in the old way, others
// by Enhanced RTMP.
func videoHead(u *media.Unit) []byte {
	switch u.Codec {
	case media.HEVC:
		return enhancedHead(u, "hvc1")
	case media.AV1:
		const frames = codedFrames // AV1 has no composition times
		if u.Config {
			return append([]byte{0x80 | frameType(u)<<4 | sequenceStart}, "av01"...)
		}
		return append([]byte{0x80 | frameType(u)<<4 | frames}, "av01"...)
	default:
		return legacyHead(u, 7)
	}
}

func enhancedHead(u *media.Unit, fourCC string) []byte {
	first := 0x80 | frameType(u)<<4
	switch {
	case u.Config:
		return append([]byte{first | sequenceStart}, fourCC...)
	case u.Composition == 0:
		return append([]byte{first | codedFramesX}, fourCC...)
	}
	return appendComposition(append([]byte{first | codedFrames}, fourCC...), u)
}

// legacyHead is the head of a codec that has a number.
func legacyHead(u *media.Unit, codecID byte) []byte {
	const sequenceHeader, nalus = 0, 1
	if u.Config {
		return []byte{frameType(u)<<4 | codecID, sequenceHeader, 0, 0, 0}
	}
	return appendComposition([]byte{frameType(u)<<4 | codecID, nalus}, u)
}

// audioHead returns what precedes the data of audio.
func audioHead(u *media.Unit) []byte {
	const sequenceHeader, raw = 0, 1
	packet := byte(raw)
	if u.Config {
		packet = sequenceHeader
	}
	switch u.Codec {
	case media.MP3:
		return []byte{0x2f}
	case media.Opus:
		return append([]byte{9<<4 | packet}, "Opus"...)
	default:
		return []byte{0xaf, packet} // AAC
	}
}

func frameType(u *media.Unit) byte {
	if u.Key || u.Config {
		return 1
	}
	return 2
}

func appendComposition(b []byte, u *media.Unit) []byte {
	ms := u.Composition.Milliseconds()
	return append(b, byte(ms>>16), byte(ms>>8), byte(ms))
}
