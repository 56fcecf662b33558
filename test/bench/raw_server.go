//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How the raw servers copy.
const (
	rawPlain   = "plain"
	rawBatched = "batched"
	rawPolled  = "polled"
)

// copiers are the ways to copy a connection to a file.
var copiers = map[string]func(*os.File, *net.TCPConn) error{
	rawPlain:   copyPlain,
	rawBatched: batching{mark: 48 << 10, deadline: afterSecond}.copy,
	rawPolled:  batching{mark: 256 << 10, deadline: commonPoll}.copy,
}

// rawNameSize is the size of the stream's name, padded with blanks, that a raw
// stream begins with. An FLV file follows.
const rawNameSize = 32

// serveRaw copies what comes in on each connection to a file, until ctx ends and
// every connection has. It prints the address that it listens on.
func serveRaw(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 2 || copiers[args[0]] == nil {
		return errors.New("usage: bench raw plain|batched|polled DIR")
	}
	copyConn := copiers[args[0]]
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	fmt.Fprintf(stdout, "raw ready addr=%s\n", ln.Addr())

	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		nc, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		conns.Go(func() {
			defer nc.Close()
			if err := recordRaw(nc.(*net.TCPConn), args[1], copyConn); err != nil {
				fmt.Fprintln(os.Stderr, "raw:", err)
			}
		})
	}
}

// recordRaw makes the file of one connection.
func recordRaw(nc *net.TCPConn, dir string, copyConn func(*os.File, *net.TCPConn) error) error {
	var name [rawNameSize]byte
	if _, err := io.ReadFull(nc, name[:]); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, filepath.Base(strings.TrimRight(string(name[:]), " "))+".flv"))
	if err != nil {
		return err
	}
	return errors.Join(copyConn(f, nc), f.Close())
}

// copyPlain reads and writes as a program does that nobody tuned.
func copyPlain(f *os.File, nc *net.TCPConn) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := nc.Read(buf)
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Batched copies read so much at a time, and write what has gathered once it is
// so much or so old.
const (
	readSize  = 64 << 10
	flushSize = 256 << 10
	flushTime = time.Second
)

// A batching is a way to copy with few wake-ups.
type batching struct {
	mark int // bytes that make a socket readable (SO_RCVLOWAT)
	// deadline returns when a socket is read that holds less.
	deadline func(now time.Time) time.Time
}

func afterSecond(now time.Time) time.Time { return now.Add(time.Second) }

// commonPoll returns the next of the instants at which all sockets are read.
func commonPoll(now time.Time) time.Time {
	const interval = 250 * time.Millisecond
	return now.Add(interval - now.Sub(processStart)%interval)
}

var processStart = time.Now()

// A batchedCopy copies with few system calls. Its buffer takes what is read where
// it is written from.
type batchedCopy struct {
	file    *os.File
	buf     []byte
	flushed time.Time
	ended   error // io.EOF when the connection has ended in order
}

func (b batching) copy(f *os.File, nc *net.TCPConn) error {
	raw, err := nc.SyscallConn()
	if err != nil {
		return err
	}
	var markErr error
	err = raw.Control(func(fd uintptr) {
		markErr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, b.mark)
	})
	if err := errors.Join(err, markErr); err != nil {
		return err
	}
	c := batchedCopy{file: f, buf: make([]byte, 0, flushSize+readSize), flushed: time.Now()}
	for c.ended == nil {
		// The mark holds back a wake-up, not a read: after a while what there is
		// is taken.
		nc.SetReadDeadline(b.deadline(time.Now()))
		err := raw.Read(func(fd uintptr) (done bool) {
			c.drain(int(fd))
			return c.ended != nil
		})
		if c.ended == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	if c.ended != io.EOF {
		return c.ended
	}
	return c.flush()
}

// drain reads until the socket is empty.
func (c *batchedCopy) drain(fd int) {
	for {
		n, err := syscall.Read(fd, c.buf[len(c.buf):len(c.buf)+readSize])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return
		case err != nil:
			c.ended = err
			return
		case n == 0:
			c.ended = io.EOF
			return
		}
		c.buf = c.buf[:len(c.buf)+n]
		if len(c.buf) >= flushSize || time.Since(c.flushed) >= flushTime {
			if c.ended = c.flush(); c.ended != nil {
				return
			}
		}
		if n < readSize {
			return
		}
	}
}

func (c *batchedCopy) flush() error {
	_, err := c.file.Write(c.buf)
	c.buf = c.buf[:0]
	c.flushed = time.Now()
	return err
}
