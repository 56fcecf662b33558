//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// idleTime lets a server that has just started come to rest.
	idleTime = 200 * time.Millisecond
	// settleTime lets buffers fill before the window.
	settleTime = time.Second
)

// A measurement is what one server used in the window in which all its streams
// were pushing.
type measurement struct {
	Contender    string  `json:"contender"`
	Streams      int     `json:"streams"`
	Round        int     `json:"round"` // from 1
	CPUSeconds   float64 `json:"cpu_seconds"`
	PayloadBytes int64   `json:"payload_bytes"` // of audio and video, sent in the window
	Packets      int64   `json:"packets"`       // sent in the window

	IdleResidentBytes int64 `json:"idle_resident_bytes"` // before the first stream
	ResidentBytes     int64 `json:"resident_bytes"`      // at the end of the window

	Mallocs *int64 `json:"mallocs,omitempty"` // in the window; nil where the server cannot be asked

	LateFrames     int64         `json:"late_frames"` // of the load generator
	MaxLate        time.Duration `json:"max_late_ns"`
	OtherLoad      float64       `json:"other_load"` // part of the machine that others than server and load generator took
	CheckedFiles   int           `json:"checked_files"`
	CheckedStreams int           `json:"checked_streams"`
}

// cpuPerGB returns CPU-seconds a gigabyte (10^9 bytes) of payload.
func (m measurement) cpuPerGB() float64 { return m.CPUSeconds / float64(m.PayloadBytes) * 1e9 }

// residentPerStream returns KiB of memory a stream.
func (m measurement) residentPerStream() float64 {
	return float64(m.ResidentBytes-m.IdleResidentBytes) / float64(m.Streams) / 1024
}

// mallocsPerPacket returns allocations a packet; ok is false where they are not
// known.
func (m measurement) mallocsPerPacket() (n float64, ok bool) {
	if m.Mallocs == nil {
		return 0, false
	}
	return float64(*m.Mallocs) / float64(m.Packets), true
}

// A trial is a measurement to be made.
type trial struct {
	options   options
	clip      string // path
	contender contender
	streams   int
}

// measure makes the measurement in dir.
func (t trial) measure(ctx context.Context, dir string) (measurement, error) {
	s, err := t.contender.start(ctx, t.options, dir)
	if err != nil {
		return measurement{}, err
	}
	m, sent, err := t.observe(ctx, s)
	if err != nil {
		return m, s.process.abort(err)
	}
	if err := s.process.stop(s.signal); err != nil {
		return m, err
	}
	m.LateFrames, m.MaxLate = sent.late(), sent.maxLate()
	m.CheckedStreams = len(sample(sent.Streams))
	m.CheckedFiles, err = checkFiles(ctx, s, sent)
	return m, s.process.explain(err)
}

// observe pushes streams to the server and looks at it meanwhile. It returns
// what was sent in all.
func (t trial) observe(ctx context.Context, s *server) (measurement, tally, error) {
	m := measurement{Contender: t.contender.name, Streams: t.streams}
	if err := sleep(ctx, idleTime); err != nil {
		return m, tally{}, err
	}
	asking, err := s.askingCost(ctx)
	if err != nil {
		return m, tally{}, err
	}
	idle, err := s.process.usage()
	if err != nil {
		return m, tally{}, err
	}
	load, err := startLoad(ctx, "", order{Clip: t.clip, Target: s.target, Streams: streamNames(t.streams)})
	if err != nil {
		return m, tally{}, err
	}
	begin, end, err := t.window(ctx, s, load)
	if err != nil {
		return m, tally{}, errors.Join(err, load.kill())
	}
	m.IdleResidentBytes, m.ResidentBytes = idle.resident, end.usage.resident
	m.CPUSeconds = (end.usage.cpu - begin.usage.cpu).Seconds()
	m.PayloadBytes = end.sent.bytes() - begin.sent.bytes()
	m.Packets = end.sent.packets() - begin.sent.packets()
	m.OtherLoad = otherLoad(begin, end)
	if s.mallocs != nil {
		n := max(end.mallocs-begin.mallocs-asking, 0)
		m.Mallocs = &n
	}
	sent, err := load.stop()
	return m, sent, err
}

// A mark is one end of the window.
type mark struct {
	at        time.Time
	usage     usage
	sent      tally
	mallocs   int64
	generator time.Duration // CPU time of the load generator
	machine   time.Duration // CPU time of all that runs, of all cores
}

// otherLoad returns which part of the machine was taken by others than the server
// and the load generator.
func otherLoad(begin, end mark) float64 {
	others := (end.machine - begin.machine) - (end.usage.cpu - begin.usage.cpu) - (end.generator - begin.generator)
	return max(0, others.Seconds()/end.at.Sub(begin.at).Seconds()/float64(runtime.NumCPU()))
}

// window waits until the server has settled and lets the duration of a
// measurement pass.
func (t trial) window(ctx context.Context, s *server, load *loadGenerator) (begin, end mark, err error) {
	if err := sleep(ctx, s.settle); err != nil {
		return begin, end, err
	}
	// Asking for allocations costs the server some CPU, which stays outside.
	if begin.mallocs, err = s.askMallocs(ctx); err != nil {
		return begin, end, err
	}
	if err := begin.read(s, load); err != nil {
		return begin, end, err
	}
	profiled, err := t.profile(ctx, s)
	if err != nil {
		return begin, end, err
	}
	if err := sleep(ctx, t.options.duration); err != nil {
		return begin, end, err
	}
	if err := end.read(s, load); err != nil {
		return begin, end, err
	}
	if end.mallocs, err = s.askMallocs(ctx); err != nil {
		return begin, end, err
	}
	return begin, end, profiled()
}

// read reads everything but the allocations.
func (m *mark) read(s *server, load *loadGenerator) (err error) {
	if m.sent, err = load.count(); err != nil {
		return err
	}
	m.at = time.Now()
	if m.usage, err = s.process.usage(); err != nil {
		return err
	}
	if m.generator, err = cpuClock(load.cmd.Process.Pid); err != nil {
		return err
	}
	m.machine, err = machineClock()
	return err
}

func (s *server) askMallocs(ctx context.Context) (int64, error) {
	if s.mallocs == nil {
		return 0, nil
	}
	return s.mallocs(ctx)
}

// askingCost returns how many objects the server allocates to answer how many it
// has allocated.
func (s *server) askingCost(ctx context.Context) (int64, error) {
	var counts [3]int64 // the first answer also sets up what the others reuse
	for i := range counts {
		n, err := s.askMallocs(ctx)
		if err != nil {
			return 0, err
		}
		counts[i] = n
	}
	return counts[2] - counts[1], nil
}

// profile begins to profile the server with perf for the duration of a
// measurement, if the options ask for it; the function returned waits for the
// end.
func (t trial) profile(ctx context.Context, s *server) (wait func() error, err error) {
	if t.options.profiles == "" {
		return func() error { return nil }, nil
	}
	pids, err := s.process.pids()
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(pids))
	for i, pid := range pids {
		ids[i] = strconv.Itoa(pid)
	}
	path := filepath.Join(t.options.profiles, fmt.Sprintf("%s-%d.perf", t.contender.name, t.streams))
	cmd := exec.CommandContext(ctx, "perf", "record", "-q", "-g", "-F", "4999", "-o", path, "-p", strings.Join(ids, ","),
		"--", "sleep", fmt.Sprint(t.options.duration.Seconds()))
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return cmd.Wait, nil
}

func streamNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("stream-%05d", i)
	}
	return names
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
