package e2e

import (
	"maps"
	"slices"
	"testing"
	"time"

	"tallylight/internal/media/mediatest"
)

// packetsOf returns the packets of the streams of a file, as ffprobe finds them.
// Times count from the lowest DTS of all.
func packetsOf(t testing.TB, path string) map[string][]mediatest.Packet {
	t.Helper()
	found := make(map[string][]mediatest.Packet)
	var first time.Duration
	begun := false
	for _, stream := range []string{"v:0", "a:0"} {
		packets := mediatest.Packets(t, path, stream)
		if len(packets) == 0 {
			continue
		}
		found[stream] = packets
		if !begun || packets[0].DTS < first {
			first, begun = packets[0].DTS, true
		}
	}
	for _, packets := range found {
		for i := range packets {
			packets[i].PTS -= first
			packets[i].DTS -= first
		}
	}
	return found
}

// checkRecording compares a recorded file with what was pushed: every packet
// with its times, bytes and flags, and every frame and sample that ffmpeg, which
// may not utter a warning, decodes.
func checkRecording(t testing.TB, path, pushed string) {
	t.Helper()
	got, want := packetsOf(t, path), packetsOf(t, pushed)
	checkPackets(t, path, got, want)
	for stream := range want {
		got, want := mediatest.DecodedHashes(t, path, stream), mediatest.DecodedHashes(t, pushed, stream)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d frames of %s decode, the source has %d; their hashes differ", path, len(got), stream, len(want))
		}
	}
}

func checkPackets(t testing.TB, path string, got, want map[string][]mediatest.Packet) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Fatalf("%s has the streams %v, want %v", path, g, w)
	}
	for stream := range want {
		checkStream(t, path, stream, got[stream], want[stream])
	}
}

func checkStream(t testing.TB, path, stream string, got, want []mediatest.Packet) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: packet %d of %s is %+v, want %+v", path, i, stream, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s has %d packets of %s, want %d", path, len(got), stream, len(want))
	}
}

// checkPlays fails unless ffmpeg decodes the whole file without a warning.
func checkPlays(t testing.TB, path string) {
	t.Helper()
	mediatest.Run(t, "ffmpeg", "-v", "warning", "-nostdin", "-i", path, "-f", "null", "-")
}

// hashes returns the hashes of the packets' data.
func hashes(packets []mediatest.Packet) []string {
	list := make([]string, len(packets))
	for i, p := range packets {
		list[i] = p.Hash
	}
	return list
}
