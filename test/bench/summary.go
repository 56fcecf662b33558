//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// spreadOf returns the spread of a figure over the rounds; ok is false where
// there is none.
func (r *report) spreadOf(contender string, streams int, figure func(measurement) (float64, bool)) (s spread, ok bool) {
	var figures []float64
	for _, m := range r.Measurements {
		if m.Contender == contender && m.Streams == streams {
			if f, ok := figure(m); ok {
				figures = append(figures, f)
			}
		}
	}
	if len(figures) == 0 {
		return spread{}, false
	}
	return newSpread(figures), true
}

func cpuFigure(m measurement) (float64, bool)      { return m.cpuPerGB(), true }
func residentFigure(m measurement) (float64, bool) { return m.residentPerStream(), true }
func totalFigure(m measurement) (float64, bool)    { return float64(m.ResidentBytes) / (1 << 20), true }
func mallocsFigure(m measurement) (float64, bool)  { return m.mallocsPerPacket() }

// ratio returns the quotient of the CPU medians of two contenders.
func (r *report) ratio(contender, to string, streams int) (float64, bool) {
	a, okA := r.spreadOf(contender, streams, cpuFigure)
	b, okB := r.spreadOf(to, streams, cpuFigure)
	if !okA || !okB || b.median == 0 {
		return 0, false
	}
	return a.median / b.median, true
}

