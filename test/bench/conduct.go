//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A turn is a trial in a round.
type turn struct {
	trial
	round int // from 1
}

// turns returns all turns in their order. Contenders take turns within a number of
// streams, and each round begins with another one.
func turns(o options, clip string) []turn {
	counts := o.streams
	if len(counts) == 0 {
		for _, name := range o.contenders {
			counts = append(counts, contenderNamed(name).streams...)
		}
		slices.Sort(counts)
		counts = slices.Compact(counts)
	}
	var list []turn
	for round := range o.rounds {
		for _, n := range counts {
			for i := range o.contenders {
				c := contenderNamed(o.contenders[(i+round)%len(o.contenders)])
				if len(o.streams) > 0 || slices.Contains(c.streams, n) {
					list = append(list, turn{trial{o, clip, c, n}, round + 1})
				}
			}
		}
	}
	return list
}

// conduct runs the parts of the benchmark and makes the report. What fails does not
// keep the rest from being measured and reported.
func conduct(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "tallylight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, folder := range []string{o.results, o.profiles} {
		if folder != "" {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(os.Stderr, "encoding the clip that is pushed")
	clipPath := filepath.Join(dir, "clip.flv")
	if err := makeClip(ctx, clipPath); err != nil {
		return err
	}
	c, err := loadClip(clipPath)
	if err != nil {
		return err
	}
	r := newReport(ctx, o, c)
	measures := map[string]func() error{
		partRecording: func() error { return measureRecording(ctx, r, clipPath, dir) },
		partLatency: func() (err error) {
			r.Latency, err = measureLatency(ctx, o, clipPath, dir)
			return err
		},
		partCapacity: func() (err error) {
			r.Capacity, err = measureCapacity(ctx, o, clipPath, dir)
			return err
		},
		partCalls: func() (err error) {
			r.Calls, err = measureCalls(ctx, o)
			return err
		},
		partDeliveries: func() (err error) {
			r.Deliveries, err = measureDeliveries(ctx, o, dir)
			return err
		},
		partConsole: func() (err error) {
			r.Console, err = measureConsole(ctx, o, dir)
			return err
		},
	}
	for _, part := range parts {
		if !slices.Contains(o.parts, part) || ctx.Err() != nil {
			continue
		}
		if err := measures[part](); err != nil {
			r.fail(part, err)
		}
	}
	return errors.Join(r.finish(os.Stdout), r.failure())
}

// measureRecording gives every contender its turns.
func measureRecording(ctx context.Context, r *report, clip, dir string) error {
	r.printHeader(os.Stdout)
	list := turns(r.options, clip)
	took := estimate{left: len(list), each: r.options.duration + 5*time.Second}
	for _, t := range list {
		fmt.Fprintf(os.Stderr, "round %d of %d: %s, %d streams; %s left\n", t.round, r.options.rounds, t.contender.name, t.streams, took.remaining())
		begun := time.Now()
		m, err := t.run(ctx, dir)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		took.add(time.Since(begun))
		if err != nil {
			fmt.Fprintf(os.Stderr, "FAILED: %v\n", err)
			r.fail(fmt.Sprintf("round %d, %s, %d streams", t.round, t.contender.name, t.streams), err)
			continue
		}
		r.add(m)
		r.printRow(os.Stdout, m)
	}
	return nil
}

// run makes the measurement in a folder of its own below dir.
func (t turn) run(ctx context.Context, dir string) (m measurement, err error) {
	own, err := os.MkdirTemp(dir, t.contender.name+"-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, emptyFiles(own)) }()
	m, err = t.measure(ctx, own)
	m.Round = t.round
	return m, err
}

// An estimate guesses how long the rest will take by what there was.
type estimate struct {
	left, done int
	each       time.Duration // before anything is done
	total      time.Duration
}

func (e *estimate) add(d time.Duration) {
	e.left--
	e.done++
	e.total += d
}

func (e *estimate) remaining() time.Duration {
	each := e.each
	if e.done > 0 {
		each = e.total / time.Duration(e.done)
	}
	return (each * time.Duration(e.left)).Round(time.Second)
}
