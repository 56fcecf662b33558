//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// deliveryLoads are the loads of the benchmark of callbacks. Each sender, with the
// generator of its events, is one process, their receiver another.
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
	load100     = 1
	load10000   = 2
	loadPaced   = 4
	loadHanging = 5
)

// A deliveryJob is a load.
type deliveryJob struct {
	Name      string
	Endpoints int
	Dead      int  // of these, whose port is closed
	Hanging   bool // one more endpoint hangs, to which every third event goes
	Rate      int  // events a second, of all nodes; 0: as many as can be
	Time      time.Duration
	Sample    int           // one stream in so many is timed
	Retain    time.Duration // events are deleted when they are that old; 0: they stay
	Database  string        // a file or a URL
	Node      int           // of those that share it, from 0
	Nodes     int
	Progress  string // file in which they tell each other how far they are
	Port      int    // of the receiver
	HangPort  int    // of the one that hangs
	DeadPort  int    // of nobody
	Profile   string // file of a CPU profile; empty: none
}

// A deliveryResult is what a load came to.
type deliveryResult struct {
	Events   int
	Elapsed  time.Duration // until the outcome of the last was recorded
	CPU      time.Duration // of senders, generators and the database's own processes
	SinkCPU  time.Duration
	Resident int64 // bytes, of the senders and generators, the most
	P50, P99 time.Duration
	Longest  time.Duration
	Repeats  int   // requests beyond one for each event
	Pruned   int   // events that retention has deleted meanwhile
	Tenths   []int // events in each tenth of the time
}

// measureDeliveries measures all that there is to say of callbacks. What fails does
// not keep the rest from being reported.
func measureDeliveries(ctx context.Context, o options, dir string) (_ *deliveries, err error) {
	databases, stop, err := startDatabases(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	d := &deliveries{Rounds: o.rounds, Time: o.callTime}
	if err := d.measureLoads(ctx, o, dir, databases); err != nil {
		return d, err
	}
	if d.SizeAdded, err = measureSize(ctx, dir); err != nil {
		return d, err
	}
	for _, b := range databases {
		if o.restarts == 0 {
			continue
		}
		if err := d.measureTakeovers(ctx, o, dir, b); err != nil {
			return d, fmt.Errorf("restart on %s: %w", b, err)
		}
	}
	for _, b := range databases {
		if o.sustain == 0 || b.kind != databaseSQLite {
			continue
		}
		if err := d.measureSustained(ctx, o, dir, b); err != nil {
			return d, fmt.Errorf("sustained on %s: %w", b, err)
		}
	}
	return d, nil
}

// measureLoads runs every load on every database in turn, o.rounds times, and keeps
// medians.
func (d *deliveries) measureLoads(ctx context.Context, o options, dir string, databases []*database) error {
	measured := make([][][]deliveryResult, len(databases))
	var ceilings []ceiling
	for round := range o.rounds {
		for k, b := range databases {
			if round == 0 {
				measured[k] = make([][]deliveryResult, len(deliveryLoads))
			}
			for i, job := range deliveryLoads {
				fmt.Fprintf(os.Stderr, "round %d of %d: callbacks on %s, %s\n", round+1, o.rounds, b, job.Name)
				job.Time, job.Sample = o.callTime, 1
				if o.profiles != "" {
					job.Profile = filepath.Join(o.profiles, fmt.Sprintf("deliveries-%s-%d-%d", b.kind, round+1, i+1))
				}
				result, err := measureDelivery(ctx, dir, b, job)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", b, job.Name, err)
				}
				measured[k][i] = append(measured[k][i], result)
			}
		}
		c, err := measureCeiling(ctx, dir, o.callTime)
		if err != nil {
			return fmt.Errorf("ceiling: %w", err)
		}
		ceilings = append(ceilings, c)
	}
	d.Ceiling = medianCeiling(ceilings)
	for k, b := range databases {
		rows := deliveryRows{Database: b.String(), Kind: b.kind, Nodes: b.nodes}
		for i, job := range deliveryLoads {
			rows.Rows = append(rows.Rows, newDeliveryRow(job.Name, measured[k][i]))
		}
		d.Databases = append(d.Databases, rows)
	}
	return nil
}

// measureSustained runs 100 endpoints for long, with retention.
func (d *deliveries) measureSustained(ctx context.Context, o options, dir string, b *database) error {
	job := deliveryLoads[load100]
	job.Name = fmt.Sprintf("100 endpoints for %s", o.sustain)
	job.Time, job.Sample, job.Retain = o.sustain, 100, o.sustain/10
	fmt.Fprintf(os.Stderr, "callbacks on %s, %s, with retention\n", b, job.Name)
	result, err := measureDelivery(ctx, dir, b, job)
	if err != nil {
		return err
	}
	d.Sustained = &sustained{Row: newDeliveryRow(job.Name, []deliveryResult{result}), Time: o.sustain, Retain: job.Retain,
		Pruned: result.Pruned, Tenths: result.Tenths}
	return nil
}

// measureDelivery runs one load with a receiver and a database of its own.
func measureDelivery(ctx context.Context, dir string, b *database, job deliveryJob) (r deliveryResult, err error) {
	own, err := os.MkdirTemp(dir, "deliveries-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
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
	if job.Database, err = b.fresh(ctx, own); err != nil {
		return r, err
	}
	sink, err := startSink(ctx, job.Sample)
	if err != nil {
		return r, err
	}
	job.Port, job.Nodes, job.Progress = sink.port, b.nodes, filepath.Join(own, "progress")
	cpu, err := b.cpu()
	if err != nil {
		return r, errors.Join(err, sink.abandon())
	}
	sent, err := runSenders(ctx, job)
	cpuAfter, cpuErr := b.cpu()
	arrivals, stopErr := sink.stop()
	if err := cmp.Or(err, cpuErr, stopErr); err != nil {
		return r, err
	}
	sent.CPU += cpuAfter - cpu
	return compareDeliveries(sent, arrivals)
}

// runSenders runs a sender for each node and sums up what they sent.
func runSenders(ctx context.Context, job deliveryJob) (all sentEvents, err error) {
	sent := make([]sentEvents, job.Nodes)
	g, ctx := errgroup.WithContext(ctx)
	for node := range sent {
		job := job
		job.Node = node
		if job.Profile != "" {
			job.Profile += fmt.Sprintf("-%d.pprof", node)
		}
		g.Go(func() error { return runRole(ctx, roleDeliver, job, &sent[node]) })
	}
	if err := g.Wait(); err != nil {
		return all, err
	}
	for _, s := range sent {
		all.add(s)
	}
	return all, nil
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
