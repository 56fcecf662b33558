//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// An arrival is a request that the receiver got.
type arrival struct {
	Stream, Seq int
	At          int64 // Unix nanoseconds
}

// arrivals are what came of all of them, and what they cost.
type arrivals struct {
	List      []arrival   // of the streams that are sampled
	Last      map[int]int // the highest number that came of each stream
	Repeats   int         // numbers that came before
	Misplaced int         // numbers that came before an earlier one of their stream
	CPU       time.Duration
}

// note notes a request; one stream in sample is listed.
func (l *arrivals) note(a arrival, sample int) {
	last := l.Last[a.Stream]
	switch {
	case a.Seq <= last:
		l.Repeats++
		return
	case a.Seq > last+1:
		l.Misplaced++
	}
	l.Last[a.Stream] = a.Seq
	if a.Stream%sample == 0 {
		l.List = append(l.List, a)
	}
}

// A sinkProcess is the process of the receiver.
type sinkProcess struct {
	port   int
	cmd    *exec.Cmd
	input  io.Closer
	output *bufio.Reader
}

func startSink(ctx context.Context, sample int) (*sinkProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &sinkProcess{cmd: exec.CommandContext(ctx, self, roleSink, strconv.Itoa(sample))}
	s.cmd.Stderr = os.Stderr
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.output = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = fmt.Fscanln(s.output, &s.port)
	return s, err
}

// stop ends the sink and returns what arrived.
func (s *sinkProcess) stop() (a arrivals, err error) {
	err = s.input.Close()
	return a, errors.Join(err, json.NewDecoder(s.output).Decode(&a), s.cmd.Wait())
}

// abandon ends a sink of which nothing is wanted.
func (s *sinkProcess) abandon() error {
	_, err := s.stop()
	return err
}

// serveSink answers callbacks with 200 until in ends, and writes what came: of one
// stream in so many, which is its argument, each request. Every loopback address is
// an endpoint of its own: it listens at all addresses, and hears only this machine.
func serveSink(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("sink: one argument is wanted")
	}
	sample, err := strconv.Atoi(args[0])
	if err != nil || sample < 1 {
		return fmt.Errorf("sink: %q is no number of streams", args[0])
	}
	ln, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, portOf(ln))
	var mu sync.Mutex
	all := arrivals{Last: make(map[int]int)}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			if !conn.RemoteAddr().(*net.TCPAddr).IP.IsLoopback() {
				conn.Close()
				continue
			}
			go receive(conn, func(a arrival) {
				mu.Lock()
				all.note(a, sample)
				mu.Unlock()
			})
		}
	}()
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	all.CPU = ownCPU()
	return json.NewEncoder(out).Encode(all)
}

// receive answers the requests on a connection with as little effort as can be.
func receive(conn net.Conn, note func(arrival)) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 2<<10)
	for {
		a, err := readCallback(r)
		if err != nil {
			return
		}
		note(a)
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

// readCallback reads one request, whose body names the stream.
func readCallback(r *bufio.Reader) (a arrival, err error) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		if a.At == 0 {
			a.At = time.Now().UnixNano()
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("X-Live-Event-Seq")):
			a.Seq, err = strconv.Atoi(string(value))
		}
		if err != nil {
			return a, err
		}
	}
	body, err := r.Peek(length)
	if err != nil {
		return a, err
	}
	if _, rest, ok := bytes.Cut(body, []byte(`"stream":"s`)); ok {
		digits, _, _ := bytes.Cut(rest, []byte(`"`))
		if a.Stream, err = strconv.Atoi(string(digits)); err != nil {
			return a, err
		}
	}
	_, err = r.Discard(length)
	return a, err
}

// ownCPU returns the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compareDeliveries says how soon each event arrived after its commit. An event
// that did not arrive is an error.
func compareDeliveries(sent sentEvents, got arrivals) (r deliveryResult, err error) {
	r = deliveryResult{Events: sent.events(), Elapsed: sent.Elapsed, CPU: sent.CPU, SinkCPU: got.CPU, Resident: sent.Resident,
		Repeats: got.Repeats, Pruned: sent.Pruned}
	if got.Misplaced > 0 || r.Events == 0 {
		return r, fmt.Errorf("of %d events, %d arrived before an earlier one of their stream", r.Events, got.Misplaced)
	}
	for stream, n := range sent.Counts {
		if got.Last[stream] < n {
			return r, fmt.Errorf("event %d of stream %d did not arrive", got.Last[stream]+1, stream)
		}
	}
	type event struct{ stream, seq int }
	at := make(map[event]int64)
	for _, a := range got.List {
		at[event{a.Stream, a.Seq}] = a.At
	}
	var waits []time.Duration
	for _, c := range sent.Commits {
		waits = append(waits, time.Duration(max(at[event{c.Stream, c.Seq}]-c.At, 0)))
	}
	if len(waits) == 0 {
		return r, errors.New("no event of a stream that is sampled was sent")
	}
	slices.Sort(waits)
	r.P50, r.P99, r.Longest = waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1]
	before := 0
	for _, n := range sent.Tenths {
		r.Tenths = append(r.Tenths, n-before)
		before = n
	}
	return r, nil
}
