//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"tallylight/internal/live"
)

// deliveries are the medians of every load on every database, beside what the
// machine can do at all.
type deliveries struct {
	Rounds    int            `json:"rounds"`
	Time      time.Duration  `json:"time_ns"` // of a load
	Databases []deliveryRows `json:"databases"`
	Ceiling   ceiling        `json:"ceiling"`
	Sustained *sustained     `json:"sustained,omitempty"`
	Restart   *takeoverRow   `json:"restart,omitempty"`    // SIGKILL, and the same server starts again
	OtherNode *takeoverRow   `json:"other_node,omitempty"` // SIGKILL, and another server goes on
	SizeAdded int64          `json:"size_added_bytes"`
}

// deliveryRows are the loads on one database.
type deliveryRows struct {
	Database string        `json:"database"`
	Kind     string        `json:"kind"`
	Nodes    int           `json:"nodes"`
	Rows     []deliveryRow `json:"loads"`
}

// A deliveryRow is the medians of one load.
type deliveryRow struct {
	Load      string        `json:"load"`
	PerSecond float64       `json:"events_per_second"`
	P50       time.Duration `json:"p50_ns"` // commit to request
	P99       time.Duration `json:"p99_ns"`
	CPU       time.Duration `json:"cpu_per_1000_ns"` // receiver and database included
	Resident  float64       `json:"resident_bytes"`
	Repeats   int           `json:"repeats"` // of all rounds together
}

// A sustained load ran for long, while retention deleted what was old.
type sustained struct {
	Row    deliveryRow   `json:"load"`
	Time   time.Duration `json:"time_ns"`
	Retain time.Duration `json:"retain_ns"`
	Pruned int           `json:"pruned"`
	Tenths []int         `json:"events_in_each_tenth"`
}

// slowest returns the rate of the slowest tenth, in events a second.
func (s *sustained) slowest() float64 {
	if len(s.Tenths) == 0 {
		return 0
	}
	return float64(slices.Min(s.Tenths)) / (s.Time / 10).Seconds()
}

// A takeoverRow says how long the first redelivery took.
type takeoverRow struct {
	Count   int           `json:"count"`
	Median  time.Duration `json:"median_ns"`
	Longest time.Duration `json:"longest_ns"`
}

func newTakeoverRow(times []time.Duration) *takeoverRow {
	values := make([]float64, len(times))
	for i, d := range times {
		values[i] = float64(d)
	}
	s := newSpread(values)
	return &takeoverRow{Count: len(times), Median: time.Duration(s.median), Longest: time.Duration(s.max)}
}

func newDeliveryRow(load string, results []deliveryResult) deliveryRow {
	median := func(value func(deliveryResult) float64) float64 {
		var values []float64
		for _, r := range results {
			values = append(values, value(r))
		}
		return newSpread(values).median
	}
	row := deliveryRow{
		Load:      load,
		PerSecond: median(func(r deliveryResult) float64 { return float64(r.Events) / r.Elapsed.Seconds() }),
		P50:       time.Duration(median(func(r deliveryResult) float64 { return float64(r.P50) })),
		P99:       time.Duration(median(func(r deliveryResult) float64 { return float64(r.P99) })),
		CPU: time.Duration(median(func(r deliveryResult) float64 {
			return float64(r.CPU+r.SinkCPU) * 1000 / float64(r.Events)
		})),
		Resident: median(func(r deliveryResult) float64 { return float64(r.Resident) }),
	}
	for _, r := range results {
		row.Repeats += r.Repeats
	}
	return row
}

// write says what they came to.
func (d *deliveries) write(w io.Writer) {
	fmt.Fprintf(w, "\nEvents that are committed, delivered by HTTP and their outcomes recorded, with the generator, the receiver and the\n"+
		"database on the same cores, medians of %d rounds of %s. A rate stands beside its share of what a bare HTTP client made in\n"+
		"the same run; the time is from commit to request; \"again\" is requests beyond one for each event, in all rounds:\n", d.Rounds, d.Time)
	for _, b := range d.Databases {
		fmt.Fprintf(w, "\n| %s | events a second | p50 | p99 | CPU for 1,000 | resident | again |\n", b.Database)
		fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
		for _, r := range b.Rows {
			r.write(w, d.Ceiling)
		}
	}
	fmt.Fprintf(w, "\nThe bare client made %.0f requests a second, at %s of CPU for 1,000, the receiver included, and the disk took %.0f\n"+
		"writes of 4 KiB a second, each synced.\n", d.Ceiling.RequestsPerSecond, millis(d.Ceiling.CPU), d.Ceiling.SyncsPerSecond)
	if d.Sustained != nil {
		d.Sustained.write(w, d.Ceiling)
	}
	if d.Restart != nil {
		fmt.Fprintf(w, "\nAfter SIGKILL amid an attempt, the server made it again %s after its start, %s at most of %d times.\n",
			millis(d.Restart.Median), millis(d.Restart.Longest), d.Restart.Count)
	}
	if d.OtherNode != nil {
		fmt.Fprintf(w, "\nAfter SIGKILL amid an attempt, another server on the same PostgreSQL made it again after %.1f s, %.1f s at most of %d times;\n"+
			"the lease is %.0f s.\n", d.OtherNode.Median.Seconds(), d.OtherNode.Longest.Seconds(), d.OtherNode.Count, live.DeliveryLease.Seconds())
	}
	if d.SizeAdded > 0 {
		fmt.Fprintf(w, "\nBoth stores and delivery make a static program that speaks HTTPS %.1f MB larger.\n", float64(d.SizeAdded)/1e6)
	}
}

func (r deliveryRow) write(w io.Writer, c ceiling) {
	rate := fmt.Sprintf("%.0f", r.PerSecond)
	if c.RequestsPerSecond > 0 {
		rate += fmt.Sprintf(" (%.2f×)", r.PerSecond/c.RequestsPerSecond)
	}
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %.0f MiB | %d |\n", r.Load, rate, millis(r.P50), millis(r.P99), millis(r.CPU), r.Resident/(1<<20), r.Repeats)
}

func (s *sustained) write(w io.Writer, c ceiling) {
	fmt.Fprintf(w, "\nFor %s on SQLite, while events that were %s old were deleted, %d in all; the slowest tenth of the time had %.0f events a second:\n\n",
		s.Time, s.Retain, s.Pruned, s.slowest())
	fmt.Fprintln(w, "| SQLite | events a second | p50 | p99 | CPU for 1,000 | resident | again |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	s.Row.write(w, c)
}
