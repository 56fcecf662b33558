//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A report gathers measurements and prints them.
type report struct {
	options  options
	failures []error

	Started      time.Time      `json:"started"`
	Machine      machine        `json:"machine"`
	Bitrate      float64        `json:"bitrate"` // of a stream, bits of payload a second
	Duration     time.Duration  `json:"duration_ns"`
	Rounds       int            `json:"rounds"`
	ChunkSize    int            `json:"chunk_size"` // 0: what each server announces
	Profiled     bool           `json:"profiled"`
	Measurements []measurement  `json:"measurements"`
	Latency      *latency       `json:"latency,omitempty"`
	Capacity     *capacity      `json:"capacity,omitempty"`
	Calls        []callRow      `json:"calls,omitempty"`
	Deliveries   *deliveries    `json:"deliveries,omitempty"`
	Console      *consoleReport `json:"console,omitempty"`
	Failed       []string       `json:"failed,omitempty"`
}

func newReport(ctx context.Context, o options, c clip) *report {
	return &report{
		options:   o,
		Started:   time.Now(),
		Machine:   lookAround(ctx, o.binary),
		Bitrate:   c.bitrate(),
		Duration:  o.duration,
		Rounds:    o.rounds,
		ChunkSize: o.chunkSize,
		Profiled:  o.profiles != "",
	}
}

func (r *report) add(m measurement) { r.Measurements = append(r.Measurements, m) }

// fail remembers that something could not be measured.
func (r *report) fail(what string, err error) {
	err = fmt.Errorf("%s: %w", what, err)
	r.failures = append(r.failures, err)
	r.Failed = append(r.Failed, err.Error())
}

func (r *report) failure() error { return errors.Join(r.failures...) }

// printHeader prints what is measured and the head of the running table.
func (r *report) printHeader(w io.Writer) {
	fmt.Fprintf(w, "%s\n%d rounds of %s; streams of %.2f Mbit/s\n\n", r.Machine, r.Rounds, r.Duration, r.Bitrate/1e6)
	fmt.Fprintf(w, "%5s  %-19s  %7s  %12s  %10s  %8s  %13s  %6s  %s\n",
		"round", "contender", "streams", "CPU-s a GB", "KiB/stream", "MiB", "allocs/packet", "others", "files checked, frames late")
}

// printRow prints one measurement.
func (r *report) printRow(w io.Writer, m measurement) {
	allocs := "-"
	if n, ok := m.mallocsPerPacket(); ok {
		allocs = fmt.Sprintf("%.3f", n)
	}
	fmt.Fprintf(w, "%5d  %-19s  %7d  %12.2f  %10.0f  %8.1f  %13s  %5.0f%%  %d of %d streams, %s\n",
		m.Round, m.Contender, m.Streams, m.cpuPerGB(), m.residentPerStream(), float64(m.ResidentBytes)/(1<<20), allocs, 100*m.OtherLoad,
		m.CheckedStreams, m.Streams, m.lateness())
}

// lateness says how well the load generator kept the frames' times.
func (m measurement) lateness() string {
	if m.LateFrames == 0 {
		return fmt.Sprintf("none, at most %s behind", m.MaxLate.Round(time.Millisecond))
	}
	return fmt.Sprintf("%d LATE, up to %s", m.LateFrames, m.MaxLate.Round(time.Millisecond))
}

// finish prints the summary and writes the report as Markdown and as JSON.
func (r *report) finish(w io.Writer) error {
	var summary bytes.Buffer
	r.writeSummary(&summary)
	name := filepath.Join(r.options.results, r.Started.UTC().Format("20060102-150405"))
	raw, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	var page bytes.Buffer
	r.writePage(&page, summary.Bytes())
	err = errors.Join(
		os.WriteFile(name+".json", append(raw, '\n'), 0o644),
		os.WriteFile(name+".md", page.Bytes(), 0o644),
	)
	fmt.Fprintf(w, "\n%s\nreport: %s.md, raw figures: %s.json\n", summary.Bytes(), name, name)
	return err
}
