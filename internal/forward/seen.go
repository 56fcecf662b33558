package forward

import (
	"crypto/rand"
	"maps"
	"slices"

	"tallylight/internal/api/events"
)

// seen remembers how far the streams have come that were heard of last, so that
// a return goes on from there and no event is forwarded twice.
type seen struct {
	limit  int
	clock  int64
	byName map[name]mark
}

type name struct{ app, stream string }

type mark struct {
	seq  int64
	time int64 // of the clock, when it was set
}

func newSeen(limit int) *seen { return &seen{limit: limit, byName: make(map[name]mark)} }

func (s *seen) has(c *events.Callback) bool {
	m, ok := s.byName[name{c.App, c.Stream}]
	return ok && c.Seq <= m.seq
}

// add notes a callback; the stream that was heard of least recently is forgotten
// where there are too many.
func (s *seen) add(c *events.Callback) {
	s.clock++
	s.byName[name{c.App, c.Stream}] = mark{c.Seq, s.clock}
	if len(s.byName) <= s.limit {
		return
	}
	oldest := slices.MinFunc(slices.Collect(maps.Keys(s.byName)), func(a, b name) int {
		return int(s.byName[a].time - s.byName[b].time)
	})
	delete(s.byName, oldest)
}

func (s *seen) positions() []events.Position {
	list := make([]events.Position, 0, len(s.byName))
	for n, m := range s.byName {
		list = append(list, events.Position{App: n.app, Stream: n.stream, Seq: m.seq})
	}
	return list
}

// nonce returns what no other call has.
func nonce() string { return rand.Text() }
