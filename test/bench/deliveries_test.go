//go:build linux

package main

import (
	"bufio"
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

func TestDeliveriesAreComparedWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	sent := sentEvents{Commits: []arrival{{1, 1, 1000}, {1, 2, 2000}, {2, 1, 3000}}}
	for _, test := range []struct {
		name string
		got  []arrival
		err  string // part of it; empty: none
		want deliveryResult
	}{
		{"each arrived once", []arrival{{1, 1, 1500}, {2, 1, 3100}, {1, 2, 2300}}, "",
			deliveryResult{Events: 3, P50: 300, P99: 500, Longest: 500}},
		{"a repeat counts from the first", []arrival{{1, 1, 1500}, {2, 1, 3100}, {1, 2, 2300}, {1, 1, 9000}}, "",
			deliveryResult{Events: 3, P50: 300, P99: 500, Longest: 500, Repeats: 1}},
		{"one is missing", []arrival{{1, 1, 1500}, {1, 2, 2300}}, "event 1 of stream 2 did not arrive", deliveryResult{}},
		{"two changed places", []arrival{{1, 2, 1500}, {1, 1, 1600}, {2, 1, 3100}}, "before an earlier one", deliveryResult{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := compareDeliveries(sent, arrivals{List: test.got})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || r != test.want {
				t.Errorf("got %+v, %v\nwant %+v", r, err, test.want)
			}
		})
	}
}

func TestDeliveriesAreSummedUp(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	d := deliveries{Rows: []deliveryRow{{Load: "1 endpoint", PerSecond: 12000, P50: time.Millisecond, P99: 2 * time.Millisecond, CPU: 150 * time.Millisecond, Resident: 64 << 20}}}
	d.write(&out, 5, time.Second)
	if want := "| 1 endpoint | 12000 | 1.00 ms | 2.00 ms | 150.0 ms | 64 MiB |"; !strings.Contains(out.String(), want) {
		t.Errorf("summary has no line %q:\n%s", want, out.String())
	}
}
