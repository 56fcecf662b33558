//go:build linux

package main

import (
	"fmt"
	"testing"
)

func TestSampleSpreadsOverManyStreams(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		streams int
		want    string
	}{
		{1, "[0]"},
		{probeAll, "[0 1 2 3 4 5 6 7 8 9]"},
		{probeAll + 1, "[0 2 5 7 10]"},
		{200, "[0 49 99 149 199]"},
	} {
		all := make([]streamTally, test.streams)
		for i := range all {
			all[i].Video = int64(i)
		}
		var got []int64
		for _, s := range sample(all) {
			got = append(got, s.Video)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("of %d streams %v are checked, want %s", test.streams, got, test.want)
		}
	}
}

func TestParsePackets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, output string
		video, audio int64
		bad          bool
	}{
		{"both kinds are counted", `{"streams":[{"codec_type":"audio","nb_read_packets":"3"},{"codec_type":"video","nb_read_packets":"12"}]}`, 12, 3, false},
		{"data streams are not", `{"streams":[{"codec_type":"data","nb_read_packets":"3"}]}`, 0, 0, false},
		{"an empty file has none", `{}`, 0, 0, false},
		{"an unread count is an error", `{"streams":[{"codec_type":"audio"}]}`, 0, 0, true},
		{"words are an error", `no`, 0, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			video, audio, err := parsePackets([]byte(test.output))
			if video != test.video || audio != test.audio || (err != nil) != test.bad {
				t.Errorf("parsePackets = %d, %d, %v; want %d, %d", video, audio, err, test.video, test.audio)
			}
		})
	}
}

func TestParseMallocs(t *testing.T) {
	t.Parallel()
	metrics := "# TYPE go_memstats_mallocs_total counter\ngo_memstats_mallocs_total 1.234e+06\ngo_memstats_next_gc_bytes 4\n"
	if n, err := parseMallocs(metrics); n != 1_234_000 || err != nil {
		t.Errorf("parseMallocs = %d, %v; want 1234000", n, err)
	}
	if _, err := parseMallocs("go_goroutines 7\n"); err == nil {
		t.Error("metrics without the counter are no error")
	}
}
