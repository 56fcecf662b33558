package rtmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"tallylight/internal/ingest"
)

// Config is what a Server works with and how.
type Config struct {
	Registry *ingest.Registry
	Log      *slog.Logger

	// IdleTimeout ends a push that brings neither audio nor video for that long.
	// 0 means 10 seconds.
	IdleTimeout time.Duration
	// MaxConnections bounds the connections of all listeners together; further
	// ones are closed at once. 0 means 10,000.
	MaxConnections int
	// MaxMessageSize bounds a message of a push, in bytes. 0 means 16 MiB, which
	// is the most that a message can have.
	MaxMessageSize int
}

func (c Config) withDefaults() Config {
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 10 * time.Second
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 10_000
	}
	if c.MaxMessageSize == 0 {
		c.MaxMessageSize = 16 << 20
	}
	return c
}

// A Server takes RTMP pushes.
type Server struct {
	cfg          Config
	setupTimeout time.Duration
	stats        serverStats
}

type serverStats struct {
	open, accepted, rejected, refused, failed, panics, skipped, malformed atomic.Int64
}

// Stats counts what a Server has seen since it was made.
type Stats struct {
	Open      int64 // connections now
	Accepted  int64 // connections taken
	Rejected  int64 // connections closed at once, being too many
	Refused   int64 // connections ended with a refusal to the client
	Failed    int64 // connections ended for what the client sent, or did not send
	Panics    int64 // connections ended by a fault of ours
	Skipped   int64 // messages and commands that are not served
	Malformed int64 // media and data messages that could not be read
}

// New returns a Server that serves nothing yet.
func New(cfg Config) *Server {
	return &Server{cfg: cfg.withDefaults(), setupTimeout: setupTimeout}
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	return Stats{
		Open:      s.stats.open.Load(),
		Accepted:  s.stats.accepted.Load(),
		Rejected:  s.stats.rejected.Load(),
		Refused:   s.stats.refused.Load(),
		Failed:    s.stats.failed.Load(),
		Panics:    s.stats.panics.Load(),
		Skipped:   s.stats.skipped.Load(),
		Malformed: s.stats.malformed.Load(),
	}
}

// Serve accepts connections until ctx ends, and returns nil once every
// connection has ended and its publication is closed. It closes ln. It may be
// called for several listeners. An error means that ln failed.
//
// On Linux, TCP connections that publish are read together, a few times a second:
// a recorder needs no low latency, and most of the cost of a stream is waking for
// it.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	defer ln.Close()

	s.cfg.Log.Info("rtmp listening", "addr", ln.Addr().String())
	for {
		nc, err := accept(ctx, ln, s.cfg.Log)
		if ctx.Err() != nil {
			if err == nil {
				nc.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
		if s.stats.open.Add(1) > int64(s.cfg.MaxConnections) {
			s.stats.open.Add(-1)
			s.stats.rejected.Add(1)
			s.cfg.Log.Warn("connection rejected, too many are open", "remote_addr", nc.RemoteAddr().String(), "max_connections", s.cfg.MaxConnections)
			nc.Close()
			continue
		}
		s.stats.accepted.Add(1)
		conns.Go(func() { s.serve(ctx, nc) })
	}
}

// accept waits for a connection. Failures that may pass, such as a lack of file
// descriptors, are tried again; net.ErrClosed is not.
func accept(ctx context.Context, ln net.Listener, log *slog.Logger) (net.Conn, error) {
	const firstWait, lastWait = 5 * time.Millisecond, time.Second
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		nc, err := ln.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return nc, err
		}
		log.Warn("cannot accept a connection, trying again", "err", err, "retry_after", wait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// serve serves one connection. A panic ends that one only.
func (s *Server) serve(ctx context.Context, nc net.Conn) {
	defer s.stats.open.Add(-1)
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.SetReadDeadline(time.Now()) })()
	c := newConn(s, nc)
	defer func() {
		if fault := recover(); fault != nil {
			s.stats.panics.Add(1)
			c.log.Error("connection ended by a panic", "panic", fault, "stack", string(debug.Stack()))
			if c.publication != nil {
				c.publication.Close(fmt.Errorf("panic: %v", fault))
			}
		}
	}()
	c.run(ctx)
}
