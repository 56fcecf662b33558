package chaos

import (
	"sync"
	"time"
)

// A push is what an encoder has sent on one connection.
type push struct {
	id  pushID
	app string
	run int // of the server, that took it

	mu    sync.Mutex
	sent  [2][]time.Time // when each frame had been written to the socket, by kind
	broke time.Time      // when it broke off; zero if it ended in order, or with the server
}

func (p *push) noteSent(slot, frames int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for range frames {
		p.sent[slot] = append(p.sent[slot], now)
	}
}

func (p *push) breakOff() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broke = time.Now()
}

// A ledger keeps every push.
type ledger struct {
	mu     sync.Mutex
	pushes []*push
	counts map[uint32]uint32 // of pushes, by stream
}

// open begins a push of a stream.
func (l *ledger) open(stream uint32, app string, run int) *push {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = make(map[uint32]uint32)
	}
	p := &push{id: pushID{stream, l.counts[stream]}, app: app, run: run}
	l.counts[stream]++
	l.pushes = append(l.pushes, p)
	return p
}
