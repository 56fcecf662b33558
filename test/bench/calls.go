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
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
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

// callTime is how long the clients of a load call.
const callTime = 3 * time.Second

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

// measureCalls runs every load in turn, o.rounds times, and prints medians.
func measureCalls(ctx context.Context, o options) error {
	measured := make([][]callMeasurement, len(callLoads))
	for round := range o.rounds {
		for i, load := range callLoads {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s, %d clients\n", round+1, o.rounds, load.action, load.clients)
			m, err := measureLoad(ctx, o, load.action, load.clients)
			if err != nil {
				return fmt.Errorf("%s, %d clients: %w", load.action, load.clients, err)
			}
			measured[i] = append(measured[i], m)
		}
	}
	fmt.Printf("Signed calls over HTTP on loopback; medians of %d rounds of %s, clients on the same machine.\n\n", o.rounds, callTime)
	fmt.Println("| operation | clients | calls a second | p50 | p99 | server CPU a call | allocations a call |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for i, load := range callLoads {
		of := func(value func(callMeasurement) float64) float64 {
			var values []float64
			for _, m := range measured[i] {
				values = append(values, value(m))
			}
			return newSpread(values).median
		}
		micros := func(value func(callMeasurement) time.Duration) string {
			return fmt.Sprintf("%.0f µs", of(func(m callMeasurement) float64 { return float64(value(m).Nanoseconds()) / 1000 }))
		}
		fmt.Printf("| %s | %d | %.0f | %s | %s | %s | %.0f |\n", load.action, load.clients,
			of(func(m callMeasurement) float64 { return float64(m.Calls) / m.Elapsed.Seconds() }),
			micros(func(m callMeasurement) time.Duration { return m.P50 }),
			micros(func(m callMeasurement) time.Duration { return m.P99 }),
			micros(func(m callMeasurement) time.Duration { return m.cpu }),
			of(func(m callMeasurement) float64 { return m.allocs }))
	}
	return nil
}

// measureLoad runs one load against a server of its own.
func measureLoad(ctx context.Context, o options, action string, clients int) (m callMeasurement, err error) {
	dir, err := os.MkdirTemp("", "tallylight-bench-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	key := sign.Key{ID: "bench", Secret: rand.Text()}
	cmd := exec.CommandContext(ctx, o.binary, "serve", "--data", dir, "--dev", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--log", "warn")
	cmd.Env = append(os.Environ(), "TALLYLIGHT_ACCESS_KEY_ID="+key.ID, "TALLYLIGHT_ACCESS_KEY_SECRET="+key.Secret, "TALLYLIGHT_API_QPS_FACTOR=0")
	p, said, err := startAndScan(cmd, filepath.Join(dir, "tallylight.log"))
	if err != nil {
		return m, err
	}
	api := apiClient{addr: said["http"], key: key}
	m, err = loadServer(ctx, p, api, callJob{Addr: api.addr, Key: key, Action: action, Clients: clients})
	return m, errors.Join(err, p.stop(syscall.SIGTERM))
}

func loadServer(ctx context.Context, p *process, api apiClient, job callJob) (m callMeasurement, err error) {
	if err := api.configure(ctx, []string{"flv"}); err != nil {
		return m, err
	}
	if err := api.call(ctx, "AddLiveRecordNotifyConfig", notifyArgs["UpdateLiveRecordNotifyConfig"]); err != nil {
		return m, err
	}
	before, err := p.usage()
	if err != nil {
		return m, err
	}
	allocsBefore, err := api.mallocs(ctx)
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
	after, err := p.usage()
	if err != nil {
		return m, err
	}
	allocsAfter, err := api.mallocs(ctx)
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
			mine, err := callUntil(ctx, job.Addr, started.Add(callTime), requests, &next)
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
