package mp4

import (
	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// appendSampleDescription appends the payload of an stsd box with one sample
// entry for a track (section 8.5.2). The decoder configuration goes in
// unchanged.
func appendSampleDescription(dst []byte, t media.Track, info codec.Info) []byte {
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 1)
	switch t.Codec {
	case media.H264:
		return appendVisualEntry(dst, "avc1", "avcC", t.Config, info)
	case media.HEVC:
		return appendVisualEntry(dst, "hvc1", "hvcC", t.Config, info)
	case media.AV1:
		return appendVisualEntry(dst, "av01", "av1C", t.Config, info)
	case media.Opus:
		dst, entry := beginAudioEntry(dst, "Opus", info)
		dst = appendDOps(dst, t.Config)
		endBox(dst, entry)
		return dst
	case media.MP3:
		dst, entry := beginAudioEntry(dst, "mp4a", info)
		dst = appendESDS(dst, objectTypeMPEG1, nil)
		endBox(dst, entry)
		return dst
	default:
		dst, entry := beginAudioEntry(dst, "mp4a", info)
		dst = appendESDS(dst, objectTypeAAC, t.Config)
		endBox(dst, entry)
		return dst
	}
}

// appendVisualEntry appends a VisualSampleEntry, section 12.1.3.
func appendVisualEntry(dst []byte, typ, configType string, config []byte, info codec.Info) []byte {
	dst, entry := beginBox(dst, typ)
	dst = appendZeros(dst, 6)
	dst = be.AppendUint16(dst, 1) // data_reference_index
	dst = appendZeros(dst, 16)
	dst = be.AppendUint16(dst, uint16(info.Width))
	dst = be.AppendUint16(dst, uint16(info.Height))
	dst = be.AppendUint32(dst, 72<<16) // dots an inch, across
	dst = be.AppendUint32(dst, 72<<16) // and down
	dst = appendZeros(dst, 4)
	dst = be.AppendUint16(dst, 1) // frames a sample
	dst = appendZeros(dst, 32)    // compressorname
	dst = be.AppendUint16(dst, 24)
	dst = append(dst, 0xff, 0xff)
	dst = appendBox(dst, configType, config)
	endBox(dst, entry)
	return dst
}

// Where the payload of an stsd box keeps the facts of an audio track that only
// its frames tell.
const (
	channelsAt   = 8 + 24
	sampleRateAt = channelsAt + 8
	objectTypeAt = sampleRateAt + 4 + 25
)

// mp3Header is the size of a frame's header.
const mp3Header = 4

// isMP3 reports whether a description is that of an MP3 track as the Writer
// makes it, which does not know the frames.
func isMP3(description []byte) bool {
	return len(description) > objectTypeAt && description[objectTypeAt] == objectTypeMPEG1
}

// describeMP3 completes the description of an MP3 track by the header of a frame,
// which alone tells rate and channels.
func describeMP3(description []byte, header [mp3Header]byte) {
	rate, channels, ok := codec.ParseMP3Header(header[:])
	if !ok {
		return
	}
	be.PutUint16(description[channelsAt:], uint16(channels))
	be.PutUint32(description[sampleRateAt:], fixedRate(rate))
	if rate <= 24000 {
		description[objectTypeAt] = objectTypeMPEG2
	}
}

// beginAudioEntry begins an AudioSampleEntry, section 12.2.3.
func beginAudioEntry(dst []byte, typ string, info codec.Info) (_ []byte, start int) {
	dst, start = beginBox(dst, typ)
	dst = appendZeros(dst, 6)
	dst = be.AppendUint16(dst, 1) // data_reference_index
	dst = appendZeros(dst, 8)
	dst = be.AppendUint16(dst, uint16(info.Channels))
	dst = be.AppendUint16(dst, 16) // bits a sample
	dst = appendZeros(dst, 4)
	return be.AppendUint32(dst, fixedRate(info.SampleRate)), start
}

// fixedRate is a sample rate in the 16.16 format of a sample entry, which holds
// no more than 65535; 0 sends readers to the decoder configuration.
func fixedRate(rate int) uint32 {
	if rate > 0xffff {
		return 0
	}
	return uint32(rate) << 16
}

// Object types of audio, ISO/IEC 14496-1 table 5.
const (
	objectTypeAAC   = 0x40
	objectTypeMPEG2 = 0x69 // MP3 at half rates and below
	objectTypeMPEG1 = 0x6b // MP3
)

// appendESDS appends the elementary stream descriptor of ISO/IEC 14496-1 section
// 7.2.6.5. Bit rates are not known, which 0 says.
func appendESDS(dst []byte, objectType byte, config []byte) []byte {
	const (
		esDescrTag, decoderConfigTag, decoderInfoTag, slConfigTag = 3, 4, 5, 6

		descriptorHeader = 5
		audioStream      = 5<<2 | 1
	)
	infoSize := 0
	if len(config) > 0 {
		infoSize = descriptorHeader + len(config)
	}
	configSize := 13 + infoSize
	dst, box := beginFullBox(dst, "esds", 0, 0)
	dst = appendDescriptor(dst, esDescrTag, 3+descriptorHeader+configSize+descriptorHeader+1)
	dst = append(dst, 0, 0, 0) // ES_ID, flags
	dst = appendDescriptor(dst, decoderConfigTag, configSize)
	dst = append(dst, objectType, audioStream)
	dst = appendZeros(dst, 3+4+4) // buffer size, maximum and average bit rate
	if infoSize > 0 {
		dst = appendDescriptor(dst, decoderInfoTag, len(config))
		dst = append(dst, config...)
	}
	dst = appendDescriptor(dst, slConfigTag, 1)
	dst = append(dst, 2) // reserved for use in MP4 files
	endBox(dst, box)
	return dst
}

// appendDescriptor appends the header of a descriptor, with a size of four
// bytes of seven bits.
func appendDescriptor(dst []byte, tag byte, size int) []byte {
	return append(dst, tag, 0x80|byte(size>>21), 0x80|byte(size>>14), 0x80|byte(size>>7), byte(size&0x7f))
}

// appendDOps appends the OpusSpecificBox of Opus-in-ISOBMFF section 4.3.2: an
// OpusHead in the other byte order. From a broken one it makes that of a stereo
// stream.
func appendDOps(dst []byte, config []byte) []byte {
	head, err := codec.ParseOpusHead(config)
	if err != nil {
		head = codec.OpusHead{Channels: 2}
	}
	dst, box := beginBox(dst, "dOps")
	dst = append(dst, 0, head.Channels)
	dst = be.AppendUint16(dst, head.PreSkip)
	dst = be.AppendUint32(dst, head.SampleRate)
	dst = be.AppendUint16(dst, uint16(head.OutputGain))
	dst = append(dst, head.MappingFamily)
	dst = append(dst, head.Mapping...)
	endBox(dst, box)
	return dst
}
