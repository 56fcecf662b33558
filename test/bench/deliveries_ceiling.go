//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A ceiling is what the machine can do without a store or without a network.
type ceiling struct {
	RequestsPerSecond float64       `json:"requests_per_second"` // of a bare client of net/http
	CPU               time.Duration `json:"cpu_per_1000_ns"`     // of that client and the receiver
	SyncsPerSecond    float64       `json:"syncs_per_second"`    // 4 KiB written and synced, one after the other
}

// A clientJob is for the process of the bare client.
type clientJob struct {
	Port int
	Time time.Duration
}

// A clientResult is what it did.
type clientResult struct {
	Requests int64
	Elapsed  time.Duration
	CPU      time.Duration
}

// medianCeiling returns the medians of each.
func medianCeiling(list []ceiling) ceiling {
	median := func(value func(ceiling) float64) float64 {
		var values []float64
		for _, c := range list {
			values = append(values, value(c))
		}
		return newSpread(values).median
	}
	return ceiling{
		RequestsPerSecond: median(func(c ceiling) float64 { return c.RequestsPerSecond }),
		CPU:               time.Duration(median(func(c ceiling) float64 { return float64(c.CPU) })),
		SyncsPerSecond:    median(func(c ceiling) float64 { return c.SyncsPerSecond }),
	}
}

func measureCeiling(ctx context.Context, dir string, d time.Duration) (c ceiling, err error) {
	if c.SyncsPerSecond, err = measureSyncs(filepath.Join(dir, "synced"), d/3); err != nil {
		return c, err
	}
	s, err := startSink(ctx, 1)
	if err != nil {
		return c, err
	}
	var r clientResult
	err = runRole(ctx, roleClient, clientJob{Port: s.port, Time: d}, &r)
	got, stopErr := s.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return c, err
	}
	c.RequestsPerSecond = float64(r.Requests) / r.Elapsed.Seconds()
	c.CPU = (r.CPU + got.CPU) * 1000 / time.Duration(r.Requests)
	return c, nil
}

// measureSyncs returns how often a second a page can be written durably.
func measureSyncs(name string, d time.Duration) (perSecond float64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(name)) }()
	page := make([]byte, 4<<10)
	n, began := 0, time.Now()
	for time.Since(began) < d {
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// callBare is the process of the bare client: 32 goroutines that post what a
// callback is, with net/http as it comes.
func callBare(ctx context.Context, in io.Reader, out io.Writer) error {
	const clients = 32
	var job clientJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	body := []byte(`{"domain":"play.example.com","app":"live","stream":"s1","event":"record_started"}`)
	url := fmt.Sprintf("http://127.0.0.1:%d/callbacks", job.Port)
	var n atomic.Int64
	var running sync.WaitGroup
	errs := make(chan error, clients)
	began, cpu := time.Now(), ownCPU()
	for range clients {
		running.Go(func() {
			for time.Since(began) < job.Time {
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					errs <- err
					return
				}
				response, err := transport.RoundTrip(r)
				if err != nil {
					errs <- err
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				if err = errors.Join(err, response.Body.Close()); err != nil {
					errs <- err
					return
				}
				n.Add(1)
			}
		})
	}
	running.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return json.NewEncoder(out).Encode(clientResult{n.Load(), time.Since(began), ownCPU() - cpu})
	}
}
