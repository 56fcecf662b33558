package remote

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestSilentConnectionsFail(t *testing.T) {
	t.Parallel()
	const timeout = time.Minute
	for name, use := range map[string]func(net.Conn) error{
		"the other side sends nothing": func(c net.Conn) error {
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"the other side takes nothing": func(c net.Conn) error {
			_, err := c.Write(make([]byte, 1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer near.Close()
				defer far.Close()
				begun := time.Now()
				if err := use(&timeoutConn{Conn: near, timeout: timeout}); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v, want an exceeded deadline", err)
				}
				if got := time.Since(begun); got != timeout {
					t.Errorf("it took %v, want %v", got, timeout)
				}
			})
		})
	}
}

func TestSendingKeepsAConnectionThatIsReadAlive(t *testing.T) {
	t.Parallel()
	const timeout = time.Minute
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		conn := &timeoutConn{Conn: near, timeout: timeout}
		answer := make(chan error, 1)
		go func() { // as the transport does while it sends a body
			_, err := conn.Read(make([]byte, 1))
			answer <- err
		}()
		go io.Copy(io.Discard, io.LimitReader(far, 5))
		for range 5 {
			time.Sleep(timeout - time.Second)
			if _, err := conn.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(timeout - time.Second)
		if _, err := far.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
		if err := <-answer; err != nil {
			t.Errorf("Read = %v, want the byte that came in time", err)
		}
	})
}
