//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sampleReport has three rounds of two contenders.
func sampleReport(t *testing.T) *report {
	o := options{rounds: 3, duration: 10 * time.Second, results: t.TempDir()}
	r := &report{options: o, Started: time.Unix(0, 0), Rounds: o.rounds, Duration: o.duration, Bitrate: 2.5e6}
	mallocs := int64(50)
	for i, cpu := range []float64{1, 3, 2} {
		r.add(measurement{Contender: "raw-batched", Streams: 100, CPUSeconds: cpu, PayloadBytes: 1e9, Packets: 1000, ResidentBytes: 200 << 10})
		r.add(measurement{Contender: "tallylight-flv", Streams: 100, CPUSeconds: 1.5 * cpu, PayloadBytes: 1e9, Packets: 1000,
			IdleResidentBytes: 1 << 20, ResidentBytes: 21 << 20, Mallocs: &mallocs, LateFrames: int64(i), OtherLoad: 0.1 * float64(i)})
	}
	return r
}

func TestSummaryComparesMedians(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	sampleReport(t).writeSummary(&b)
	for _, want := range []string{
		"| raw copy, batched reads | 2.00 |",
		"| Tallylight, FLV | 3.00 (1.50×) |",
		"| Tallylight, FLV | 205 |",
		"| CPU, FLV | ≤ 1.2 × raw copy | 1.50 × at 100 streams | missed |",
		"sent 3 frames more than 500ms late",
		"Other programs took up to 20% of the machine",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, b.String())
		}
	}
}

func TestSummaryHasEveryPartThatWasMeasured(t *testing.T) {
	t.Parallel()
	var r report
	r.Latency = &latency{Disconnect: quantiles{Count: 600, P50: 3 * time.Millisecond, P99: 12 * time.Millisecond, Max: 30 * time.Millisecond}, Streams: 20}
	r.Capacity = &capacity{Held: 200, Tries: []capacityTry{{Streams: 400, LateFrames: 9}, {Streams: 200, Server: 0.5, Generator: 0.75, MaxWrite: time.Millisecond}}}
	r.Calls = []callRow{{Action: "DescribeLiveDomain", Clients: 64, PerSecond: 12_000, P50: 2 * time.Millisecond, P99: 9 * time.Millisecond, CPU: 90 * time.Microsecond, Allocs: 200}}
	var b bytes.Buffer
	r.writeSummary(&b)
	for _, want := range []string{
		"| the encoder's disconnect, the DelayTime of 15s taken off | 600 | 3.00 ms | 12.0 ms | 30.0 ms |",
		"held 200 streams, to FLV; with more, the load generator was too slow",
		"| 200 | held | 0 | 1.00 ms | 50 % | 0.75 |\n| 400 | load generator too slow |",
		"| DescribeLiveDomain | 64 | 12000 | 2.00 ms | 9.00 ms | 90 µs | 200 |",
		"| disconnect to file callback, p99 | ≤ 20 ms | 12.0 ms | met |",
		"| CPU, FLV | ≤ 1.2 × raw copy | not measured |  |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "Resident memory") {
		t.Error("the summary shows what was not measured")
	}
}

func TestReportIsWrittenWithItsFailures(t *testing.T) {
	t.Parallel()
	r := sampleReport(t)
	r.fail("round 1, nginx-rtmp, 100 streams", errors.New("files differ"))
	var b bytes.Buffer
	if err := r.finish(&b); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(r.options.results, "*.md"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("reports %q, %v; want one", pages, err)
	}
	page, err := os.ReadFile(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"FAILED and are left out: 1.",
		"- round 1, nginx-rtmp, 100 streams: files differ",
		"| 100 | tallylight-flv | 3.00 (1.50–4.50) | 1.50 | – | 205 (205–205) | 21.0 | 0.050 |",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report lacks %q:\n%s", want, page)
		}
	}
	if r.failure() == nil {
		t.Error("a failed measurement is no failure of the run")
	}
}
