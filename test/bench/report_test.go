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
	o := options{rounds: 3, duration: 10 * time.Second, streams: []int{100}, contenders: []string{"raw-batched", "nginx-rtmp", "tallylight-flv"}, results: t.TempDir()}
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
		"| raw-batched | 2.00 (1.00×) |",
		"| tallylight-flv | 3.00 (1.50×) |",
		"| nginx-rtmp | – |",
		"| tallylight-flv | 205 |",
		"sent 3 frames more than 500ms late",
		"Other programs took up to 20% of the machine",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, b.String())
		}
	}
}

func TestReportIsWrittenWithItsFailures(t *testing.T) {
	t.Parallel()
	r := sampleReport(t)
	r.fail(turn{trial{contender: contender{name: "nginx-rtmp"}, streams: 100}, 1}, errors.New("files differ"))
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
