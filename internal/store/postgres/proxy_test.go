//go:build unix

package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tallylight/internal/store/postgres/pgtest"
)

// When a proxy cuts a connection.
const (
	never int32 = iota
	atStatement
	beforeCommit // COMMIT does not get through
	afterCommit  // its answer does not
)

// A proxy stands between a Store and its database and breaks their connections.
type proxy struct {
	listener net.Listener
	socket   string // of the database
	cut      atomic.Int32
	cuts     atomic.Int32 // how many connections it has broken
	running  sync.WaitGroup
}

// newProxy returns a proxy before a fresh database, and the URL that leads through
// it.
func newProxy(t *testing.T) (p *proxy, through string) {
	t.Helper()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p = &proxy{listener: ln, socket: server.Socket()}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		ln.Close()
		p.running.Wait()
	})
	return p, fmt.Sprintf("postgres://tallylight@%s/%s?sslmode=disable", ln.Addr(), databaseName(t, direct))
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() {
			defer client.Close()
			server, err := net.Dial("unix", p.socket)
			if err != nil {
				return
			}
			defer server.Close()
			p.connect(client, server)
		})
	}
}

// connect hands on what the two say until one of them ends or the proxy cuts.
func (p *proxy) connect(client, server net.Conn) {
	var answers sync.WaitGroup
	defer answers.Wait()
	defer client.Close()
	defer server.Close()
	var deaf atomic.Bool // the client gets no more answers
	answered := make(chan struct{})
	answers.Go(func() {
		defer client.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := server.Read(buf)
			if deaf.Load() && n > 0 {
				close(answered)
				return
			}
			if _, werr := client.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	})
	header := make([]byte, 5) // type and length; the first message has no type
	for first := true; ; first = false {
		head := header
		if first {
			head = header[1:]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		message := append(bytes.Clone(head), body...)
		var kind byte
		if !first {
			kind = header[0]
		}
		commits := kind == 'Q' && strings.HasPrefix(string(body), "COMMIT")
		switch cut := p.cut.Load(); {
		case cut == atStatement && kind == 'B', cut == beforeCommit && commits:
			p.cuts.Add(1)
			return
		case cut == afterCommit && commits:
			p.cuts.Add(1)
			deaf.Store(true)
			if _, err := server.Write(message); err != nil {
				return
			}
			<-answered
			return
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}
