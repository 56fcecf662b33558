//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tallylight/internal/live"
)

// While background streams go on, others begin, push for endingTime and end,
// endsPerSecond of each kind. Callbacks must arrive within callbackTimeout.
const (
	latencyStreams  = 20
	endingTime      = 2500 * time.Millisecond
	endsPerSecond   = 10
	latencyDelay    = 15 * time.Second // the shortest DelayTime that the service has
	callbackTimeout = 30 * time.Second
)

// A latency is how long file callbacks take to a receiver on the same machine. Files
// and what is owed for them are synced to the disk before.
type latency struct {
	// Disconnect counts from the moment at which the encoder begins to end its push,
	// DelayTime exactly taken off.
	Disconnect quantiles `json:"disconnect"`
	// Sent counts from the moment before RealTimeRecordCommand cancel_delay is sent
	// for a stream that has ended, Answered from its answer; a callback that arrives
	// before the answer counts as 0.
	Sent     quantiles `json:"cancel_delay_sent"`
	Answered quantiles `json:"cancel_delay_answered"`
	Streams  int       `json:"streams"` // that went on meanwhile
}

// quantiles sum up how long something took.
type quantiles struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50_ns"`
	P99   time.Duration `json:"p99_ns"`
	Max   time.Duration `json:"max_ns"`
}

// newQuantiles sums up at least one time, each quantile the least time that so many
// do not exceed.
func newQuantiles(times []time.Duration) quantiles {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	at := func(percent int) time.Duration { return sorted[(n*percent+99)/100-1] }
	return quantiles{Count: n, P50: at(50), P99: at(99), Max: sorted[n-1]}
}

// measureLatency ends o.ends streams by leaving them to their DelayTime, and as many
// by cancel_delay. The encoders that end run in this process, as the receiver does,
// so that one clock reads both ends.
func measureLatency(ctx context.Context, o options, clipPath, dir string) (_ *latency, err error) {
	fmt.Fprintf(os.Stderr, "callbacks of %d streams that end, while %d go on; %s\n",
		2*o.ends, latencyStreams, (latencyDelay + endingTime + time.Duration(o.ends)*time.Second/endsPerSecond).Round(time.Second))
	own, err := os.MkdirTemp(dir, "latency-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, emptyFiles(own)) }()
	clip, err := loadClip(clipPath)
	if err != nil {
		return nil, err
	}
	mailbox, err := startMailbox()
	if err != nil {
		return nil, err
	}
	defer mailbox.close()
	s, err := setup{formats: []string{"flv"}, delay: latencyDelay, notifyURL: mailbox.url}.start(ctx, o, own)
	if err != nil {
		return nil, err
	}
	load, err := startLoad(ctx, "", order{Clip: clipPath, Target: s.target, Streams: streamNames(latencyStreams)})
	if err != nil {
		return nil, s.process.abort(err)
	}
	w := &ending{server: s, clip: clip, mailbox: mailbox, records: filepath.Join(own, "records", benchBucket)}
	if err := w.endAll(ctx, o.ends); err != nil {
		return nil, s.process.abort(errors.Join(err, load.kill()))
	}
	sent, err := load.stop()
	if err != nil {
		return nil, s.process.abort(err)
	}
	if err := s.process.stop(s.signal); err != nil {
		return nil, err
	}
	if _, err := checkFiles(ctx, s, sent); err != nil {
		return nil, s.process.explain(err)
	}
	return &latency{
		Disconnect: newQuantiles(w.disconnect),
		Sent:       newQuantiles(w.sent),
		Answered:   newQuantiles(w.answered),
		Streams:    latencyStreams,
	}, nil
}

// An ending ends streams and times their file callbacks.
type ending struct {
	server  *server
	clip    clip
	mailbox *mailbox
	records string // folder of the bucket

	mu                         sync.Mutex // guards the times
	disconnect, sent, answered []time.Duration
}

// endAll starts n streams of each kind, spread over time, and waits for their
// callbacks.
func (e *ending) endAll(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	begin := time.Now()
	for i := range n {
		// The two kinds alternate, and neither keeps to the server's own instants.
		at := begin.Add(time.Duration(i) * time.Second / endsPerSecond)
		for name, end := range map[string]func(context.Context, string, time.Time) error{
			fmt.Sprintf("waits-%05d", i):    e.wait,
			fmt.Sprintf("canceled-%05d", i): e.cancelDelay,
		} {
			running.Go(func() {
				if err := end(ctx, name, at); err != nil {
					cancel(fmt.Errorf("stream %s: %w", name, err))
				}
			})
		}
	}
	running.Wait()
	return context.Cause(ctx)
}

// wait times the callback of a stream whose DelayTime passes.
func (e *ending) wait(ctx context.Context, name string, start time.Time) error {
	left, err := e.push(ctx, name, start)
	if err != nil {
		return err
	}
	arrived, err := e.mailbox.await(ctx, name, live.EventFileCreated, latencyDelay+callbackTimeout)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.disconnect = append(e.disconnect, arrived.Sub(left)-latencyDelay)
	return e.stored(name)
}

// cancelDelay times the callback of a stream whose wait is cut short, once the server
// is known to wait.
func (e *ending) cancelDelay(ctx context.Context, name string, start time.Time) error {
	if _, err := e.push(ctx, name, start); err != nil {
		return err
	}
	if _, err := e.mailbox.await(ctx, name, live.EventRecordPaused, callbackTimeout); err != nil {
		return err
	}
	sent := time.Now()
	err := e.server.api.call(ctx, "RealTimeRecordCommand", map[string]string{
		"DomainName": benchDomain, "AppName": app, "StreamName": name, "Command": string(live.CommandCancelDelay),
	})
	if err != nil {
		return err
	}
	answered := time.Now()
	arrived, err := e.mailbox.await(ctx, name, live.EventFileCreated, callbackTimeout)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent = append(e.sent, arrived.Sub(sent))
	e.answered = append(e.answered, max(0, arrived.Sub(answered)))
	return e.stored(name)
}

// push pushes a stream from start on for endingTime and returns when it began to
// end it.
func (e *ending) push(ctx context.Context, name string, start time.Time) (left time.Time, err error) {
	if err := sleep(ctx, time.Until(start)); err != nil {
		return left, err
	}
	sink, err := dial(ctx, e.server.target, name)
	if err != nil {
		return left, err
	}
	leaving := &leavingSink{sink: sink}
	s := stream{name: name, clip: e.clip, sink: leaving}
	var stop atomic.Bool
	defer time.AfterFunc(endingTime, func() { stop.Store(true) }).Stop()
	err = s.run(time.Now(), func() {}, &stop)
	return leaving.left, err
}

// A leavingSink remembers when its stream began to end.
type leavingSink struct {
	sink
	left time.Time
}

func (s *leavingSink) Close() error {
	s.left = time.Now()
	return s.sink.Close()
}

// stored reports whether the file that was announced is there.
func (e *ending) stored(name string) error {
	sizes, err := fileSizes(filepath.Join(e.records, name, "*"))
	if err == nil && len(sizes) != 1 {
		err = fmt.Errorf("%d files were announced as one", len(sizes))
	}
	return err
}
