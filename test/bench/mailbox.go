//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/receiver"
)

// A mailbox is a receiver on loopback that hands callbacks to whoever awaits them.
type mailbox struct {
	url     string
	server  *http.Server
	serving sync.WaitGroup

	mu      sync.Mutex
	letters map[letter]chan time.Time
}

// A letter is what a callback tells of which stream.
type letter struct {
	stream string
	event  live.EventType
}

func startMailbox() (*mailbox, error) {
	m := &mailbox{letters: make(map[letter]chan time.Time)}
	v, err := receiver.New(receiver.Config{OnCallback: func(c receiver.Callback) {
		select {
		case m.slot(letter{c.Stream, c.Event}) <- c.Time:
		default: // nobody awaits a second one
		}
	}})
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m.url = "http://" + ln.Addr().String() + "/"
	m.server = &http.Server{Handler: v, ReadHeaderTimeout: callbackTimeout}
	m.serving.Go(func() { m.server.Serve(ln) }) // ends with close
	return m, nil
}

// close ends the receiver.
func (m *mailbox) close() error {
	err := m.server.Close()
	m.serving.Wait()
	return err
}

// slot returns where the arrival of a letter is put down.
func (m *mailbox) slot(l letter) chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.letters[l] == nil {
		m.letters[l] = make(chan time.Time, 1)
	}
	return m.letters[l]
}

// await returns when the callback arrived.
func (m *mailbox) await(ctx context.Context, stream string, event live.EventType, timeout time.Duration) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case at := <-m.slot(letter{stream, event}):
		return at, nil
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("no callback of %s within %s", event, timeout)
	}
}
