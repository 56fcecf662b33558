//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tallylight/internal/live"
)

// A goal is a figure that Tallylight is meant to reach.
type goal struct {
	what  string
	bound string
	judge func(*report) (verdict, bool) // false if it was not measured
}

// A verdict is what was measured, and whether that is good enough.
type verdict struct {
	text string
	met  bool
}

var goals = []goal{
	{"CPU, FLV", "≤ 1.2 × raw copy", judgeRatio(contenderFLV, contenderFloor, 1.2)},
	{"CPU, FLV", "≤ 0.4 × nginx-rtmp", judgeRatio(contenderFLV, contenderNginx, 0.4)},
	{"CPU, MP4", "≤ 1.3 × raw copy", judgeRatio(contenderMP4, contenderFloor, 1.3)},
	{"CPU, HLS of TS slices", "≤ 2 × raw copy", judgeRatio(contenderHLS, contenderFloor, 2)},
	{"CPU, FLV, MP4 and HLS at once", "≤ 3 × raw copy", judgeRatio(contenderAll, contenderFloor, 3)},
	{"CPU, chunks of 128 bytes", "≤ 1.6 × chunks of 4 KiB", judgeRatio(contenderChunks128, contenderChunks4096, 1.6)},
	{"memory a stream, FLV", "≤ 200 KiB", judgeMemory(contenderFLV, 200)},
	{fmt.Sprintf("CPU a stream, FLV, %d to %d streams", flatFrom, flatTo), "grows by ≤ 15 %", judgeGrowth(contenderFLV, 0.15)},
	{"disconnect to file callback, p50", "≤ 5 ms", judgeLatency(func(q quantiles) time.Duration { return q.P50 }, 5*time.Millisecond)},
	{"disconnect to file callback, p99", "≤ 20 ms", judgeLatency(func(q quantiles) time.Duration { return q.P99 }, 20*time.Millisecond)},
	{"events a second, SQLite, 100 endpoints", "≥ 12,000", judgeDelivery(databaseSQLite, load100, func(row, _ deliveryRow) verdict {
		return verdict{fmt.Sprintf("%.0f", row.PerSecond), row.PerSecond >= 12_000}
	})},
	{"the same sustained, with retention, the slowest tenth", "≥ 12,000", judgeSustained},
	{"events a second, PostgreSQL, two nodes, 100 endpoints", "≥ 8,000, none again", judgeDelivery(databasePostgres, load100, func(row, _ deliveryRow) verdict {
		return verdict{fmt.Sprintf("%.0f, %d again", row.PerSecond, row.Repeats), row.PerSecond >= 8000 && row.Repeats == 0}
	})},
	{"CPU for 1,000 events, SQLite", "≤ 150 ms", judgeDelivery(databaseSQLite, load100, func(row, _ deliveryRow) verdict {
		return verdict{millis(row.CPU), row.CPU <= 150*time.Millisecond}
	})},
	{"events a second, SQLite, 10,000 endpoints", "≥ 0.8 × with 100", judgeDelivery(databaseSQLite, load10000, func(row, to deliveryRow) verdict {
		return verdict{fmt.Sprintf("%.2f ×", row.PerSecond/to.PerSecond), row.PerSecond >= 0.8*to.PerSecond}
	})},
	{"memory with 10,000 endpoints, SQLite", "≤ 300 MB", judgeDelivery(databaseSQLite, load10000, func(row, _ deliveryRow) verdict {
		return verdict{fmt.Sprintf("%.0f MB", row.Resident/1e6), row.Resident <= 300e6}
	})},
	{"commit to request, SQLite, p50 / p99", "≤ 0.3 ms / 2 ms", judgeDelivery(databaseSQLite, loadPaced, func(row, _ deliveryRow) verdict {
		return verdict{millis(row.P50) + " / " + millis(row.P99), row.P50 <= 300*time.Microsecond && row.P99 <= 2*time.Millisecond}
	})},
	{"p99 of healthy endpoints while a third of the events goes to one that hangs", "≤ 2 × without it", judgeHanging},
	{"first redelivery after a kill, from the start", "≤ 1 s", judgeTakeover(func(d *deliveries) *takeoverRow { return d.Restart }, time.Second)},
	{"first redelivery after a kill, by another node", "≤ the lease and 1 s",
		judgeTakeover(func(d *deliveries) *takeoverRow { return d.OtherNode }, live.DeliveryLease+time.Second)},
	{"stores and delivery in the binary", "≤ 10 MB", judgeSize},
	{"first page of the console, p99", "≤ 100 ms and 100 KB", judgeConsole(func(c *consoleReport) verdict {
		return verdict{fmt.Sprintf("%s and %.0f KB", millis(c.FirstPage.P99), float64(c.FirstPageBytes)/1e3),
			c.FirstPage.P99 <= 100*time.Millisecond && c.FirstPageBytes <= 100_000}
	})},
	{"seek in two hours of FLV, p99", "≤ 300 ms", judgeConsole(func(c *consoleReport) verdict {
		return verdict{fmt.Sprintf("%s, %s after a restart", millis(c.Seek.P99), millis(c.SeekColdIndex)),
			max(c.Seek.P99, c.SeekColdIndex) <= 300*time.Millisecond}
	})},
}

