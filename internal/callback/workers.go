package callback

import (
	"slices"
	"sync"
	"time"
)

// workerIdle is after how long without an attempt a worker ends.
const workerIdle = 10 * time.Second

// workers make attempts on goroutines that stay for the next one, because the stack
// of a fresh goroutine grows several times on its way through an attempt. The worker
// that became idle last goes first, so that those that only a burst needed end.
//
// A worker is idle before its outcome is sent, so that there are never more workers than
// attempts that run at a time.
type workers struct {
	attempt func(*claim) outcome
	ended   chan<- outcome // sending to it never blocks
	running sync.WaitGroup

	mu     sync.Mutex
	idle   []worker // the one that became so last is the last
	closed bool
}

// A worker is the claim that one of them takes next, nil if it is to end. It has room
// for one, so that giving it a claim never blocks.
type worker chan *claim

func newWorkers(attempt func(*claim) outcome, ended chan<- outcome) *workers {
	return &workers{attempt: attempt, ended: ended}
}

// start has a worker make the attempt at a claim and send its outcome to ended.
func (w *workers) start(c *claim) {
	next := w.wake()
	if next == nil {
		next = make(worker, 1)
		w.running.Go(func() { w.run(next) })
	}
	next <- c
}

// close ends the workers that are idle, and the others after their attempts. It
// waits for them. Nothing may be started any more.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	for _, own := range w.idle {
		own <- nil
	}
	w.idle = nil
	w.mu.Unlock()
	w.running.Wait()
}

// run is the goroutine of a worker.
func (w *workers) run(own worker) {
	idle := time.NewTimer(workerIdle)
	defer idle.Stop()
	for {
		var c *claim
		select {
		case c = <-own:
		case <-idle.C:
			if w.leave(own) {
				return
			}
			c = <-own // it was woken meanwhile
		}
		if c == nil {
			return
		}
		o := w.attempt(c)
		idle.Reset(workerIdle)
		w.rest(own) // first, so that who gets the outcome finds a worker
		w.ended <- o
	}
}

// wake returns a worker that is idle no more, nil if there is none.
func (w *workers) wake() worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.idle) - 1
	if last < 0 {
		return nil
	}
	own := w.idle[last]
	w.idle = w.idle[:last]
	return own
}

// rest notes that a worker is idle, or ends it once there will be no more attempts.
func (w *workers) rest(own worker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		own <- nil
		return
	}
	w.idle = append(w.idle, own)
}

// leave takes out a worker that was idle for long, and reports false if a claim or the
// end is on its way to it.
func (w *workers) leave(own worker) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.idle, own)
	if i < 0 {
		return false
	}
	w.idle = slices.Delete(w.idle, i, i+1)
	return true
}
