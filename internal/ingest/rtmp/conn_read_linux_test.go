package rtmp

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
)

// receiveMark reads SO_RCVLOWAT.
func receiveMark(t *testing.T, nc net.Conn) (mark int) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		mark, failure = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT)
	})
	if err := errors.Join(err, failure); err != nil {
		t.Fatal(err)
	}
	return mark
}

// A keepingListener keeps its connections for the test to look at.
type keepingListener struct {
	net.Listener
	accepted chan net.Conn
}

func (l keepingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- nc
	}
	return nc, err
}

func TestOnlyAPublishingSocketHasAReceiveMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	kept := keepingListener{ln, make(chan net.Conn, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(ctx, kept) }()

	s := dialRaw(t, ln.Addr().String())
	nc := <-kept.accepted
	s.connect(t)
	if got := receiveMark(t, nc); got > 1 {
		t.Errorf("mark %d before publishing, want none", got)
	}
	s.publish(t, "show")
	if got := receiveMark(t, nc); got != batchMark {
		t.Errorf("mark %d while publishing, want %d", got, batchMark)
	}
	s.command(t, "FCUnpublish", 6, nil, "show")
	s.wait(t, "onFCUnpublish")
	if got := receiveMark(t, nc); got != 1 {
		t.Errorf("mark %d after publishing, want 1", got)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestDrainStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	if _, err := syscall.Write(ends[1], appendMessage(nil, 3, messageHeader{typeID: typeVideo}, frame("x"), 128)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newTestConn(t)
	if err := c.drain(ctx, ends[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("drain: %v, want context.Canceled", err)
	}
	if got := c.publication.Info().VideoFrames; got != 1 {
		t.Errorf("%d frames were read, want 1", got)
	}
}