// rows returns the loads on a kind of database.
func (d *deliveries) rows(kind string) (deliveryRows, bool) {
	if d != nil {
		for _, rows := range d.Databases {
			if rows.Kind == kind {
				return rows, true
			}
		}
	}
	return deliveryRows{}, false
}

// judgeDelivery judges a load of callbacks by itself or beside that of 100 endpoints;
// the loads are known by their places in deliveryLoads. Of PostgreSQL, only two nodes
// are judged.
func judgeDelivery(kind string, load int, judge func(row, to deliveryRow) verdict) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		of, ok := r.Deliveries.rows(kind)
		if !ok || kind == databasePostgres && of.Nodes != 2 {
			return verdict{}, false
		}
		return judge(of.Rows[load], of.Rows[load100]), true
	}
}

// judgeHanging judges the worst of the databases.
func judgeHanging(r *report) (v verdict, ok bool) {
	v.met = true
	var texts []string
	for _, kind := range []string{databaseSQLite, databasePostgres} {
		of, measured := r.Deliveries.rows(kind)
		if !measured {
			continue
		}
		q := float64(of.Rows[loadHanging].P99) / float64(of.Rows[loadPaced].P99)
		texts = append(texts, fmt.Sprintf("%.2f × on %s", q, of.Database))
		v.met = v.met && q <= 2
		ok = true
	}
	v.text = strings.Join(texts, ", ")
	return v, ok
}

func judgeSustained(r *report) (verdict, bool) {
	if r.Deliveries == nil || r.Deliveries.Sustained == nil {
		return verdict{}, false
	}
	s := r.Deliveries.Sustained
	return verdict{fmt.Sprintf("%.0f, of %.0f for %s", s.slowest(), s.Row.PerSecond, s.Time), s.slowest() >= 12_000}, true
}

func judgeTakeover(of func(*deliveries) *takeoverRow, bound time.Duration) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		if r.Deliveries == nil || of(r.Deliveries) == nil {
			return verdict{}, false
		}
		row := of(r.Deliveries)
		return verdict{fmt.Sprintf("%.2f s, %.2f s at most", row.Median.Seconds(), row.Longest.Seconds()), row.Median <= bound}, true
	}
}

func judgeSize(r *report) (verdict, bool) {
	if r.Deliveries == nil || r.Deliveries.SizeAdded == 0 {
		return verdict{}, false
	}
	return verdict{fmt.Sprintf("%.1f MB", float64(r.Deliveries.SizeAdded)/1e6), r.Deliveries.SizeAdded <= 10e6}, true
}

func judgeConsole(judge func(*consoleReport) verdict) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		if r.Console == nil {
			return verdict{}, false
		}
		return judge(r.Console), true
	}
}

// writeGoals writes what is meant to be reached and what was.
func (r *report) writeGoals(w io.Writer) {
	fmt.Fprint(w, "\nGoals, judged in this run:\n\n| what | goal | measured | |\n| --- | --- | --- | --- |\n")
	for _, g := range goals {
		v, ok := g.judge(r)
		word := "missed"
		switch {
		case !ok:
			v.text, word = "not measured", ""
		case v.met:
			word = "met"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", g.what, g.bound, v.text, word)
	}
}

// judged returns the number of streams at which all of the given contenders were
// measured that is goalStreams or, failing that, the largest.
func (r *report) judged(names ...string) (streams int, ok bool) {
	for _, n := range r.counts() {
		all := true
		for _, name := range names {
			_, ok := r.spreadOf(name, n, cpuFigure)
			all = all && ok
		}
		if all && streams != goalStreams {
			streams = n
		}
	}
	return streams, streams > 0
}

func judgeRatio(contender, to string, bound float64) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		n, ok := r.judged(contender, to)
		if !ok {
			return verdict{}, false
		}
		q, ok := r.ratio(contender, to, n)
		return verdict{fmt.Sprintf("%.2f × at %d streams", q, n), q <= bound}, ok
	}
}

func judgeMemory(contender string, bound float64) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		n, ok := r.judged(contender)
		if !ok {
			return verdict{}, false
		}
		s, ok := r.spreadOf(contender, n, residentFigure)
		return verdict{fmt.Sprintf("%.0f KiB at %d streams", s.median, n), s.median <= bound}, ok
	}
}

// judgeGrowth compares the cost of a stream among flatFrom with that among more. Less
// is not held against it: what a process does once is shared by more.
func judgeGrowth(contender string, bound float64) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		few, okFew := r.spreadOf(contender, flatFrom, cpuFigure)
		_, okMany := r.spreadOf(contender, flatTo, cpuFigure)
		if !okFew || !okMany || few.median == 0 {
			return verdict{}, false
		}
		most := -1.0
		var steps []string
		for _, n := range r.counts() {
			s, ok := r.spreadOf(contender, n, cpuFigure)
			if !ok || n <= flatFrom {
				continue
			}
			growth := s.median/few.median - 1
			most = max(most, growth)
			steps = append(steps, fmt.Sprintf("%+.0f %% at %d", 100*growth, n))
		}
		return verdict{strings.Join(steps, ", "), most <= bound}, true
	}
}

func judgeLatency(quantile func(quantiles) time.Duration, bound time.Duration) func(*report) (verdict, bool) {
	return func(r *report) (verdict, bool) {
		if r.Latency == nil {
			return verdict{}, false
		}
		d := quantile(r.Latency.Disconnect)
		return verdict{millis(d), d <= bound}, true
	}
}
