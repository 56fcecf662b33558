//go:build linux

package main

import (
	"bufio"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestACallbackIsReadWithItsStreamAndNumber(t *testing.T) {
	t.Parallel()
	body := `{"domain":"d","app":"a","stream":"s42","event":"record_started"}`
	r := bufio.NewReader(strings.NewReader("POST / HTTP/1.1\r\nContent-length: 64\r\nX-Live-Event-Seq: 7\r\n\r\n" + body + "POST"))
	a, err := readCallback(r)
	if err != nil || a.Stream != 42 || a.Seq != 7 || a.At == 0 {
		t.Errorf("readCallback = %+v, %v; want stream 42, number 7", a, err)
	}
	if rest, err := r.ReadString('T'); err != nil || rest != "POST" {
		t.Errorf("what follows is %q, %v", rest, err)
	}
}

func TestArrivalsAreNoted(t *testing.T) {
	t.Parallel()
	l := arrivals{Last: make(map[int]int)}
	for _, a := range []arrival{{1, 1, 10}, {2, 1, 20}, {1, 1, 30}, {1, 2, 40}, {2, 3, 50}, {2, 2, 60}} {
		l.note(a, 2)
	}
	if l.Repeats != 2 || l.Misplaced != 1 || l.Last[1] != 2 || l.Last[2] != 3 {
		t.Errorf("%+v, want stream 1 up to 2, stream 2 up to 3, 1 misplaced and 2 again", l)
	}
	if want := []arrival{{2, 1, 20}, {2, 3, 50}}; !slices.Equal(l.List, want) {
		t.Errorf("listed %v, want %v: every second stream", l.List, want)
	}
}

func TestDeliveriesAreComparedWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	var sent sentEvents
	sent.add(sentEvents{Commits: []arrival{{1, 1, 1000}, {1, 2, 2000}}, Counts: map[int]int{1: 2}, Elapsed: 5, Tenths: []int{1, 2}})
	sent.add(sentEvents{Commits: []arrival{{2, 1, 3000}}, Counts: map[int]int{2: 1}, Elapsed: 4, Tenths: []int{1, 1}})
	for _, test := range []struct {
		name string
		got  []arrival
		err  string // part of it; empty: none
		want deliveryResult
	}{
		{"each arrived once", []arrival{{1, 1, 1500}, {2, 1, 3100}, {1, 2, 2300}}, "",
			deliveryResult{Events: 3, Elapsed: 5, P50: 300, P99: 500, Longest: 500, Tenths: []int{2, 1}}},
		{"a repeat counts from the first", []arrival{{1, 1, 1500}, {2, 1, 3100}, {1, 2, 2300}, {1, 1, 9000}}, "",
			deliveryResult{Events: 3, Elapsed: 5, P50: 300, P99: 500, Longest: 500, Repeats: 1, Tenths: []int{2, 1}}},
		{"the last of a stream is missing", []arrival{{1, 1, 1500}, {2, 1, 2300}}, "event 2 of stream 1 did not arrive", deliveryResult{}},
		{"nothing of a stream arrived", []arrival{{1, 1, 1500}, {1, 2, 2300}}, "event 1 of stream 2 did not arrive", deliveryResult{}},
		{"two changed places", []arrival{{1, 2, 1500}, {1, 1, 1600}, {2, 1, 3100}}, "before an earlier one", deliveryResult{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := arrivals{Last: make(map[int]int)}
			for _, a := range test.got {
				got.note(a, 1)
			}
			r, err := compareDeliveries(sent, got)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(r, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", r, err, test.want)
			}
		})
	}
}

func TestProgressIsSummedUp(t *testing.T) {
	t.Parallel()
	f, err := openProgress(filepath.Join(t.TempDir(), "progress"), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for _, step := range []struct {
		node int
		set  progress
		want progress
	}{
		{0, progress{committed: 5, delivered: 3, done: true}, progress{committed: 5, delivered: 3}},
		{1, progress{committed: 1, delivered: 2}, progress{committed: 6, delivered: 5}},
		{1, progress{committed: 2, delivered: 4, done: true}, progress{committed: 7, delivered: 7, done: true}},
	} {
		if err := f.set(step.node, step.set); err != nil {
			t.Fatal(err)
		}
		if got, err := f.sum(); err != nil || got != step.want {
			t.Errorf("after %+v of node %d: %+v, %v; want %+v", step.set, step.node, got, err, step.want)
		}
	}
}

func TestCPUOfEndedChildrenIsRead(t *testing.T) {
	t.Parallel()
	cpu, err := endedChildrenCPU("7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 50 60 700 800 20 0 1 0 5")
	if err != nil || cpu != 15*time.Second {
		t.Errorf("endedChildrenCPU = %s, %v; want 15 s", cpu, err)
	}
	if _, err := endedChildrenCPU("unknown"); err == nil {
		t.Error("what is no line of /proc was read")
	}
}

func TestDeliveriesAreSummedUp(t *testing.T) {
	t.Parallel()
	row := newDeliveryRow("1 endpoint", []deliveryResult{
		{Events: 12_000, Elapsed: time.Second, P50: time.Millisecond, P99: 2 * time.Millisecond, CPU: time.Second, SinkCPU: 800 * time.Millisecond, Resident: 64 << 20, Repeats: 1},
		{Events: 9000, Elapsed: time.Second, P50: 2 * time.Millisecond, P99: 3 * time.Millisecond, CPU: time.Second, SinkCPU: 800 * time.Millisecond, Resident: 65 << 20, Repeats: 2},
		{Events: 30_000, Elapsed: 2 * time.Second, P50: time.Microsecond, P99: 2 * time.Millisecond, CPU: time.Second, SinkCPU: time.Second, Resident: 63 << 20},
	})
	d := deliveries{
		Databases: []deliveryRows{{Database: "SQLite", Rows: []deliveryRow{row}}},
		Ceiling:   ceiling{RequestsPerSecond: 24_000},
		Sustained: &sustained{Row: row, Time: time.Minute, Retain: 6 * time.Second, Pruned: 77, Tenths: []int{60_000, 48_000, 72_000}},
		Restart:   newTakeoverRow([]time.Duration{300 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}),
		OtherNode: newTakeoverRow([]time.Duration{61 * time.Second}),
		SizeAdded: 9_100_000,
	}
	var out strings.Builder
	d.write(&out)
	for _, want := range []string{
		"| 1 endpoint | 12000 (0.50×) | 1.00 ms | 2.00 ms | 150.0 ms | 64 MiB | 3 |",
		"while events that were 6s old were deleted, 77 in all; the slowest tenth of the time had 8000 events a second",
		"made it again 200.0 ms after its start, 300.0 ms at most of 3 times",
		"made it again after 61.0 s",
		"HTTPS 9.1 MB larger",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("summary does not say %q:\n%s", want, out.String())
		}
	}
}
