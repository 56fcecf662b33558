package e2e

import (
	"slices"
	"testing"
	"time"

	"tallylight/internal/media/mediatest"
)

func TestReconnectWithinDelayTimeContinuesTheFile(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	const interruption = 3 * time.Second // between key frames, as encoders break off
	tags := bFramesAndAAC.tags(t)
	p := dial(t, s.pushURL("show"))
	for _, tag := range before(tags, interruption) {
		write(t, p, tag)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r.awaitAccepted(t, 2)
	push(t, s.pushURL("show"), tags) // the encoder starts anew, at timestamp 0

	want := []string{"record_started", "record_paused", "record_resumed", "record_paused", "file_created", "file_created"}
	if got := events(r.awaitAccepted(t, len(want))); !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	for _, format := range formats {
		path := s.recording(t, "show", format)
		checkPlays(t, path)
		got, pushed := packetsOf(t, path), packetsOf(t, bFramesAndAAC.path(t))
		shifts := make(map[time.Duration]bool)
		for stream, whole := range pushed {
			first := untilDTS(whole, interruption)
			if len(got[stream]) != len(first)+len(whole) {
				t.Fatalf("%s has %d packets of %s, want %d and %d", path, len(got[stream]), stream, len(first), len(whole))
			}
			checkStream(t, path, stream, got[stream][:len(first)], first)
			second := got[stream][len(first):]
			shift := second[0].DTS - whole[0].DTS
			shifts[shift] = true
			for i := range second {
				second[i].PTS -= shift
				second[i].DTS -= shift
			}
			checkStream(t, path, stream, second, whole)
		}
		if len(shifts) != 1 {
			t.Errorf("%s: audio and video of the second push are shifted by %v, not by the same time", path, shifts)
		}
		for shift := range shifts {
			// Frames that are shown late, behind B-frames that did not come, move it.
			if shift < interruption-100*time.Millisecond || shift > interruption+300*time.Millisecond {
				t.Errorf("%s: the second push begins at %v, want it right after the first, %v", path, shift, interruption)
			}
		}
	}
}

// untilDTS returns the packets before the first whose DTS is end or later.
func untilDTS(packets []mediatest.Packet, end time.Duration) []mediatest.Packet {
	i := slices.IndexFunc(packets, func(p mediatest.Packet) bool { return p.DTS >= end })
	if i < 0 {
		return packets
	}
	return packets[:i]
}
