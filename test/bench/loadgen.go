//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A loadGenerator is the publish role in a process of its own, so that its work
// is not in the server's figures.
type loadGenerator struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Reader
	stderr  bytes.Buffer
}

// startLoad starts a load generator on the given cores, as taskset lists them, or on
// all. It returns once every stream is publishing.
func startLoad(ctx context.Context, cores string, o order) (*loadGenerator, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	g := &loadGenerator{cmd: pinned(ctx, cores, self, rolePublish)}
	g.cmd.Stderr = &g.stderr
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.answers = bufio.NewReader(out)
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := json.Marshal(o)
	if err != nil {
		return nil, errors.Join(err, g.kill())
	}
	if _, err := g.ask(string(line)); err != nil {
		return nil, errors.Join(err, g.kill())
	}
	return g, nil
}

// ask sends a line and reads the answer.
func (g *loadGenerator) ask(line string) (tally, error) {
	var t tally
	if _, err := io.WriteString(g.in, line+"\n"); err != nil {
		return t, fmt.Errorf("load generator: %w", err)
	}
	answer, err := g.answers.ReadBytes('\n')
	if err != nil {
		return t, fmt.Errorf("load generator: %w", err)
	}
	if err := json.Unmarshal(answer, &t); err != nil {
		return t, fmt.Errorf("load generator: %w", err)
	}
	if t.Error != "" {
		return t, fmt.Errorf("load generator: %s", t.Error)
	}
	return t, nil
}

// count returns what has been sent so far.
func (g *loadGenerator) count() (tally, error) { return g.ask(commandCount) }

// stop ends the streams and the process, and returns what was sent in all.
func (g *loadGenerator) stop() (tally, error) {
	t, err := g.ask(commandStop)
	if err != nil {
		return t, errors.Join(err, g.kill())
	}
	if err := g.cmd.Wait(); err != nil {
		return t, fmt.Errorf("load generator: %w\n%s", err, g.stderr.Bytes())
	}
	return t, nil
}

// kill ends the process at once.
func (g *loadGenerator) kill() error {
	g.cmd.Process.Kill()
	g.cmd.Wait()
	if g.stderr.Len() > 0 {
		return errors.New(g.stderr.String())
	}
	return nil
}

func (t tally) bytes() (n int64) {
	for _, s := range t.Streams {
		n += s.Bytes
	}
	return n
}

func (t tally) packets() (n int64) {
	for _, s := range t.Streams {
		n += s.Video + s.Audio
	}
	return n
}

func (t tally) late() (n int64) {
	for _, s := range t.Streams {
		n += s.Late
	}
	return n
}

func (t tally) maxLate() (d time.Duration) {
	for _, s := range t.Streams {
		d = max(d, s.MaxLate)
	}
	return d
}

func (t tally) maxWrite() (d time.Duration) {
	for _, s := range t.Streams {
		d = max(d, s.MaxWrite)
	}
	return d
}
