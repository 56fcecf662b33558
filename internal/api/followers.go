package api

import "sync"

// followers are those who follow events: how many, what wakes them, and what
// sends them home.
type followers struct {
	stop chan struct{} // closed when the server stops
	// reading lets one of them read the store at a time, so that many together
	// take no more of it than one.
	reading chan struct{}

	mu    sync.Mutex
	count int
	woken chan struct{} // closed and replaced by wake; nil while nobody waits
}

func newFollowers() *followers {
	return &followers{stop: make(chan struct{}), reading: make(chan struct{}, 1)}
}

// enter counts one more, unless there are too many.
func (f *followers) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == maxFollowers {
		return false
	}
	f.count++
	return true
}

func (f *followers) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
}

// wake tells those who wait that events were committed. It costs next to nothing
// while nobody does.
func (f *followers) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.woken != nil {
		close(f.woken)
		f.woken = nil
	}
}

// waking returns what the next wake closes. What was committed before need not be
// waited for: ask first, then read.
func (f *followers) waking() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.woken == nil {
		f.woken = make(chan struct{})
	}
	return f.woken
}

// WakeFollowers tells those who follow events that some were committed; they look
// every second anyway. It never blocks.
func (s *Server) WakeFollowers() { s.followers.wake() }

// EndStreams ends the answers that would not end by themselves, for an orderly
// stop. It is called once.
func (s *Server) EndStreams() { close(s.followers.stop) }
