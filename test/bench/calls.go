//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// callLoads are the loads of the benchmark of signed calls. An update is durable
// before it is answered.
var callLoads = []struct {
	action  string
	clients int
}{
	{"DescribeLiveRecordNotifyConfig", 1},
	{"DescribeLiveRecordNotifyConfig", 64},
	{"UpdateLiveRecordNotifyConfig", 1},
	{"UpdateLiveRecordNotifyConfig", 64},
}

// notifyArgs are the parameters of the operations that are called.
var notifyArgs = map[string]map[string]string{
	"DescribeLiveRecordNotifyConfig": {"DomainName": benchDomain},
	"UpdateLiveRecordNotifyConfig":   {"DomainName": benchDomain, "NotifyUrl": "http://127.0.0.1:9/", "NeedStatusNotify": "true"},
}

// A callJob tells the process of the clients what to do.
type callJob struct {
	Addr    string
	Key     sign.Key
	Action  string
	Clients int
	Time    time.Duration // how long the clients call
}

// A callResult is what its clients saw.
type callResult struct {
	Calls    int
	Elapsed  time.Duration
	P50, P99 time.Duration
}

// A callMeasurement is one turn of one load.
type callMeasurement struct {
	callResult
	cpu    time.Duration // of the server, a call
	allocs float64       // of the server, a call
}

// A callRow is the medians of one load.
type callRow struct {
	Action    string        `json:"action"`
	Clients   int           `json:"clients"`
	PerSecond float64       `json:"calls_per_second"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	CPU       time.Duration `json:"server_cpu_per_call_ns"`
	Allocs    float64       `json:"allocations_per_call"`
}

// measureCalls runs every load in turn, o.rounds times, and returns medians.
func measureCalls(ctx context.Context, o options) ([]callRow, error) {
	measured := make([][]callMeasurement, len(callLoads))
	for round := range o.rounds {
		for i, load := range callLoads {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s, %d clients\n", round+1, o.rounds, load.action, load.clients)
			m, err := measureLoad(ctx, o, load.action, load.clients)
			if err != nil {
				return nil, fmt.Errorf("%s, %d clients: %w", load.action, load.clients, err)
			}
			measured[i] = append(measured[i], m)
		}
	}
	rows := make([]callRow, len(callLoads))
	for i, load := range callLoads {
		median := func(value func(callMeasurement) float64) float64 {
			var values []float64
			for _, m := range measured[i] {
				values = append(values, value(m))
			}
			return newSpread(values).median
		}
		rows[i] = callRow{
			Action:    load.action,
			Clients:   load.clients,
			PerSecond: median(func(m callMeasurement) float64 { return float64(m.Calls) / m.Elapsed.Seconds() }),
			P50:       time.Duration(median(func(m callMeasurement) float64 { return float64(m.P50) })),
			P99:       time.Duration(median(func(m callMeasurement) float64 { return float64(m.P99) })),
			CPU:       time.Duration(median(func(m callMeasurement) float64 { return float64(m.cpu) })),
			Allocs:    median(func(m callMeasurement) float64 { return m.allocs }),
		}
	}
	return rows, nil
}

// measureLoad runs one load against a server of its own.
func measureLoad(ctx context.Context, o options, action string, clients int) (m callMeasurement, err error) {
	dir, err := os.MkdirTemp("", "tallylight-bench-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	u := setup{
		formats:   []string{"flv"},
		notifyURL: notifyArgs["UpdateLiveRecordNotifyConfig"]["NotifyUrl"],
		env:       []string{"TALLYLIGHT_API_QPS_FACTOR=0"},
	}
	s, err := u.start(ctx, o, dir)
	if err != nil {
		return m, err
	}
	m, err = loadServer(ctx, s, callJob{Addr: s.api.addr, Key: s.api.key, Action: action, Clients: clients, Time: o.callTime})
	return m, errors.Join(err, s.process.stop(s.signal))
}

func loadServer(ctx context.Context, s *server, job callJob) (m callMeasurement, err error) {
	before, err := s.process.usage()
	if err != nil {
		return m, err
	}
	allocsBefore, err := s.mallocs(ctx)
	if err != nil {
		return m, err
	}
	input, err := json.Marshal(job)
	if err != nil {
		return m, err
	}
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	clients := exec.CommandContext(ctx, self, roleCall)
	clients.Stdin, clients.Stderr = bytes.NewReader(input), os.Stderr
	output, err := clients.Output()
	if err != nil {
		return m, fmt.Errorf("clients: %w", err)
	}
	if err := json.Unmarshal(output, &m.callResult); err != nil {
		return m, err
	}
	after, err := s.process.usage()
	if err != nil {
		return m, err
	}
	allocsAfter, err := s.mallocs(ctx)
	if err != nil {
		return m, err
	}
	m.cpu = (after.cpu - before.cpu) / time.Duration(m.Calls)
	m.allocs = float64(allocsAfter-allocsBefore) / float64(m.Calls)
	return m, nil
}

// callServer is the process of the clients. It signs ahead, so that signing does
// not take time from the server.
func callServer(ctx context.Context, in io.Reader, out io.Writer) error {
	var job callJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	requests := signRequests(job, 40_000*min(job.Clients, 3))
	var (
		next    atomic.Int64
		mu      sync.Mutex
		waits   []time.Duration
		errs    []error
		running sync.WaitGroup
	)
	started := time.Now()
	for range job.Clients {
		running.Go(func() {
			mine, err := callUntil(ctx, job.Addr, started.Add(job.Time), requests, &next)
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, mine...)
			errs = append(errs, err)
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if len(waits) == 0 {
		return errors.New("no call was made")
	}
	result := callResult{Calls: len(waits), Elapsed: time.Since(started)}
	slices.Sort(waits)
	result.P50, result.P99 = waits[len(waits)/2], waits[len(waits)*99/100]
	return json.NewEncoder(out).Encode(result)
}

// signRequests returns n requests as they go over the wire.
func signRequests(job callJob, n int) [][]byte {
	params := wire.Params{}.With("Action", job.Action).With("Version", "2016-11-01").With("Format", "JSON")
	for _, name := range slices.Sorted(maps.Keys(notifyArgs[job.Action])) {
		params = params.With(name, notifyArgs[job.Action][name])
	}
	now := time.Now()
	requests := make([][]byte, n)
	for i := range requests {
		signed := sign.RPC(job.Key, http.MethodPost, params, rand.Text(), now)
		requests[i] = fmt.Appendf(nil, "POST /?%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", signed.Encode(), job.Addr)
	}
	return requests
}

// callUntil makes one call after the other on one connection and returns how long
// each took.
func callUntil(ctx context.Context, addr string, end time.Time, requests [][]byte, next *atomic.Int64) ([]time.Duration, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	var waits []time.Duration
	for {
		sent := time.Now()
		n := next.Add(1) - 1
		if !sent.Before(end) || n >= int64(len(requests)) {
			return waits, nil
		}
		if _, err := conn.Write(requests[n]); err != nil {
			return nil, err
		}
		if err := readAnswer(answers); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(sent))
	}
}

// readAnswer reads one answer, which must be a 200 with a length.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200"))
	status := string(bytes.TrimSpace(line))
	length := 0
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	body, err := r.Peek(length)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: %s", status, body)
	}
	_, err = r.Discard(length)
	return err
}
