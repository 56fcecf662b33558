//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// deliveryLoads are the loads of the benchmark of callbacks. Their sender, with the
// generator of the events, is one process, their receiver another.
var deliveryLoads = []deliveryJob{
	{Name: "1 endpoint", Endpoints: 1},
	{Name: "100 endpoints", Endpoints: 100},
	{Name: "10,000 endpoints", Endpoints: 10_000},
	{Name: "100 endpoints, one of them dead", Endpoints: 100, Dead: 1},
	{Name: "100 endpoints, 100 events a second", Endpoints: 100, Rate: 100},
	{Name: "100 endpoints, half as many events to one that hangs", Endpoints: 100, Rate: 100, Hanging: true},
}

// Places in deliveryLoads of those that goals are about.
const (
	load100   = 1
	load10000 = 2
	loadPaced = 4
)

// A deliveryJob is a load.
type deliveryJob struct {
	Name      string
	Endpoints int
	Dead      int  // of these, whose port is closed
	Hanging   bool // one more endpoint hangs, to which every third event goes
	Rate      int  // events a second; 0: as many as can be
	Time      time.Duration
	Dir       string // of the database
	Port      int    // of the receiver
	HangPort  int    // of the one that hangs
	DeadPort  int    // of nobody
	Profile   string // file of a CPU profile; empty: none
}

// A deliveryResult is what a load came to.
type deliveryResult struct {
	Events    int
	Elapsed   time.Duration // until the outcome of the last was recorded
	CPU       time.Duration // of the sender and generator
	SinkCPU   time.Duration
	Resident  int64 // bytes, of the sender and generator, the most
	P50, P99  time.Duration
	Longest   time.Duration
	Repeats   int // requests beyond one for each event
	Misplaced int // events that came before an earlier one of their stream
}

// A deliveryRow is the medians of one load.
type deliveryRow struct {
	Load      string        `json:"load"`
	PerSecond float64       `json:"events_per_second"`
	P50       time.Duration `json:"p50_ns"` // commit to request
	P99       time.Duration `json:"p99_ns"`
	CPU       time.Duration `json:"cpu_per_1000_ns"` // receiver included
	Resident  float64       `json:"resident_bytes"`
}

// deliveries are the rows, beside what the machine can do at all.
type deliveries struct {
	Rows    []deliveryRow `json:"loads"`
	Ceiling ceiling       `json:"ceiling"`
}

// write says what they came to.
func (d *deliveries) write(w io.Writer, rounds int, each time.Duration) {
	fmt.Fprintf(w, "\nEvents that are committed, delivered by HTTP and their outcomes recorded, with the generator and the receiver\n"+
		"on the same cores, medians of %d rounds of %s; the time is from commit to request:\n\n", rounds, each)
	fmt.Fprintln(w, "| load | events a second | p50 | p99 | CPU for 1,000 | resident |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: |")
	for _, r := range d.Rows {
		fmt.Fprintf(w, "| %s | %.0f | %s | %s | %s | %.0f MiB |\n", r.Load, r.PerSecond, millis(r.P50), millis(r.P99), millis(r.CPU), r.Resident/(1<<20))
	}
	fmt.Fprintf(w, "\nIn the same run, a bare HTTP client made %.0f requests a second, at %s of CPU for 1,000, the receiver included, and\n"+
		"the disk took %.0f writes of 4 KiB a second, each synced.\n", d.Ceiling.RequestsPerSecond, millis(d.Ceiling.CPU), d.Ceiling.SyncsPerSecond)
}

// measureDeliveries runs every load in turn, o.rounds times, and returns medians.
func measureDeliveries(ctx context.Context, o options, dir string) (*deliveries, error) {
	measured := make([][]deliveryResult, len(deliveryLoads))
	var ceilings []ceiling
	for round := range o.rounds {
		for i, job := range deliveryLoads {
			fmt.Fprintf(os.Stderr, "round %d of %d: callbacks, %s\n", round+1, o.rounds, job.Name)
			job.Time = o.callTime
			if o.profiles != "" {
				job.Profile = filepath.Join(o.profiles, fmt.Sprintf("deliveries-%d-%d.pprof", round+1, i+1))
			}
			result, err := measureDelivery(ctx, dir, job)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", job.Name, err)
			}
			measured[i] = append(measured[i], result)
		}
		c, err := measureCeiling(ctx, dir, o.callTime)
		if err != nil {
			return nil, fmt.Errorf("ceiling: %w", err)
		}
		ceilings = append(ceilings, c)
	}
	d := &deliveries{Ceiling: ceilings[len(ceilings)/2]}
	for i, job := range deliveryLoads {
		median := func(value func(deliveryResult) float64) float64 {
			var values []float64
			for _, m := range measured[i] {
				values = append(values, value(m))
			}
			return newSpread(values).median
		}
		d.Rows = append(d.Rows, deliveryRow{
			Load:      job.Name,
			PerSecond: median(func(r deliveryResult) float64 { return float64(r.Events) / r.Elapsed.Seconds() }),
			P50:       time.Duration(median(func(r deliveryResult) float64 { return float64(r.P50) })),
			P99:       time.Duration(median(func(r deliveryResult) float64 { return float64(r.P99) })),
			CPU: time.Duration(median(func(r deliveryResult) float64 {
				return float64(r.CPU+r.SinkCPU) * 1000 / float64(r.Events)
			})),
			Resident: median(func(r deliveryResult) float64 { return float64(r.Resident) }),
		})
	}
	return d, nil
}

// measureDelivery runs one load with a receiver and a database of its own.
func measureDelivery(ctx context.Context, dir string, job deliveryJob) (r deliveryResult, err error) {
	job.Dir, err = os.MkdirTemp(dir, "deliveries-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(job.Dir)) }()
	hanging, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes connections, and nobody answers
	if err != nil {
		return r, err
	}
	defer hanging.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, err
	}
	job.HangPort, job.DeadPort = portOf(hanging), portOf(closed)
	if err := closed.Close(); err != nil {
		return r, err
	}
	sink, err := startSink(ctx)
	if err != nil {
		return r, err
	}
	job.Port = sink.port
	var sent sentEvents
	err = runRole(ctx, roleDeliver, job, &sent)
	arrivals, stopErr := sink.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return r, err
	}
	return compareDeliveries(sent, arrivals)
}

func portOf(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }

// runRole runs this program in a role that reads job and writes result.
func runRole(ctx context.Context, role string, job, result any) error {
	input, err := json.Marshal(job)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, role)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", role, err)
	}
	return json.Unmarshal(output, result)
}
