package record

import (
	"sync"
	"time"
	"unsafe"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// A Session takes the units of one push. Write and Close serve one goroutine and
// never block.
type Session struct {
	info       live.Session
	flushBytes int
	maxBytes   int
	now        func() time.Time

	// ready has room for one signal: there is something worth waking for.
	ready chan struct{}

	mu      sync.Mutex
	units   []media.Unit
	bytes   int // memory of units
	closed  bool
	discard bool      // nobody takes the units any more
	standby bool      // only decoder configurations are wanted
	dropped int       // units, since the last take
	lost    int64     // units, of all that were dropped
	needKey bool      // the queue overflowed: drop until the next key frame
	lostAt  time.Time // when it did
	holes   []hole    // in units
	video   bool      // some came, or was announced
}

// A hole is a place in a queue where frames are missing.
type hole struct {
	before   int       // the index of the unit behind it
	from, to time.Time // when the first missing frame came, and that unit
}

func newSession(s live.Session, cfg Config) *Session {
	return &Session{
		info:       s,
		flushBytes: cfg.FlushBytes,
		maxBytes:   cfg.QueueBytes,
		now:        cfg.Now,
		ready:      make(chan struct{}, 1),
	}
}

// discard returns a Session that drops what it is given.
func discard(s live.Session) *Session { return &Session{info: s, discard: true} }

// Write queues units and takes over the caller's hold on each; the slice stays
// the caller's.
func (s *Session) Write(units []media.Unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range units {
		u := units[i]
		if s.discard || s.standby && !u.Config || !s.admit(&u) {
			u.Release()
			continue
		}
		s.units = append(s.units, u)
		s.bytes += memory(&u)
	}
	if s.bytes >= s.flushBytes {
		s.signal()
	}
}

// admit reports whether the queue has room for u. Once it had none, it takes no
// frame before the next key frame of the video, so that what follows decodes; of
// audio alone, none before the queue was taken.
func (s *Session) admit(u *media.Unit) bool {
	s.video = s.video || u.Kind == media.Video
	if u.Config {
		return s.bytes <= s.maxBytes
	}
	room := s.bytes+memory(u) <= s.maxBytes
	begins := u.Kind == media.Video && u.Key || !s.video && u.Kind == media.Audio && len(s.units) == 0
	switch {
	case !s.needKey && !room:
		s.needKey, s.lostAt = true, s.now()
	case s.needKey && room && begins:
		s.needKey = false
		s.holes = append(s.holes, hole{before: len(s.units), from: s.lostAt, to: s.now()})
	}
	if s.needKey {
		s.dropped++
		s.lost++
		return false
	}
	return true
}

// Close says that the push is over.
func (s *Session) Close(error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if !s.discard {
		s.signal()
	}
}

// Dropped returns how many frames the queue had no room for.
func (s *Session) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func (s *Session) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// A batch is what a Session has gathered.
type batch struct {
	units   []media.Unit
	holes   []hole
	dropped int
	closed  bool
}

// take moves what is queued into b, whose slices are used again.
func (s *Session) take(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units, b.units = b.units[:0], s.units
	s.holes, b.holes = b.holes[:0], s.holes
	b.dropped, s.dropped = s.dropped, 0
	b.closed = s.closed
	s.bytes = 0
}

// standBy says whether frames are wanted, beside decoder configurations.
func (s *Session) standBy(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standby = yes
}

// abandon releases what is queued and drops what comes later.
func (s *Session) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discard = true
	release(s.units)
	s.units = nil
}

func release(units []media.Unit) {
	for i := range units {
		units[i].Release()
	}
}

// memory returns what a unit takes that waits: frames may be of a single byte.
func memory(u *media.Unit) int { return len(u.Body) + int(unsafe.Sizeof(*u)) }

// span returns the time from the first to the last unit's DTS.
func span(units []media.Unit) time.Duration {
	if len(units) == 0 {
		return 0
	}
	return units[len(units)-1].DTS - units[0].DTS
}
