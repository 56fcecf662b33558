package rtmp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/ingest/rtmp/amf"
	"tallylight/internal/media"
)

// tag is one message inside an aggregate.
func tag(typeID byte, timestamp uint32, body string) string {
	b := append([]byte{typeID}, be24(uint32(len(body)))...)
	b = append(b, be24(timestamp&0xffffff)...)
	b = append(b, byte(timestamp>>24), 0, 0, 0)
	b = append(b, body...)
	return string(append(b, be32(uint32(11+len(body)))...))
}

// amf0 is the coding of values.
func amf0(values ...any) string { return string(amf.Append(nil, values...)) }

const ms = time.Millisecond

// mediaCases are messages with the units that they become. They seed the fuzz
// target, too.
var mediaCases = []struct {
	name      string
	typeID    byte
	timestamp uint32
	body      string
	want      []recorded
	wantErr   bool
}{
	{"H.264 configuration", typeVideo, 7, "\x17\x00\x00\x00\x00avcC", []recorded{{media.Video, media.H264, true, false, 7 * ms, 0, "avcC"}}, false},
	{"H.264 key frame", typeVideo, 7, "\x17\x01\x00\x00\x50nalu", []recorded{{media.Video, media.H264, false, true, 7 * ms, 80 * ms, "nalu"}}, false},
	{"H.264 frame with negative composition time", typeVideo, 7, "\x27\x01\xff\xff\xffnalu", []recorded{{media.Video, media.H264, false, false, 7 * ms, -1 * ms, "nalu"}}, false},
	{"H.264 end of sequence", typeVideo, 7, "\x17\x02\x00\x00\x00", nil, false},
	{"legacy HEVC", typeVideo, 7, "\x1c\x01\x00\x00\x00nalu", []recorded{{media.Video, media.HEVC, false, true, 7 * ms, 0, "nalu"}}, false},
	{"enhanced HEVC configuration", typeVideo, 7, "\x90hvc1hvcC", []recorded{{media.Video, media.HEVC, true, false, 7 * ms, 0, "hvcC"}}, false},
	{"enhanced HEVC frame", typeVideo, 7, "\xa1hvc1\x00\x00\x28nalu", []recorded{{media.Video, media.HEVC, false, false, 7 * ms, 40 * ms, "nalu"}}, false},
	{"enhanced HEVC frame without composition time", typeVideo, 7, "\x93hvc1nalu", []recorded{{media.Video, media.HEVC, false, true, 7 * ms, 0, "nalu"}}, false},
	{"AV1 frame", typeVideo, 7, "\x91av01obus", []recorded{{media.Video, media.AV1, false, true, 7 * ms, 0, "obus"}}, false},
	{"enhanced metadata", typeVideo, 7, "\x94hvc1" + amf0("colorInfo", nil), nil, false},
	{"track 0 of several", typeVideo, 7, "\x96\x11hvc1\x01\x00\x00\x04\x00\x00\x00B\x00\x00\x00\x07\x00\x00\x00nalu", []recorded{{media.Video, media.HEVC, false, true, 7 * ms, 0, "nalu"}}, false},
	{"unknown video codec", typeVideo, 7, "\x12frame", []recorded{{media.Video, media.CodecUnknown, false, true, 7 * ms, 0, "frame"}}, false},
	{"unknown video codec without a frame", typeVideo, 7, "\x12", nil, false},
	{"AAC configuration", typeAudio, 7, "\xaf\x00\x12\x10", []recorded{{media.Audio, media.AAC, true, false, 7 * ms, 0, "\x12\x10"}}, false},
	{"AAC frame", typeAudio, 7, "\xaf\x01aac", []recorded{{media.Audio, media.AAC, false, true, 7 * ms, 0, "aac"}}, false},
	{"MP3 frame", typeAudio, 7, "\x2fmp3", []recorded{{media.Audio, media.MP3, false, true, 7 * ms, 0, "mp3"}}, false},
	{"MP3 frame of 8 kHz", typeAudio, 7, "\xe2mp3", []recorded{{media.Audio, media.MP3, false, true, 7 * ms, 0, "mp3"}}, false},
	{"Opus frame", typeAudio, 7, "\x91Opusopus", []recorded{{media.Audio, media.Opus, false, true, 7 * ms, 0, "opus"}}, false},
	{"empty video", typeVideo, 7, "", nil, false},
	{"empty audio", typeAudio, 7, "", nil, false},
	{"cut video", typeVideo, 7, "\x17\x01\x00", nil, true},
	{"cut audio", typeAudio, 7, "\xaf", nil, true},
	{"metadata", typeDataAMF0, 7, amf0("@setDataFrame", "onMetaData", amf.Map{{Name: "width", Value: 640.0}}),
		[]recorded{{media.Data, 0, false, false, 7 * ms, 0, amf0("onMetaData", amf.Map{{Name: "width", Value: 640.0}})}}, false},
	{"data without wrapper", typeDataAMF0, 7, amf0("onTextData", "x"), []recorded{{media.Data, 0, false, false, 7 * ms, 0, amf0("onTextData", "x")}}, false},
	{"AMF3 data", typeDataAMF3, 7, "\x00" + amf0("@setDataFrame", "onMetaData") + "\x11\x04\x05", []recorded{{media.Data, 0, false, false, 7 * ms, 0, amf0("onMetaData", 5.0)}}, false},
	{"data without name", typeDataAMF0, 7, amf0(1.0), nil, true},
	{"data without anything", typeDataAMF0, 7, amf0("@setDataFrame"), nil, true},
	{"cut data", typeDataAMF0, 7, amf0("@setDataFrame") + "\x02", nil, true},
	{"aggregate", typeAggregate, 1000, tag(typeVideo, 50, "\x27\x01\x00\x00\x00v") + tag(typeAudio, 60, "\xaf\x01a"),
		[]recorded{{media.Video, media.H264, false, false, 1000 * ms, 0, "v"}, {media.Audio, media.AAC, false, true, 1010 * ms, 0, "a"}}, false},
	{"aggregate with a malformed part", typeAggregate, 1000, tag(typeVideo, 50, "\x27") + tag(typeAudio, 60, "\xaf\x01a"),
		[]recorded{{media.Audio, media.AAC, false, true, 1010 * ms, 0, "a"}}, true},
	{"aggregate in an aggregate", typeAggregate, 0, tag(typeAggregate, 0, tag(typeAudio, 0, "\xaf\x01a")), nil, false},
	{"cut aggregate", typeAggregate, 0, tag(typeAudio, 0, "\xaf\x01a") + "\x08\x00\x00\x09", []recorded{{media.Audio, media.AAC, false, true, 0, 0, "a"}}, true},
	{"aggregate longer than the message", typeAggregate, 0, tag(typeAudio, 0, "\xaf\x01a")[:12], nil, true},
}

