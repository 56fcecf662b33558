//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSearchEndsAtWhatHolds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		limit int
		holds int // the most that hold
		want  int
		tried []int
	}{
		{"not even the first number holds", 1600, 99, 0, []int{100}},
		{"the gap is halved twice", 1600, 560, 500, []int{100, 200, 400, 800, 600, 500}},
		{"upwards as well", 1600, 760, 700, []int{100, 200, 400, 800, 600, 700}},
		{"the limit is tried and not passed", 300, 1000, 300, []int{100, 200, 300}},
		{"a limit of the first number", 100, 1000, 100, []int{100}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var tried []int
			got, err := search(100, test.limit, func(n int) (bool, error) {
				tried = append(tried, n)
				return n <= test.holds, nil
			})
			if got != test.want || err != nil || !slices.Equal(tried, test.tried) {
				t.Errorf("search = %d, %v after %v; want %d after %v", got, err, tried, test.want, test.tried)
			}
		})
	}
}

func TestSearchGivesUpOnAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := search(100, 1600, func(n int) (bool, error) { return n < 800, fail(n == 800, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("search = %v, want %v", err, broken)
	}
}

func fail(when bool, err error) error {
	if when {
		return err
	}
	return nil
}

func TestTryTellsWhoWasTooSlow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		try  capacityTry
		want outcome
	}{
		{"all was in time", capacityTry{MaxWrite: lateAfter}, outcomeHeld},
		{"files lack frames", capacityTry{LateStreams: 1}, outcomeServer},
		{"an encoder had to wait", capacityTry{MaxWrite: lateAfter + 1, LateFrames: 1}, outcomeServer},
		{"frames were sent late although nobody had to wait", capacityTry{LateFrames: 1}, outcomeGenerator},
		{"it could not be tried", capacityTry{Failure: "no memory"}, outcomeFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.try.outcome(); got != test.want {
				t.Errorf("outcome = %q, want %q", got, test.want)
			}
		})
	}
}

func TestCapacityEndsWithTheFewestStreamsThatWereNotHeld(t *testing.T) {
	t.Parallel()
	c := capacity{Tries: []capacityTry{{Streams: 100}, {Streams: 400, LateStreams: 1}, {Streams: 300, LateFrames: 1}, {Streams: 200}}}
	if got := c.end(); got != outcomeGenerator {
		t.Errorf("end = %q, want %q", got, outcomeGenerator)
	}
	c.Tries = c.Tries[:1]
	if got := c.end(); got != outcomeHeld {
		t.Errorf("without a failure end = %q, want %q", got, outcomeHeld)
	}
}

func TestFrameIsLateThatIsNotInItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &server{recordings: filepath.Join(dir, "%s*")}
	const head = 500 // metadata and decoder configurations
	atLook := streamTally{Name: "a", Video: 10, Audio: 20, Bytes: 30_000}
	atEnd := streamTally{Name: "a", Video: 15, Audio: 30, Bytes: 45_000}
	path := filepath.Join(dir, "a.flv")
	if err := os.WriteFile(path, make([]byte, head+atEnd.flvBytes()), 0o600); err != nil {
		t.Fatal(err)
	}
	final, err := fileSizes(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		size int64 // of the file at the look; negative: there was none
		late int
	}{
		{"everything is there", head + atLook.flvBytes(), 0},
		{"more is there, sent since", head + atLook.flvBytes() + 1000, 0},
		{"a byte is missing", head + atLook.flvBytes() - 1, 1},
		{"the file is missing", -1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sizes := make(map[uint64]int64)
			for inode := range final {
				if test.size >= 0 {
					sizes[inode] = test.size
				}
			}
			looks := []look{{tally{Streams: []streamTally{atLook}}, sizes}}
			if got, err := countLate(s, tally{Streams: []streamTally{atEnd}}, looks); got != test.late || err != nil {
				t.Errorf("countLate = %d, %v; want %d", got, err, test.late)
			}
		})
	}
	if _, err := countLate(s, tally{Streams: []streamTally{{Name: "b"}}}, nil); err == nil {
		t.Error("a stream without a file is no error")
	}
}

func TestPinnedCommandRunsOnItsCores(t *testing.T) {
	t.Parallel()
	cores, err := usableCores()
	if err != nil || len(cores) == 0 {
		t.Fatal(cores, err)
	}
	last := coreList(cores[len(cores)-1:])
	output, err := pinned(t.Context(), last, "grep", "Cpus_allowed_list", "/proc/self/status").Output()
	if want := fmt.Sprintf("Cpus_allowed_list:\t%s\n", last); err != nil || string(output) != want {
		t.Errorf("the command may run on %q, %v; want %q", output, err, want)
	}
	if got := coreList([]int{0, 2, 7}); got != "0,2,7" {
		t.Errorf("coreList = %q", got)
	}
}
