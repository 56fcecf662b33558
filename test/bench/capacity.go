//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// How many streams one core holds is looked for by doubling from firstCapacity on
// and then by halving, so often, the gap between what it held and what it did not.
const (
	firstCapacity    = 100
	capacityHalvings = 2
)

// capacityBound is how long after it was sent a frame must be in its file: what
// docs/architecture.md says a killed process can lose.
const capacityBound = time.Second

// A capacity is what one core held. The server has a core to itself, the load
// generator all the others.
type capacity struct {
	Held  int           `json:"held"` // streams; 0: not even the fewest
	Tries []capacityTry `json:"tries"`
}

// end says why no more streams were held: outcomeHeld if the limit was reached.
func (c *capacity) end() outcome {
	var fewest capacityTry
	for _, t := range c.Tries {
		if t.outcome() != outcomeHeld && (fewest.Streams == 0 || t.Streams < fewest.Streams) {
			fewest = t
		}
	}
	return fewest.outcome()
}

// A capacityTry is one number of streams, tried.
type capacityTry struct {
	Streams     int           `json:"streams"`
	LateStreams int           `json:"late_streams"` // whose frames were not in their files within capacityBound
	LateFrames  int64         `json:"late_frames"`  // that were sent more than lateAfter behind their time
	MaxWrite    time.Duration `json:"max_write_ns"` // the longest that sending a frame took
	Server      float64       `json:"server_cores"` // that it was busy on, of 1
	Generator   float64       `json:"generator_cores"`
	Failure     string        `json:"failure,omitempty"`
}

// An outcome is what became of a try.
type outcome string

const (
	outcomeHeld      outcome = "held"
	outcomeServer    outcome = "server too slow"
	outcomeGenerator outcome = "load generator too slow"
	outcomeFailed    outcome = "failed"
)

// outcome tells a server that is too slow, whose files lack frames or which makes
// encoders wait, from a load generator that is, which proves nothing.
func (t capacityTry) outcome() outcome {
	switch {
	case t.Failure != "":
		return outcomeFailed
	case t.LateStreams > 0 || t.MaxWrite > lateAfter:
		return outcomeServer
	case t.LateFrames > 0:
		return outcomeGenerator
	}
	return outcomeHeld
}

// measureCapacity looks for the largest number of streams that one core holds.
func measureCapacity(ctx context.Context, o options, clip, dir string) (*capacity, error) {
	cores, err := usableCores()
	if err != nil {
		return nil, err
	}
	if len(cores) < 2 {
		return nil, errors.New("the load generator needs a core beside the server's")
	}
	var c capacity
	c.Held, err = search(firstCapacity, o.limit, func(n int) (bool, error) {
		fmt.Fprintf(os.Stderr, "one core, %d streams\n", n)
		try, err := tryCapacity(ctx, o, clip, dir, n, coreList(cores[:1]), coreList(cores[1:]))
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "FAILED: %v\n", err)
			try.Failure = err.Error()
		}
		c.Tries = append(c.Tries, try)
		return try.outcome() == outcomeHeld, nil
	})
	return &c, err
}

// search returns the largest number from first to limit that holds, as far as it was
// looked for; 0 if first does not.
func search(first, limit int, holds func(int) (bool, error)) (held int, err error) {
	failed := 0
	for n := first; failed == 0 && held < limit; n = min(2*n, limit) {
		ok, err := holds(n)
		if err != nil {
			return held, err
		}
		if ok {
			held = n
		} else {
			failed = n
		}
	}
	for range capacityHalvings {
		if held == 0 || failed == 0 {
			break
		}
		n := (held + failed) / 2
		ok, err := holds(n)
		if err != nil {
			return held, err
		}
		if ok {
			held = n
		} else {
			failed = n
		}
	}
	return held, nil
}

