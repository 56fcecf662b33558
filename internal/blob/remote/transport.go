package remote

import (
	"context"
	"net"
	"net/http"
	"time"
)

// DefaultTimeout is how long a store may be silent before a request is given up.
const DefaultTimeout = 2 * time.Minute

const (
	connectTimeout  = 10 * time.Second
	idleTimeout     = 30 * time.Second
	maxIdleConns    = 16
	maxHeaderLength = 64 << 10
)

// NewTransport returns a transport whose requests end when for timeout nothing
// was sent or received; as long as bytes flow they may take any time. A zero
// timeout is DefaultTimeout.
func NewTransport(timeout time.Duration) *http.Transport {
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	dialer := net.Dialer{Timeout: min(connectTimeout, timeout)}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &timeoutConn{Conn: conn, timeout: timeout}, nil
		},
		TLSHandshakeTimeout:    min(connectTimeout, timeout),
		ResponseHeaderTimeout:  timeout,
		IdleConnTimeout:        min(idleTimeout, timeout),
		MaxIdleConnsPerHost:    maxIdleConns,
		MaxResponseHeaderBytes: maxHeaderLength,
		DisableCompression:     true, // sizes are compared
	}
}

// A timeoutConn fails when nothing was read or written for a while. Either
// direction counts for both: while a body is sent, nothing comes back.
type timeoutConn struct {
	net.Conn
	timeout time.Duration
}

func (c *timeoutConn) Read(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *timeoutConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
