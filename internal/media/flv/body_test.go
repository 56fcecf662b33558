package flv_test

import (
	"bytes"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// A bodyTest is a body and what it says; the bodies are fuzz seeds too.
type bodyTest struct {
	name string
	body string
	want flv.Body // Payload aside
	load string   // the payload
}

var videoBodies = []bodyTest{
	{"legacy AVC sequence header", "\x17\x00\x00\x00\x00conf", flv.Body{Packet: flv.PacketConfig, Codec: media.H264, Key: true}, "conf"},
	{"legacy AVC key frame", "\x17\x01\x00\x00\x50data", flv.Body{Packet: flv.PacketFrame, Codec: media.H264, Key: true, Composition: 80 * time.Millisecond}, "data"},
	{"legacy AVC frame shown before it is decoded", "\x27\x01\xff\xff\xd8data", flv.Body{Packet: flv.PacketFrame, Codec: media.H264, Composition: -40 * time.Millisecond}, "data"},
	{"legacy AVC end of sequence", "\x17\x02\x00\x00\x00", flv.Body{Codec: media.H264, Key: true}, ""},
	{"legacy AVC frame without data", "\x27\x01\x00\x00\x00", flv.Body{Codec: media.H264}, ""},
	{"legacy HEVC sequence header", "\x1c\x00\x00\x00\x00conf", flv.Body{Packet: flv.PacketConfig, Codec: media.HEVC, Key: true}, "conf"},
	{"legacy HEVC frame", "\x2c\x01\x00\x00\x28data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC, Composition: 40 * time.Millisecond}, "data"},
	{"coding that is not recorded", "\x12data", flv.Body{Packet: flv.PacketFrame, Key: true}, "data"},
	{"seek command", "\x57\x00", flv.Body{}, "\x00"},
	{"HEVC sequence start", "\x90hvc1conf", flv.Body{Packet: flv.PacketConfig, Codec: media.HEVC, Key: true}, "conf"},
	{"HEVC coded frames", "\xa1hvc1\xff\xff\xd8data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC, Composition: -40 * time.Millisecond}, "data"},
	{"HEVC coded frames without composition time", "\xa3hvc1data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC}, "data"},
	{"AVC in an enhanced body", "\x91avc1\x00\x00\x28data", flv.Body{Packet: flv.PacketFrame, Codec: media.H264, Key: true, Composition: 40 * time.Millisecond}, "data"},
	{"AV1 sequence start", "\x90av01conf", flv.Body{Packet: flv.PacketConfig, Codec: media.AV1, Key: true}, "conf"},
	{"AV1 coded frames have no composition time", "\x91av01data", flv.Body{Packet: flv.PacketFrame, Codec: media.AV1, Key: true}, "data"},
	{"enhanced coding that is not recorded", "\x91vp09data", flv.Body{Packet: flv.PacketFrame, Key: true}, "data"},
	{"end of an enhanced sequence", "\x92hvc1", flv.Body{Codec: media.HEVC, Key: true}, ""},
	{"colour metadata", "\x94hvc1\x02\x00\x09colorInfo", flv.Body{Codec: media.HEVC, Key: true}, "\x02\x00\x09colorInfo"},
	{"enhanced command", "\xd0\x00", flv.Body{}, ""},
	{"modifier before a frame", "\xa7\x02\x00\x00\x01\x03hvc1data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC}, "data"},
	{"modifier with a long size", "\xa7\xff\x00\x00\x09\x03hvc1data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC}, "data"},
	{"two modifiers", "\xa7\x00\x09\x07\x00\x09\x03hvc1data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC}, "data"},
	{"one track that is track 0", "\x96\x03hvc1\x00data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC, Key: true}, "data"},
	{"one track that is another", "\x96\x03hvc1\x01data", flv.Body{Key: true}, ""},
	{"many tracks of one coding", "\x96\x11hvc1\x01\x00\x00\x01x\x00\x00\x00\x07\x00\x00\x28data", flv.Body{Packet: flv.PacketFrame, Codec: media.HEVC, Key: true, Composition: 40 * time.Millisecond}, "data"},
	{"many tracks of many codings", "\x96\x20av01\x02\x00\x00\x01xhvc1\x00\x00\x00\x04conf", flv.Body{Packet: flv.PacketConfig, Codec: media.HEVC, Key: true}, "conf"},
}

var audioBodies = []bodyTest{
	{"AAC sequence header", "\xaf\x00\x12\x10", flv.Body{Packet: flv.PacketConfig, Codec: media.AAC, Key: true}, "\x12\x10"},
	{"AAC frame", "\xaf\x01data", flv.Body{Packet: flv.PacketFrame, Codec: media.AAC, Key: true}, "data"},
	{"AAC frame without data", "\xaf\x01", flv.Body{Codec: media.AAC, Key: true}, ""},
	{"AAC packet of an unknown type", "\xaf\x02data", flv.Body{Codec: media.AAC, Key: true}, "data"},
	{"MP3 frame", "\x2f\xff\xfbdata", flv.Body{Packet: flv.PacketFrame, Codec: media.MP3, Key: true}, "\xff\xfbdata"},
	{"MP3 frame at 8 kHz", "\xe2\xff\xe3data", flv.Body{Packet: flv.PacketFrame, Codec: media.MP3, Key: true}, "\xff\xe3data"},
	{"coding that is not recorded", "\xb6data", flv.Body{Packet: flv.PacketFrame, Key: true}, "data"},
	{"Opus sequence start", "\x90OpusOpusHead", flv.Body{Packet: flv.PacketConfig, Codec: media.Opus, Key: true}, "OpusHead"},
	{"Opus frame", "\x91Opusdata", flv.Body{Packet: flv.PacketFrame, Codec: media.Opus, Key: true}, "data"},
	{"AAC in an enhanced body", "\x91mp4adata", flv.Body{Packet: flv.PacketFrame, Codec: media.AAC, Key: true}, "data"},
	{"MP3 in an enhanced body", "\x91.mp3data", flv.Body{Packet: flv.PacketFrame, Codec: media.MP3, Key: true}, "data"},
	{"enhanced coding that is not recorded", "\x91fLaCdata", flv.Body{Packet: flv.PacketFrame, Key: true}, "data"},
	{"end of a sequence", "\x92Opus", flv.Body{Codec: media.Opus, Key: true}, ""},
	{"channel layout", "\x94Opus\x01\x02", flv.Body{Codec: media.Opus, Key: true}, "\x01\x02"},
	{"modifier before a frame", "\x97\x02\x00\x00\x01\x01Opusdata", flv.Body{Packet: flv.PacketFrame, Codec: media.Opus, Key: true}, "data"},
	{"one track that is track 0", "\x95\x01Opus\x00data", flv.Body{Packet: flv.PacketFrame, Codec: media.Opus, Key: true}, "data"},
	{"many tracks of many codings", "\x95\x21Opus\x01\x00\x00\x01xmp4a\x00\x00\x00\x04data", flv.Body{Packet: flv.PacketFrame, Codec: media.AAC, Key: true}, "data"},
}

var shortVideoBodies = []string{
	"", "\x17", "\x17\x01\x00\x00", "\x90", "\x90hvc", "\x91hvc1\x00\x00", "\xa7", "\xa7\x02\x00", "\xa7\xff\x00", "\xa7\xff\xff\xff\x00",
	"\x96", "\x96\x03hv", "\x96\x11hvc1\x00\x00\x00\x05data", "\x96\x21av01", "\x96\x21av01\x00\x00",
}

var shortAudioBodies = []string{"", "\xaf", "\x90", "\x90Opu", "\x97\x02\x00\x00\x01", "\x95\x11Opus\x00\x00\x00\x05data"}

func TestParseVideoBody(t *testing.T) {
	t.Parallel()
	testBodies(t, flv.ParseVideoBody, videoBodies, shortVideoBodies)
}

func TestParseAudioBody(t *testing.T) {
	t.Parallel()
	testBodies(t, flv.ParseAudioBody, audioBodies, shortAudioBodies)
}

func testBodies(t *testing.T, parse func([]byte) (flv.Body, error), whole []bodyTest, short []string) {
	for _, tt := range whole {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Payload) != tt.load {
				t.Errorf("payload = %q, want %q", got.Payload, tt.load)
			}
			got.Payload = nil
			if !sameBody(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	for _, b := range short {
		if got, err := parse([]byte(b)); err == nil {
			t.Errorf("body %q is too short, but gave %+v", b, got)
		}
	}
}

func sameBody(a, b flv.Body) bool {
	return a.Packet == b.Packet && a.Codec == b.Codec && a.Key == b.Key && a.Composition == b.Composition &&
		bytes.Equal(a.Payload, b.Payload)
}

func TestParsingBodiesAllocatesNothing(t *testing.T) {
	bodies := make([][]byte, len(videoBodies))
	for i := range bodies {
		bodies[i] = []byte(videoBodies[i].body)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range bodies {
			flv.ParseVideoBody(b)
			flv.ParseAudioBody(b)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzVideoBody(f *testing.F) { fuzzBody(f, flv.ParseVideoBody, videoBodies, shortVideoBodies) }

func FuzzAudioBody(f *testing.F) { fuzzBody(f, flv.ParseAudioBody, audioBodies, shortAudioBodies) }

func fuzzBody(f *testing.F, parse func([]byte) (flv.Body, error), whole []bodyTest, short []string) {
	for _, tt := range whole {
		f.Add([]byte(tt.body))
	}
	for _, b := range short {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := parse(b)
		if err != nil {
			return
		}
		if body.Packet != flv.PacketOther && len(body.Payload) == 0 && body.Codec != media.CodecUnknown {
			t.Errorf("%+v has no payload", body)
		}
		if !bytes.Contains(b, body.Payload) {
			t.Errorf("payload %q is no part of the body", body.Payload)
		}
	})
}
