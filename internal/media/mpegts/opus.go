package mpegts

import "tallylight/internal/media/codec"

// opusDescriptors returns the descriptors of ETSI TS Opus 0.1.3-draft section
// 4.1: that it is Opus, and its channels. A config that is no OpusHead counts as
// that of a stereo stream. It returns false for mappings of channels that RFC
// 7845 does not name, since players know no others.
func opusDescriptors(config []byte) (_ []byte, ok bool) {
	head, err := codec.ParseOpusHead(config)
	if err != nil {
		head = codec.OpusHead{Channels: 2}
	}
	if head.Channels > maxOpusChannels {
		return nil, false
	}
	switch head.MappingFamily {
	case 0:
		ok = head.Channels <= 2
	case 1:
		ok = string(head.Mapping) == opusMappings[head.Channels]
	}
	const registration, extension, opusExtension = 0x05, 0x7f, 0x80
	return []byte{
		registration, 4, 'O', 'p', 'u', 's',
		extension, 2, opusExtension, head.Channels,
	}, ok
}

const maxOpusChannels = 8

// opusMappings are the mappings of RFC 7845 section 5.1.1.2 by the number of
// channels: stream count, coupled count and a byte a channel, as libopus sets
// them up.
var opusMappings = [maxOpusChannels + 1]string{
	1: "\x01\x00\x00",
	2: "\x01\x01\x00\x01",
	3: "\x02\x01\x00\x02\x01",
	4: "\x02\x02\x00\x01\x02\x03",
	5: "\x03\x02\x00\x04\x01\x02\x03",
	6: "\x04\x02\x00\x04\x01\x02\x03\x05",
	7: "\x04\x03\x00\x04\x01\x02\x03\x05\x06",
	8: "\x05\x03\x00\x06\x01\x02\x03\x04\x05\x07",
}

// appendOpusHeader appends the control header of a packet of n bytes (section
// 6.2): no trimming, no extension, the size in bytes that add up.
func appendOpusHeader(dst []byte, n int) []byte {
	dst = append(dst, 0x7f, 0xe0)
	for ; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}