// tryCapacity pushes n streams to a server on a core of its own.
func tryCapacity(ctx context.Context, o options, clip, dir string, n int, serverCores, loadCores string) (try capacityTry, err error) {
	try.Streams = n
	own, err := os.MkdirTemp(dir, "capacity-")
	if err != nil {
		return try, err
	}
	defer func() { err = errors.Join(err, emptyFiles(own)) }()
	u := setup{
		formats: []string{"flv"},
		cores:   serverCores,
		env:     []string{fmt.Sprintf("TALLYLIGHT_INGEST_MAX_CONNECTIONS=%d", 2*n)},
	}
	s, err := u.start(ctx, o, own)
	if err != nil {
		return try, err
	}
	load, err := startLoad(ctx, loadCores, order{Clip: clip, Target: s.target, Streams: streamNames(n)})
	if err != nil {
		return try, s.process.abort(err)
	}
	looks, err := try.observe(ctx, o, s, load, filepath.Join(own, "spool"))
	if err != nil {
		return try, s.process.abort(errors.Join(err, load.kill()))
	}
	sent, err := load.stop()
	if err != nil {
		return try, s.process.abort(err)
	}
	if err := s.process.stop(s.signal); err != nil {
		return try, err
	}
	try.LateFrames, try.MaxWrite = sent.late(), sent.maxWrite()
	if try.LateStreams, err = countLate(s, sent, looks); err != nil {
		return try, err
	}
	_, err = checkFiles(ctx, s, sent)
	return try, s.process.explain(err)
}

// A look is what the growing files held capacityBound after so much was sent.
type look struct {
	sent  tally
	sizes map[uint64]int64 // of the files, by inode
}

// observe looks at the growing files again and again for the duration of a
// measurement.
func (t *capacityTry) observe(ctx context.Context, o options, s *server, load *loadGenerator, spool string) ([]look, error) {
	if err := sleep(ctx, settleTime); err != nil {
		return nil, err
	}
	var begin, end mark
	if err := begin.read(s, load); err != nil {
		return nil, err
	}
	var looks []look
	for time.Since(begin.at) < o.duration {
		sent, err := load.count()
		if err != nil {
			return nil, err
		}
		if err := sleep(ctx, capacityBound); err != nil {
			return nil, err
		}
		sizes, err := fileSizes(filepath.Join(spool, "*"))
		if err != nil {
			return nil, err
		}
		looks = append(looks, look{sent, sizes})
	}
	if err := end.read(s, load); err != nil {
		return nil, err
	}
	elapsed := end.at.Sub(begin.at).Seconds()
	t.Server = (end.usage.cpu - begin.usage.cpu).Seconds() / elapsed
	t.Generator = (end.generator - begin.generator).Seconds() / elapsed
	return looks, nil
}

// fileSizes returns the sizes of files by inode, which they keep when they are
// finished and get their names.
func fileSizes(pattern string) (map[uint64]int64, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	sizes := make(map[uint64]int64, len(paths))
	for _, path := range paths {
		var stat syscall.Stat_t
		if err := syscall.Stat(path, &stat); err != nil {
			return nil, fmt.Errorf("stat %s: %w", path, err)
		}
		sizes[stat.Ino] = stat.Size
	}
	return sizes, nil
}

// countLate returns of how many streams a frame was not in the file in time.
func countLate(s *server, sent tally, looks []look) (int, error) {
	late := make([]bool, len(sent.Streams))
	for i, stream := range sent.Streams {
		final, err := fileSizes(fmt.Sprintf(s.recordings, stream.Name))
		if err != nil {
			return 0, err
		}
		if len(final) != 1 {
			return 0, fmt.Errorf("stream %s has %d files, want 1", stream.Name, len(final))
		}
		for inode, size := range final {
			for _, l := range looks {
				// What is not in the file yet may be what was sent since, and no more.
				missing := size - l.sizes[inode]
				since := stream.flvBytes() - l.sent.Streams[i].flvBytes()
				late[i] = late[i] || missing > since
			}
		}
	}
	return len(slices.DeleteFunc(late, func(late bool) bool { return !late })), nil
}

// flvBytes returns what the frames of the stream take in an FLV file: each has a
// header of 11 bytes and the size of its tag behind it (FLV, section E.4.1).
func (s streamTally) flvBytes() int64 { return s.Bytes + (s.Video+s.Audio)*(11+4) }
