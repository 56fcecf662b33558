//go:build unix

package outbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A receiver takes callbacks, refuses some, and notes what it took.
type receiver struct {
	url string

	mu      sync.Mutex
	random  *rand.Rand
	events  map[live.EventID]*event
	last    map[string]int64 // the highest number that came of each stream
	skipped []string         // what came although an earlier one had not
	conns   int              // that are open
	came    map[int]int      // requests by lives
	news    chan struct{}    // has room for one: a request came, or a connection has ended
}

// An event is what came of one.
type event struct {
	taken    int       // requests answered 200
	requests []request // that are neither recorded nor excused
	excused  int       // requests answered 200 that were not recorded at a kill
}

type request struct {
	life, attempt int
	taken         bool
}

func startReceiver(t *testing.T) *receiver {
	r := &receiver{random: rand.New(rand.NewPCG(1, 2)), events: make(map[live.EventID]*event), last: make(map[string]int64), came: make(map[int]int), news: make(chan struct{}, 1)}
	server := httptest.NewUnstartedServer(r)
	server.Config.ConnState = r.connState
	server.Start()
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) connState(_ net.Conn, s http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch s {
	case http.StateNew:
		r.conns++
	case http.StateClosed, http.StateHijacked:
		r.conns--
		r.tell()
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var body struct{ Stream string }
	err := json.NewDecoder(q.Body).Decode(&body)
	seq, err2 := strconv.ParseInt(q.Header.Get("X-Live-Event-Seq"), 10, 64)
	attempt, err3 := strconv.Atoi(q.Header.Get("X-Live-Attempt"))
	life, err4 := strconv.Atoi(q.UserAgent())
	if err != nil || err2 != nil || err3 != nil || err4 != nil {
		http.Error(w, "no callback", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.tell()
	r.came[life]++
	if seq > r.last[body.Stream]+1 {
		r.skipped = append(r.skipped, fmt.Sprint(body.Stream, "/", seq))
	}
	r.last[body.Stream] = max(r.last[body.Stream], seq)
	id := live.EventID(q.Header.Get("webhook-id"))
	e := r.events[id]
	if e == nil {
		e = &event{}
		r.events[id] = e
	}
	taken := r.random.IntN(50) > 0
	e.requests = append(e.requests, request{life, attempt, taken})
	if !taken {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	e.taken++
}

// tell tells those who wait that something has happened.
func (r *receiver) tell() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// await waits until ok, which is asked under the lock.
func (r *receiver) await(t *testing.T, ok func() bool) {
	t.Helper()
	for {
		r.mu.Lock()
		done := ok()
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-r.news:
		case <-t.Context().Done():
			t.Fatal("the test ended first")
		}
	}
}

// awaitRequests waits until so many requests of a life have come.
func (r *receiver) awaitRequests(t *testing.T, life, n int) {
	t.Helper()
	r.await(t, func() bool { return r.came[life] >= n })
}

// awaitEnd waits until all that a killed process had sent is read.
func (r *receiver) awaitEnd(t *testing.T) {
	t.Helper()
	r.await(t, func() bool { return r.conns == 0 })
}

// awaitAll waits until every event is taken, and empties the list of them.
func (r *receiver) awaitAll(t *testing.T, events map[live.EventID]bool) {
	t.Helper()
	r.await(t, func() bool {
		for id := range events {
			if e := r.events[id]; e == nil || e.taken == 0 {
				return false
			}
			delete(events, id)
		}
		return true
	})
}

// excuse looks up, after the kill of a life, which of its requests are not recorded
// in the store, and returns how many: those may be made again.
func (r *receiver) excuse(t *testing.T, life int, s store.Store) (unrecorded int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := s.View(t.Context(), func(rd store.Reader) error {
		for id, e := range r.events {
			if len(e.requests) == 0 {
				continue
			}
			d, err := rd.Delivery(t.Context(), id.DeliveryID())
			if err != nil {
				return err
			}
			for _, q := range e.requests {
				if q.life != life {
					t.Errorf("event %s was attempted by life %d while life %d ran", id, q.life, life)
				}
				if q.attempt <= d.Attempts {
					continue
				}
				unrecorded++
				if q.taken {
					e.excused++
				}
			}
			e.requests = nil
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return unrecorded
}
