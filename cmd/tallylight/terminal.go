package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// A terminal prints the story: lines from several goroutines, and one line that
// is rewritten in place where somebody watches.
type terminal struct {
	mu      sync.Mutex
	w       io.Writer
	pending bool // the line of progress stands unfinished
}

// interactive reports whether w is a terminal, where a line can be rewritten.
func (t *terminal) interactive() bool {
	f, ok := t.w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

func (t *terminal) printf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	fmt.Fprintf(t.w, format, args...)
}

// clear removes the line of progress.
func (t *terminal) clear() {
	if t.pending {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.pending = false
	}
}

func (t *terminal) title(text string) { t.printf("\n%s\n%s\n", text, strings.Repeat("-", len(text))) }

// wrapped prints a long text in lines of about 100 characters, broken before or
// after a separator; further lines are indented.
func (t *terminal) wrapped(text, indent string, separator byte) {
	const width = 100
	for len(text) > width {
		cut := strings.LastIndexByte(text[:width], separator)
		if cut <= len(indent) {
			cut = width
		}
		if separator == ',' {
			cut++
		}
		t.printf("%s\n", text[:cut])
		text = indent + text[cut:]
	}
	t.printf("%s\n", text)
}

// callbacks returns a writer that puts the receiver's lines into the story.
func (t *terminal) callbacks() io.Writer { return callbackWriter{t} }

type callbackWriter struct{ t *terminal }

func (w callbackWriter) Write(p []byte) (int, error) {
	w.t.printf("  callback ▶ %s", p)
	return len(p), nil
}

// progress returns a line of progress.
func (t *terminal) progress() *progress { return &progress{t: t, step: -1} }

// A progress is a line that is rewritten in place. Where nobody watches, a new
// line is printed at every step instead.
type progress struct {
	t    *terminal
	step int
}

// show draws how much of the sample was pushed; a step is a second.
func (p *progress) show(at, total time.Duration) {
	const width = 40
	filled := int(width * at / total)
	second := int(at.Seconds())
	p.text(second, fmt.Sprintf("  pushing [%s%s] %2d s of %.0f s",
		strings.Repeat("#", filled), strings.Repeat("-", width-filled), second, total.Seconds()))
}

// text shows a line.
func (p *progress) text(step int, line string) {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	switch {
	case p.t.interactive():
		p.t.clear()
		fmt.Fprint(p.t.w, line)
		p.t.pending = true
	case step != p.step:
		fmt.Fprintln(p.t.w, line)
	}
	p.step = step
}

// done ends the line.
func (p *progress) done() {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	if p.t.pending {
		fmt.Fprintln(p.t.w)
		p.t.pending = false
	}
}
