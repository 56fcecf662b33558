//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tallylight/internal/media/flv"
)

// testClip makes the clip once for the tests.
func testClip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.flv")
	if err := makeClip(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestClipIsAStreamOfAnEncoder(t *testing.T) {
	t.Parallel()
	c, err := loadClip(testClip(t))
	if err != nil {
		t.Fatal(err)
	}
	if rate := c.bitrate() / 1e6; rate < 2.4 || rate > 2.6 {
		t.Errorf("the clip has %.2f Mbit/s, want 2.5", rate)
	}
	if len(c.setup) != 3 {
		t.Errorf("%d tags set the stream up, want metadata and two configurations", len(c.setup))
	}
	var keys []time.Duration
	composed := false
	for _, tag := range c.frames {
		u, _, err := tag.Unit()
		if err != nil {
			t.Fatal(err)
		}
		if tag.Type == flv.TagVideo && u.Key {
			keys = append(keys, tag.Timestamp)
		}
		composed = composed || u.Composition > 3*40*time.Millisecond
	}
	for i, at := range keys {
		if at != time.Duration(i)*keyFrameDistance {
			t.Errorf("key frame %d stands at %s, want %s", i, at, time.Duration(i)*keyFrameDistance)
		}
	}
	if len(keys) != int(clipDuration/keyFrameDistance) || !composed {
		t.Errorf("%d key frames, B-frames %t", len(keys), composed)
	}
	if !slices.IsSortedFunc(c.frames, func(a, b flv.Tag) int { return int(a.Timestamp - b.Timestamp) }) {
		t.Error("frames are not in the order of their time")
	}
}

// The raw contenders are measured from end to end: they need no program but this.
func TestMeasureFindsEveryPacketInTheFiles(t *testing.T) {
	t.Parallel()
	path := testClip(t)
	for _, name := range []string{contenderPlain, "raw-polled", contenderFloor} {
		c := contenderNamed(name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trial := trial{options{duration: keyFrameDistance}, path, c, 3}
			m, err := trial.measure(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			// 25 video and 46.9 audio frames a second.
			if m.Packets < 3*2*60 || m.Packets > 3*2*90 {
				t.Errorf("%d packets were sent by 3 streams in 2s", m.Packets)
			}
			if m.CheckedFiles != 3 || m.CPUSeconds <= 0 || m.ResidentBytes < 1<<20 {
				t.Errorf("measured %+v", m)
			}
		})
	}
}

func TestMissingPacketIsAnError(t *testing.T) {
	t.Parallel()
	path := testClip(t)
	c, err := loadClip(path)
	if err != nil {
		t.Fatal(err)
	}
	var sent streamTally
	for _, tag := range c.frames {
		if tag.Type == flv.TagVideo {
			sent.Video++
		}
	}
	s := &server{recordings: filepath.Join(filepath.Dir(path), "%s.flv"), files: 1}
	sent.Name = "clip"
	for _, missing := range []int64{0, 1} {
		sent.Audio, err = audioPackets(t, path)
		if err != nil {
			t.Fatal(err)
		}
		sent.Audio += missing
		err := checkStream(t.Context(), s, sent)
		if (err != nil) != (missing > 0) {
			t.Errorf("with %d packets missing: %v", missing, err)
		}
	}
	sent.Name = "other"
	if err := checkStream(t.Context(), s, sent); err == nil {
		t.Error("a missing file is no error")
	}
}

func audioPackets(t *testing.T, path string) (int64, error) {
	t.Helper()
	_, audio, err := countPackets(t.Context(), path)
	return audio, err
}

func TestCPUClockCountsAnotherProcess(t *testing.T) {
	t.Parallel()
	p, err := startProcess(exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done"), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		u, err := p.usage()
		if err != nil {
			t.Fatal(err)
		}
		if u.cpu > 20*time.Millisecond && u.resident > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a busy process used %+v", u)
		}
	}
	if err := p.stop(syscall.SIGKILL); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("a killed process ended with %v", err)
	}
}

func TestProcessThatFailsToStartShowsItsLog(t *testing.T) {
	t.Parallel()
	_, _, err := startAndScan(exec.CommandContext(t.Context(), "sh", "-c", "echo no room >&2; exit 1"), filepath.Join(t.TempDir(), "log"))
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("startAndScan = %v, want the log", err)
	}
}

func TestPublisherThatCannotConnectIsAnError(t *testing.T) {
	t.Parallel()
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clip.flv")
	header := "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
	tag := flv.Tag{Type: flv.TagAudio, Body: []byte{0xaf, 1, 0}}
	if err := os.WriteFile(path, tag.Append([]byte(header)), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = startLoad(t.Context(), "", order{Clip: path, Target: target{Protocol: protocolRaw, Addr: addr}, Streams: streamNames(2)})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("startLoad = %v, want a refused connection", err)
	}
}
