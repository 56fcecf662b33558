package mediatest

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Packet is one packet of a file as ffprobe finds it.
type Packet struct {
	PTS, DTS time.Duration // to the microsecond
	Size     int
	Key      bool
	Hash     string // MD5 of the packet's data
}

// Packets returns the packets of a stream, such as "v:0" or "a:0".
func Packets(t testing.TB, path, stream string, inputOptions ...string) []Packet {
	t.Helper()
	args := append([]string{"-v", "warning", "-of", "json", "-select_streams", stream, "-show_data_hash", "md5", "-show_packets"}, inputOptions...)
	var answer struct {
		Packets []struct {
			PTS      string `json:"pts_time"`
			DTS      string `json:"dts_time"`
			Size     string `json:"size"`
			Flags    string `json:"flags"`
			DataHash string `json:"data_hash"`
		} `json:"packets"`
	}
	unmarshal(t, Run(t, "ffprobe", append(args, path)...), &answer)
	packets := make([]Packet, 0, len(answer.Packets))
	for _, p := range answer.Packets {
		size, err := strconv.Atoi(p.Size)
		if err != nil {
			t.Fatalf("size of a packet: %v", err)
		}
		packets = append(packets, Packet{
			PTS:  seconds(t, p.PTS),
			DTS:  seconds(t, p.DTS),
			Size: size,
			Key:  strings.HasPrefix(p.Flags, "K"),
			Hash: p.DataHash,
		})
	}
	return packets
}

// A Stream is one stream of a file as ffprobe describes it.
type Stream struct {
	CodecName  string `json:"codec_name"`
	CodecTag   string `json:"codec_tag_string"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	SampleRate string `json:"sample_rate"`
	Channels   int    `json:"channels"`
	Duration   string `json:"duration"`
}

// Streams returns the streams of a file and its duration.
func Streams(t testing.TB, path string) ([]Stream, time.Duration) {
	t.Helper()
	var answer struct {
		Streams []Stream `json:"streams"`
		Format  struct {
			Duration string `json:"duration"`
		} `json:"format"`
	}
	unmarshal(t, Run(t, "ffprobe", "-v", "warning", "-of", "json", "-show_streams", "-show_format", path), &answer)
	return answer.Streams, seconds(t, answer.Format.Duration)
}

func unmarshal(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("ffprobe answered %q: %v", text, err)
	}
}

func seconds(t testing.TB, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s + "s")
	if err != nil {
		t.Fatalf("ffprobe answered the time %q", s)
	}
	return d.Round(time.Microsecond)
}

// Hash returns the Hash of a packet with the given data.
func Hash(data []byte) string { return fmt.Sprintf("MD5:%x", md5.Sum(data)) }
