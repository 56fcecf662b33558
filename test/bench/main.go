//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Roles in which the program runs itself.
const (
	rolePublish = "publish"
	roleRaw     = "raw"
	roleCall    = "call"
)

// options are what the command line asks for.
type options struct {
	binary     string
	rounds     int
	duration   time.Duration
	streams    []int
	contenders []string
	chunkSize  int
	results    string // folder of the reports
	profiles   string // folder of the profiles; empty: none are taken
	calls      bool   // measure signed calls instead of recording
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case rolePublish:
			return publish(ctx, os.Stdin, os.Stdout)
		case roleRaw:
			return serveRaw(ctx, args[1:], os.Stdout)
		case roleCall:
			return callServer(ctx, os.Stdin, os.Stdout)
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	if o.calls {
		return measureCalls(ctx, o)
	}
	return conduct(ctx, o)
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&o.binary, "binary", "bin/tallylight", "the server to measure")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each contender takes its turn")
	flags.DurationVar(&o.duration, "duration", 8*time.Second, "length of a measurement, a multiple of 2s (a key frame's distance)")
	streams := flags.String("streams", "1,20,100,200", "numbers of streams")
	names := flags.String("contenders", strings.Join(contenderNames(), ","), "who takes part")
	flags.IntVar(&o.chunkSize, "chunk-size", 0, "RTMP chunk size of every push, in bytes; 0: what each server announces, as ffmpeg does")
	flags.StringVar(&o.results, "results", "bench-results", "folder of the reports")
	flags.StringVar(&o.profiles, "profile", "", "folder of a perf profile for each measurement; slows all contenders")
	flags.BoolVar(&o.calls, "calls", false, "measure signed API calls instead of recording")
	quick := flags.Bool("quick", false, "a fast look: one round of 4s, 1 and 20 streams, unless said otherwise")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		set := make(map[string]bool)
		flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
		for name, value := range map[string]string{"rounds": "1", "duration": "4s", "streams": "1,20"} {
			if !set[name] {
				flags.Set(name, value)
			}
		}
	}
	o.contenders = strings.Split(*names, ",")
	for n := range strings.SplitSeq(*streams, ",") {
		count, err := strconv.Atoi(n)
		if err != nil || count < 1 {
			return o, fmt.Errorf("-streams: %q is no number of streams", n)
		}
		o.streams = append(o.streams, count)
	}
	return o, o.validate()
}

func (o options) validate() error {
	known := contenderNames()
	for _, name := range o.contenders {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-contenders: %q is unknown; known are %s", name, strings.Join(known, ", "))
		}
	}
	switch {
	case o.rounds < 1:
		return fmt.Errorf("-rounds: %d is less than 1", o.rounds)
	case o.duration <= 0 || o.duration%keyFrameDistance != 0:
		return fmt.Errorf("-duration: %s is no multiple of %s", o.duration, keyFrameDistance)
	case o.chunkSize < 0 || o.chunkSize > 1<<24-1:
		return fmt.Errorf("-chunk-size: %d is not within 0 to 16777215", o.chunkSize)
	}
	return nil
}
