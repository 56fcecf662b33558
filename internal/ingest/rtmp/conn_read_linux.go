package rtmp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// readLoop reads until the connection ends.
func (c *conn) readLoop(ctx context.Context) error {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		raw, err := tcp.SyscallConn()
		if err != nil {
			return err
		}
		return c.readReady(ctx, raw)
	}
	return c.readPlain(ctx)
}

// readReady waits for the socket to become readable without holding a buffer,
// and empties it each time.
//
// The socket counts as readable from its receive mark on (SO_RCVLOWAT), or when
// the client has closed it. A read takes what there is, mark or no mark, so that
// one that comes before a wait would undo the batching. The poller tells of a
// change once (it is edge-triggered): drain must leave neither bytes nor the
// client's end behind. What stays below the mark is read when the deadline is
// over, which is at the same instant for all (see nextPoll).
func (c *conn) readReady(ctx context.Context, raw syscall.RawConn) error {
	if err := c.arm(ctx); err != nil {
		return err
	}
	var ended error
	drain := func(fd uintptr) (done bool) {
		if ended = c.drain(ctx, int(fd)); ended == nil {
			ended = c.arm(ctx)
		}
		return ended != nil
	}
	for {
		// Calls drain at once and after each wake-up, until it is done.
		err := raw.Read(drain)
		switch {
		case ended != nil:
			return ended
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		c.chunks.arena.Shrink()
		// What is below the mark is read before arm judges whether media came.
		if err := c.nc.SetReadDeadline(nextPoll(time.Now())); err != nil {
			return err
		}
	}
}

// drain reads until the socket is empty and feeds what it reads.
func (c *conn) drain(ctx context.Context, fd int) error {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for {
		n, err := syscall.Read(fd, b.bytes[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return nil
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return io.EOF
		}
		if err := c.feed(ctx, b, n); err != nil {
			return err
		}
		if err := c.arm(ctx); err != nil { // a client that never stops is judged, too
			return err
		}
	}
}

// setReceiveMark sets how many bytes make a socket readable. A socket that
// cannot do it is woken more often, no more.
func setReceiveMark(nc net.Conn, bytes int) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
	})
}
