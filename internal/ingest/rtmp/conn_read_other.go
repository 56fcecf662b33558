//go:build !linux

package rtmp

import (
	"context"
	"net"
)

// readLoop reads until the connection ends.
func (c *conn) readLoop(ctx context.Context) error { return c.readPlain(ctx) }

// setReceiveMark does nothing: the mark is Linux's.
func setReceiveMark(net.Conn, int) {}