// demux gives a message to a fresh demuxer.
func demux(typeID byte, timestamp uint32, body string) ([]recorded, error) {
	var arena media.Arena
	defer arena.Close()
	m := message{typeID: typeID, timestamp: timestamp, unit: arena.Body(len(body))}
	copy(m.unit.Body, body)
	var d demuxer
	units, err := d.append(nil, &m)
	var got []recorded
	for i := range units {
		got = append(got, record(&units[i]))
		units[i].Release() // panics if there was no hold on it
	}
	return got, err
}

func TestMessagesBecomeUnits(t *testing.T) {
	t.Parallel()
	for _, tc := range mediaCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := demux(tc.typeID, tc.timestamp, tc.body)
			if (err != nil) != tc.wantErr {
				t.Errorf("error %v, want one: %t", err, tc.wantErr)
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

func TestAggregateOfManyTagsIsBounded(t *testing.T) {
	t.Parallel()
	body := strings.Repeat(tag(typeAudio, 0, "\xaf\x01a"), maxAggregateTags)
	if units, err := demux(typeAggregate, 0, body); len(units) != maxAggregateTags || err != nil {
		t.Errorf("%d units, %v; want all %d", len(units), err, maxAggregateTags)
	}
	body += tag(typeAudio, 0, "\xaf\x01a")
	if units, err := demux(typeAggregate, 0, body); len(units) != maxAggregateTags || !errors.Is(err, errAggregateTags) {
		t.Errorf("%d units, %v; want %d and an error for the rest", len(units), err, maxAggregateTags)
	}
}

func FuzzMediaMessage(f *testing.F) {
	for _, tc := range mediaCases {
		f.Add(tc.typeID, tc.timestamp, []byte(tc.body))
	}
	f.Fuzz(func(t *testing.T, typeID byte, timestamp uint32, body []byte) {
		got, _ := demux(typeID, timestamp, string(body))
		for _, u := range got {
			if u.kind == 0 || u.kind != media.Data && u.body == "" {
				t.Errorf("unit %+v", u)
			}
			if u.kind == media.Data && typeID == typeDataAMF0 && len(u.body) > len(body) {
				t.Errorf("data of %d bytes became %d", len(body), len(u.body))
			}
		}
	})
}

func TestABatchKeepsNoBodies(t *testing.T) {
	t.Parallel()
	c := newTestConn(t)
	b := new(batch)
	var in []byte
	for range 3 * maxBatchUnits { // more than are handed on at once
		in = appendMessage(in, 4, messageHeader{typeID: typeAudio}, []byte("\xaf\x01a"), 128)
	}
	n := copy(b.bytes[:], in)
	if n != len(in) {
		t.Fatal("the test needs more than a batch")
	}
	if err := c.feed(t.Context(), b, n); err != nil {
		t.Fatal(err)
	}
	if got := c.publication.Info().AudioFrames; got != 3*maxBatchUnits {
		t.Errorf("%d frames were handed on, want %d", got, 3*maxBatchUnits)
	}
	if cap(b.units) == 0 || cap(b.units) > 2*maxBatchUnits {
		t.Errorf("batch has room for %d units", cap(b.units))
	}
	for _, u := range b.units[:cap(b.units)] {
		if u.Body != nil {
			t.Fatal("batch still refers to a body")
		}
	}
}
