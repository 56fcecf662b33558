//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
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

// writeSummary writes the tables that a reader wants first.
func (r *report) writeSummary(w io.Writer) {
	fmt.Fprintf(w, "CPU-seconds of the server a gigabyte of audio and video, and that as a multiple of %s:\n\n", contenderFloor)
	r.writePivot(w, func(contender string, streams int) string {
		s, ok := r.spreadOf(contender, streams, cpuFigure)
		if !ok {
			return "–"
		}
		text := fmt.Sprintf("%.2f", s.median)
		if q, ok := r.ratio(contender, contenderFloor, streams); ok {
			text += fmt.Sprintf(" (%.2f×)", q)
		}
		return text
	})
	fmt.Fprint(w, "\nResident memory, KiB a stream:\n\n")
	r.writePivot(w, func(contender string, streams int) string {
		s, ok := r.spreadOf(contender, streams, residentFigure)
		if !ok {
			return "–"
		}
		return fmt.Sprintf("%.0f", s.median)
	})
	fmt.Fprintf(w, "\nMedians of %d rounds of %s, streams of %.1f Mbit/s in real time. %s.\n", r.Rounds, r.Duration, r.Bitrate/1e6, r.Machine)
	fmt.Fprintln(w, r.remarks())
}

// writePivot writes a table of contenders by numbers of streams.
func (r *report) writePivot(w io.Writer, cell func(contender string, streams int) string) {
	fmt.Fprint(w, "| streams |")
	for _, n := range r.options.streams {
		fmt.Fprintf(w, " %d |", n)
	}
	fmt.Fprint(w, "\n| --- |"+strings.Repeat(" ---: |", len(r.options.streams))+"\n")
	for _, name := range r.options.contenders {
		fmt.Fprintf(w, "| %s |", name)
		for _, n := range r.options.streams {
			fmt.Fprintf(w, " %s |", cell(name, n))
		}
		fmt.Fprintln(w)
	}
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
	if len(r.Failed) > 0 {
		text += fmt.Sprintf(" Measurements that FAILED and are left out: %d.", len(r.Failed))
	}
	return text
}

// writePage writes the whole report as Markdown.
func (r *report) writePage(w io.Writer, summary []byte) {
	fmt.Fprintf(w, "# Benchmark of %s\n\n%s\n", r.Started.UTC().Format("2006-01-02 15:04 UTC"), summary)
	fmt.Fprint(w, "## Contenders\n\n")
	for _, c := range contenders {
		fmt.Fprintf(w, "- %s: %s\n", c.name, c.about)
	}
	if r.ChunkSize > 0 {
		fmt.Fprintf(w, "\nRTMP was pushed in chunks of %d bytes.\n", r.ChunkSize)
	} else {
		fmt.Fprintf(w, "\nRTMP was pushed in chunks of the size that the server announces, as ffmpeg does: %d bytes to nginx, %d to Tallylight.\n",
			nginxChunkSize, tallylightChunkSize)
	}
	fmt.Fprintf(w, "\n## All figures\n\n| streams | contender | CPU-s a GB, median (min–max) | × %s | × %s | KiB a stream (min–max) | MiB in all | allocations a packet |\n"+
		"| ---: | --- | --- | ---: | ---: | --- | ---: | ---: |\n", contenderFloor, contenderNginx)
	for _, n := range r.options.streams {
		for _, name := range r.options.contenders {
			r.writeFigures(w, name, n)
		}
	}
	fmt.Fprint(w, "\nWhat a server needs once, whatever the number of streams, is in the figures of one stream: "+
		"memory that the first stream touches, and the allocations of everything that runs beside. "+
		"Asking for the allocations takes some hundred, of which only the usual number is taken off.\n")
	if len(r.Failed) > 0 {
		fmt.Fprint(w, "\n## Failed\n\n")
		for _, f := range r.Failed {
			fmt.Fprintf(w, "- %s\n", strings.ReplaceAll(f, "\n", " "))
		}
	}
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
