//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Protocols of a push.
const (
	protocolRTMP = "rtmp"
	protocolRaw  = "raw"
)

// app is the application that every stream is pushed to.
const app = "live"

// A target is where streams are pushed to and how.
type target struct {
	Protocol  string
	Addr      string
	Query     string // of an RTMP URL, with its question mark
	ChunkSize int    // of RTMP, in bytes
}

// An order tells the load generator what to push. It travels as a line of JSON.
type order struct {
	Clip    string // path of the clip
	Target  target
	Streams []string
}

// Commands to the load generator, a line each. It answers each with a line of
// JSON, a tally.
const (
	commandCount = "count"
	commandStop  = "stop" // end all streams, count, and exit
)

// A tally is what has been sent so far.
type tally struct {
	Streams []streamTally
	Error   string // why a stream could not go on; empty if none failed
}

// A streamTally is what has been sent of one stream.
type streamTally struct {
	Name         string
	Video, Audio int64 // packets
	Bytes        int64 // of audio and video bodies
	Late         int64 // frames
	MaxLate      time.Duration
	MaxWrite     time.Duration // the longest that the server kept a frame from being sent
}

// dialers bounds the connections that are being set up at a time.
const dialers = 32

// A generator pushes many streams.
type generator struct {
	streams []*stream
	running sync.WaitGroup
	stop    atomic.Bool

	mu  sync.Mutex
	err error // the first of a stream
}

// publish is the role of the load generator: it takes an order from in, answers
// with a tally once every stream is publishing, and then carries out commands.
// It gives up when in ends.
func publish(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	if !lines.Scan() {
		return errors.New("no order")
	}
	var o order
	if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	var g generator
	answers := json.NewEncoder(out)
	if err := g.start(ctx, o); err != nil {
		g.fail(err)
		return answers.Encode(g.tally())
	}
	if err := answers.Encode(g.tally()); err != nil {
		return err
	}
	for lines.Scan() {
		stopping := lines.Text() == commandStop
		if stopping {
			g.stop.Store(true)
			g.running.Wait()
		}
		if err := answers.Encode(g.tally()); err != nil || stopping {
			return err
		}
	}
	return errors.New("the conductor is gone")
}

// start connects every stream and then starts them, spread over the distance of
// two key frames so that these do not come all at once. It returns when each
// has begun.
func (g *generator) start(ctx context.Context, o order) error {
	c, err := loadClip(o.Clip)
	if err != nil {
		return err
	}
	if err := g.connect(ctx, o, c); err != nil {
		return err
	}
	first := time.Now().Add(50 * time.Millisecond)
	begun := make(chan struct{})
	left := atomic.Int64{}
	left.Store(int64(len(g.streams)))
	for i, s := range g.streams {
		start := first.Add(keyFrameDistance * time.Duration(i) / time.Duration(len(g.streams)))
		g.running.Go(func() {
			err := s.run(start, func() {
				if left.Add(-1) == 0 {
					close(begun)
				}
			}, &g.stop)
			if err != nil {
				g.fail(err)
			}
		})
	}
	select {
	case <-begun:
		return nil
	case <-time.After(keyFrameDistance + writeTimeout):
		return errors.Join(errors.New("not every stream could begin"), g.failure())
	}
}

func (g *generator) connect(ctx context.Context, o order, c clip) error {
	slots := make(chan struct{}, dialers)
	var dialing sync.WaitGroup
	g.streams = make([]*stream, len(o.Streams))
	for i, name := range o.Streams {
		slots <- struct{}{}
		dialing.Go(func() {
			defer func() { <-slots }()
			sink, err := dial(ctx, o.Target, name)
			if err != nil {
				g.fail(fmt.Errorf("stream %s: %w", name, err))
			}
			g.streams[i] = &stream{name: name, clip: c, sink: sink}
		})
	}
	dialing.Wait()
	return g.failure()
}

func (g *generator) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
}

func (g *generator) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *generator) tally() tally {
	t := tally{Streams: make([]streamTally, 0, len(g.streams))}
	for _, s := range g.streams {
		t.Streams = append(t.Streams, streamTally{
			Name:     s.name,
			Video:    s.video.Load(),
			Audio:    s.audio.Load(),
			Bytes:    s.bytes.Load(),
			Late:     s.late.Load(),
			MaxLate:  time.Duration(s.maxLate.Load()),
			MaxWrite: time.Duration(s.maxWrite.Load()),
		})
	}
	if err := g.failure(); err != nil {
		t.Error = err.Error()
	}
	return t
}