// counts returns the numbers of streams that were measured, in order.
func (r *report) counts() []int {
	var counts []int
	for _, m := range r.Measurements {
		counts = append(counts, m.Streams)
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// measured returns the contenders that were measured, in the order of tables.
func (r *report) measured() []contender {
	return slices.DeleteFunc(slices.Clone(contenders), func(c contender) bool {
		return !slices.ContainsFunc(r.Measurements, func(m measurement) bool { return m.Contender == c.name })
	})
}

// writeSummary writes what a reader wants first, in the form of the README.
func (r *report) writeSummary(w io.Writer) {
	fmt.Fprintf(w, "On %s.\n\n", r.Machine)
	if len(r.Measurements) > 0 {
		r.writeRecording(w)
	}
	if r.Latency != nil {
		r.Latency.write(w)
	}
	if r.Capacity != nil {
		r.Capacity.write(w)
	}
	if len(r.Calls) > 0 {
		r.writeCalls(w)
	}
	if r.Deliveries != nil {
		r.Deliveries.write(w)
	}
	if r.Console != nil {
		r.Console.write(w)
	}
	r.writeGoals(w)
	if len(r.Failed) > 0 {
		fmt.Fprintf(w, "\nMeasurements that FAILED and are left out: %d.\n", len(r.Failed))
	}
}

func (r *report) writeRecording(w io.Writer) {
	fmt.Fprintf(w, "Streams of %.1f Mbit/s in real time; medians of %d rounds of %s in which the contenders take turns. %s\n\n",
		r.Bitrate/1e6, r.Rounds, r.Duration, r.remarks())
	fmt.Fprint(w, "CPU-seconds of the server for a gigabyte of audio and video, and that as a multiple of the raw copy with\n"+
		"batched reads, which is woken for 48 KiB and writes 256 KiB:\n\n")
	r.writePivot(w, func(contender string, streams int) string {
		s, ok := r.spreadOf(contender, streams, cpuFigure)
		if !ok {
			return "–"
		}
		text := fmt.Sprintf("%.2f", s.median)
		if q, ok := r.ratio(contender, contenderFloor, streams); ok && contender != contenderFloor {
			text += fmt.Sprintf(" (%.2f×)", q)
		}
		return text
	})
	fmt.Fprint(w, "\nResident memory in KiB a stream, what the process touches once included:\n\n")
	r.writePivot(w, func(contender string, streams int) string {
		s, ok := r.spreadOf(contender, streams, residentFigure)
		if !ok {
			return "–"
		}
		return fmt.Sprintf("%.0f", s.median)
	})
}

// writePivot writes a table of contenders by numbers of streams.
func (r *report) writePivot(w io.Writer, cell func(contender string, streams int) string) {
	counts := r.counts()
	fmt.Fprint(w, "| streams |")
	for _, n := range counts {
		fmt.Fprintf(w, " %d |", n)
	}
	fmt.Fprint(w, "\n| --- |"+strings.Repeat(" ---: |", len(counts))+"\n")
	for _, c := range r.measured() {
		fmt.Fprintf(w, "| %s |", c.title)
		for _, n := range counts {
			fmt.Fprintf(w, " %s |", cell(c.name, n))
		}
		fmt.Fprintln(w)
	}
}

// write says how long file callbacks took.
func (l *latency) write(w io.Writer) {
	fmt.Fprintf(w, "\nUntil the callback of a finished FLV file arrives at a receiver on the same machine, while %d other\n"+
		"streams go on; file and callback are synced to disk before it is sent:\n\n"+
		"| from | ends | p50 | p99 | longest |\n| --- | ---: | ---: | ---: | ---: |\n", l.Streams)
	for _, row := range []struct {
		from string
		q    quantiles
	}{
		{fmt.Sprintf("the encoder's disconnect, the DelayTime of %s taken off", latencyDelay), l.Disconnect},
		{"`cancel_delay` sent, for a push that has ended", l.Sent},
		{"`cancel_delay` answered", l.Answered},
	} {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s |\n", row.from, row.q.Count, millis(row.q.P50), millis(row.q.P99), millis(row.q.Max))
	}
}

// write says what one core held and what happened beyond.
func (c *capacity) write(w io.Writer) {
	end := "; more were not tried"
	switch c.end() {
	case outcomeServer, outcomeFailed:
		end = ""
	case outcomeGenerator:
		end = "; with more, the load generator was too slow on its share of the machine, so that the\ncore's own end is not known"
	}
	fmt.Fprintf(w, "\nA server on one core held %d streams, to FLV%s. A number of streams is held if every frame was in its\n"+
		"file %s after it was sent, and no encoder was kept waiting for more than %s:\n\n"+
		"| streams | outcome | streams with late frames | longest wait of an encoder | server, of its core | load generator, cores |\n"+
		"| ---: | --- | ---: | ---: | ---: | ---: |\n", c.Held, end, capacityBound, lateAfter)
	for _, t := range slices.SortedFunc(slices.Values(c.Tries), func(a, b capacityTry) int { return a.Streams - b.Streams }) {
		if t.Failure != "" {
			fmt.Fprintf(w, "| %d | %s | – | – | – | – |\n", t.Streams, t.outcome())
			continue
		}
		fmt.Fprintf(w, "| %d | %s | %d | %s | %.0f %% | %.2f |\n", t.Streams, t.outcome(), t.LateStreams, millis(t.MaxWrite), 100*t.Server, t.Generator)
	}
}

func (r *report) writeCalls(w io.Writer) {
	fmt.Fprintf(w, "\nSigned API calls over HTTP, with the clients on the same cores, medians of %d rounds of %s. An update is\n"+
		"on disk, and its nonce too, before it is answered; many clients share the commits:\n\n", r.Rounds, r.options.callTime)
	fmt.Fprintln(w, "| operation | clients | calls a second | p50 | p99 | server CPU a call | allocations a call |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, c := range r.Calls {
		fmt.Fprintf(w, "| %s | %d | %.0f | %s | %s | %.0f µs | %.0f |\n",
			c.Action, c.Clients, c.PerSecond, millis(c.P50), millis(c.P99), c.CPU.Seconds()*1e6, c.Allocs)
	}
}

// millis writes a time in milliseconds.
func millis(d time.Duration) string {
	ms := d.Seconds() * 1e3
	if ms < 10 {
		return fmt.Sprintf("%.2f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// busy is from which part of the machine on other programs are remarked on.
const busy = 0.1

// remarks says how far the figures can be trusted.
func (r *report) remarks() string {
	var late int64
	var others float64
	files, checked, pushed := 0, 0, 0
	for _, m := range r.Measurements {
		late += m.LateFrames
		others = max(others, m.OtherLoad)
		files += m.CheckedFiles
		checked += m.CheckedStreams
		pushed += m.Streams
	}
	text := fmt.Sprintf("ffprobe found every packet that was sent in the %d files of %d of %d streams (of more than %d at a time, a sample of %d).",
		files, checked, pushed, probeAll, probeSample)
	if late > 0 {
		text += fmt.Sprintf(" The load generator sent %d frames more than %s late: this machine was too slow.", late, lateAfter)
	} else {
		text += fmt.Sprintf(" No frame was sent more than %s late.", lateAfter)
	}
	if others >= busy {
		text += fmt.Sprintf(" Other programs took up to %.0f%% of the machine: repeat it when they rest.", 100*others)
	}
	if r.Profiled {
		text += " A profiler ran, which slows all contenders."
	}
	return text
}

// writePage writes the whole report as Markdown.
func (r *report) writePage(w io.Writer, summary []byte) {
	fmt.Fprintf(w, "# Benchmark of %s\n\n%s\n", r.Started.UTC().Format("2006-01-02 15:04 UTC"), summary)
	if len(r.Measurements) > 0 {
		r.writeAllFigures(w)
	}
	if len(r.Failed) > 0 {
		fmt.Fprint(w, "\n## Failed\n\n")
		for _, f := range r.Failed {
			fmt.Fprintf(w, "- %s\n", strings.ReplaceAll(f, "\n", " "))
		}
	}
}

// writeAllFigures writes who was measured and everything that was.
func (r *report) writeAllFigures(w io.Writer) {
	fmt.Fprint(w, "\n## Contenders\n\n")
	for _, c := range r.measured() {
		fmt.Fprintf(w, "- %s: %s\n", c.name, c.about)
	}
	if r.ChunkSize > 0 {
		fmt.Fprintf(w, "\nRTMP was pushed in chunks of %d bytes.\n", r.ChunkSize)
	} else {
		fmt.Fprintf(w, "\nWhere nothing else is said, RTMP was pushed in chunks of the size that the server announces, as ffmpeg does: %d bytes to nginx, %d to Tallylight.\n",
			nginxChunkSize, tallylightChunkSize)
	}
	fmt.Fprintf(w, "\n## All figures\n\n| streams | contender | CPU-s a GB, median (min–max) | × %s | × %s | KiB a stream (min–max) | MiB in all | allocations a packet |\n"+
		"| ---: | --- | --- | ---: | ---: | --- | ---: | ---: |\n", contenderFloor, contenderNginx)
	for _, n := range r.counts() {
		for _, c := range r.measured() {
			r.writeFigures(w, c.name, n)
		}
	}
	fmt.Fprint(w, "\nWhat a server needs once, whatever the number of streams, is in the figures of one stream: "+
		"memory that the first stream touches, and the allocations of everything that runs beside. "+
		"Asking for the allocations takes some hundred, of which only the usual number is taken off.\n")
}

func (r *report) writeFigures(w io.Writer, contender string, streams int) {
	cpu, ok := r.spreadOf(contender, streams, cpuFigure)
	if !ok {
		return
	}
	resident, _ := r.spreadOf(contender, streams, residentFigure)
	total, _ := r.spreadOf(contender, streams, totalFigure)
	floor, nginx, mallocs := "–", "–", "–"
	if q, ok := r.ratio(contender, contenderFloor, streams); ok {
		floor = fmt.Sprintf("%.2f", q)
	}
	if q, ok := r.ratio(contender, contenderNginx, streams); ok {
		nginx = fmt.Sprintf("%.2f", q)
	}
	if s, ok := r.spreadOf(contender, streams, mallocsFigure); ok {
		mallocs = fmt.Sprintf("%.3f", s.median)
	}
	fmt.Fprintf(w, "| %d | %s | %.2f (%.2f–%.2f) | %s | %s | %.0f (%.0f–%.0f) | %.1f | %s |\n",
		streams, contender, cpu.median, cpu.min, cpu.max, floor, nginx, resident.median, resident.min, resident.max, total.median, mallocs)
}
