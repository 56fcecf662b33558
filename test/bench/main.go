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
	roleDeliver = "deliver"
	roleSink    = "sink"
	roleClient  = "client"
)

// Parts of the benchmark.
const (
	partRecording  = "recording"
	partLatency    = "latency"
	partCapacity   = "capacity"
	partCalls      = "calls"
	partDeliveries = "deliveries"
	partConsole    = "console"
)

var parts = []string{partRecording, partLatency, partCapacity, partCalls, partDeliveries, partConsole}

// options are what the command line asks for.
type options struct {
	binary     string
	parts      []string
	rounds     int
	duration   time.Duration
	streams    []int // nil: of each contender its own
	contenders []string
	chunkSize  int
	ends       int           // of streams, of each kind, whose callbacks are timed
	limit      int           // streams that one core is tried with at most
	callTime   time.Duration // how long the clients of a load of calls call
	database   string        // that deliveries are measured on, or both
	nodes      int           // that share a PostgreSQL
	restarts   int           // how often the first redelivery after a kill is timed; 0: it is not
	sustain    time.Duration // of deliveries with retention; 0: they are not measured
	results    string        // folder of the reports
	profiles   string        // folder of the profiles; empty: none are taken
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
		case roleDeliver:
			return deliverEvents(ctx, os.Stdin, os.Stdout)
		case roleSink:
			return serveSink(args[1:], os.Stdin, os.Stdout)
		case roleClient:
			return callBare(ctx, os.Stdin, os.Stdout)
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	return conduct(ctx, o)
}

// quickly is what -quick changes unless it is said otherwise.
var quickly = map[string]string{
	"rounds":    "1",
	"duration":  "2s",
	"streams":   "20",
	"ends":      "20",
	"limit":     "200",
	"call-time": "1s",
	"restarts":  "0",
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&o.binary, "binary", "bin/tallylight", "the server to measure")
	only := flags.String("only", strings.Join(parts, ","), "parts of the benchmark to run")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each contender, and each load of calls, takes its turn")
	flags.DurationVar(&o.duration, "duration", 6*time.Second, "length of a measurement, a multiple of 2s (a key frame's distance); 6s is one slice of HLS")
	streams := flags.String("streams", "", "numbers of streams; without it, those that each contender is meant for")
	names := flags.String("contenders", strings.Join(usualContenders(), ","), "whose recording is measured")
	flags.IntVar(&o.chunkSize, "chunk-size", 0, "RTMP chunk size of every push, in bytes; 0: what each server announces, as ffmpeg does")
	flags.IntVar(&o.ends, "ends", 600, "how many streams end, by each of two ways, to time their file callbacks; ten a second")
	flags.IntVar(&o.limit, "limit", 1600, "how many streams one core is tried with at most")
	flags.DurationVar(&o.callTime, "call-time", 3*time.Second, "how long the clients of a load call")
	flags.StringVar(&o.database, "database", databaseBoth, "the databases that deliveries are measured on: sqlite, postgres or both")
	flags.IntVar(&o.nodes, "nodes", 2, "how many nodes deliver from one PostgreSQL")
	flags.IntVar(&o.restarts, "restarts", 10, "how often the first redelivery after a kill is timed, by the same server and by another; 0: not at all")
	flags.DurationVar(&o.sustain, "sustain", 0, "how long deliveries go on, on SQLite, while old events are deleted, as in 10m; 0: that is not measured")
	flags.StringVar(&o.results, "results", "bench-results", "folder of the reports")
	flags.StringVar(&o.profiles, "profile", "", "folder of a perf profile for each measurement; slows all contenders")
	quick := flags.Bool("quick", false, "everything once, short and small, in two minutes: to see that it works, not to quote it")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		set := make(map[string]bool)
		flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
		for name, value := range quickly {
			if !set[name] {
				flags.Set(name, value)
			}
		}
	}
	o.parts = strings.Split(*only, ",")
	o.contenders = strings.Split(*names, ",")
	for n := range strings.FieldsFuncSeq(*streams, func(r rune) bool { return r == ',' }) {
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
	for _, part := range o.parts {
		if !slices.Contains(parts, part) {
			return fmt.Errorf("-only: %q is unknown; known are %s", part, strings.Join(parts, ", "))
		}
	}
	switch {
	case o.rounds < 1:
		return fmt.Errorf("-rounds: %d is less than 1", o.rounds)
	case o.duration <= 0 || o.duration%keyFrameDistance != 0:
		return fmt.Errorf("-duration: %s is no multiple of %s", o.duration, keyFrameDistance)
	case o.chunkSize < 0 || o.chunkSize > 1<<24-1:
		return fmt.Errorf("-chunk-size: %d is not within 0 to 16777215", o.chunkSize)
	case o.ends < 1:
		return fmt.Errorf("-ends: %d is less than 1", o.ends)
	case o.limit < firstCapacity:
		return fmt.Errorf("-limit: %d is less than %d", o.limit, firstCapacity)
	case o.callTime <= 0:
		return fmt.Errorf("-call-time: %s is no time", o.callTime)
	case !slices.Contains([]string{databaseSQLite, databasePostgres, databaseBoth}, o.database):
		return fmt.Errorf("-database: %q is unknown; known are sqlite, postgres, both", o.database)
	case o.nodes < 1 || o.nodes > maxNodes:
		return fmt.Errorf("-nodes: %d is not within 1 to %d", o.nodes, maxNodes)
	case o.restarts < 0:
		return fmt.Errorf("-restarts: %d is less than 0", o.restarts)
	case o.sustain < 0 || o.sustain > 0 && o.sustain < minSustain:
		return fmt.Errorf("-sustain: %s is less than %s", o.sustain, minSustain)
	}
	return nil
}
