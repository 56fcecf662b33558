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

// turns returns all turns in their order. Contenders take turns within a
// number of streams, and each round begins with another one.
func turns(o options, clip string) []turn {
	var list []turn
	for round := range o.rounds {
		for _, n := range o.streams {
			for i := range o.contenders {
				name := o.contenders[(i+round)%len(o.contenders)]
				at := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
				list = append(list, turn{trial{o, clip, contenders[at], n}, round + 1})
			}
		}
	}
	return list
}

// conduct makes every measurement and the report. A measurement that fails does
// not keep the others from being made and reported.
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
	r.printHeader(os.Stdout)
	list := turns(o, clipPath)
	took := estimate{left: len(list), each: o.duration + 5*time.Second}
	for _, t := range list {
		fmt.Fprintf(os.Stderr, "round %d of %d: %s, %d streams; %s left\n", t.round, o.rounds, t.contender.name, t.streams, took.remaining())
		begun := time.Now()
		m, err := t.run(ctx, dir)
		if ctx.Err() != nil {
			r.fail(t, ctx.Err())
			break
		}
		took.add(time.Since(begun))
		if err != nil {
			fmt.Fprintf(os.Stderr, "FAILED: %v\n", err)
			r.fail(t, err)
			continue
		}
		r.add(m)
		r.printRow(os.Stdout, m)
	}
	return errors.Join(r.finish(os.Stdout), r.failure())
}

// run makes the measurement in a folder of its own below dir, which it removes.
func (t turn) run(ctx context.Context, dir string) (m measurement, err error) {
	own, err := os.MkdirTemp(dir, t.contender.name+"-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
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
