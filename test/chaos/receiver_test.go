package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// A notice is an event as the receiver knows it.
type notice struct {
	id           string
	event        live.EventType
	stream       string
	seq          int64
	body         string
	uri          string // of a file
	acknowledged int    // how often
}

// A receiver is the operator's server. It judges what comes in: an event keeps
// its id, its number and its body however often it comes, and those of a stream
// come in order.
type receiver struct {
	URL   string
	fault func(format string, args ...any)

	mu       sync.Mutex
	rng      *rand.Rand
	notices  map[string]*notice // by id
	files    map[string]string  // ids of file events, by uri
	uris     []string           // of files, in the order in which they were announced
	streams  map[string]*progress
	arrivals int
	refused  int
	changed  chan struct{} // has room for one signal: an event was acknowledged
}

// progress is how far the events of a stream have come.
type progress struct {
	arrived, acknowledged int64 // numbers of the latest
	recording             bool  // the last state told of was started or resumed
	failed                bool  // or it failed: then it may have ended
}

func newReceiver(t testing.TB, rng *rand.Rand, fault func(string, ...any)) *receiver {
	t.Helper()
	r := &receiver{
		rng:     rng,
		fault:   fault,
		notices: make(map[string]*notice),
		files:   make(map[string]string),
		streams: make(map[string]*progress),
		changed: make(chan struct{}, 1),
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.URL = "http://" + ln.Addr().String() + "/hook"
	srv := &http.Server{Handler: r}
	done := make(chan struct{})
	go func() {
		srv.Serve(ln)
		close(done)
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	return r
}

// ServeHTTP implements http.Handler. Now and then it fails: it refuses, it takes
// its time, or it breaks off without an answer.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the server was killed
	}
	n, err := parseNotice(req.Header, body)
	if err != nil {
		r.fault("callback %s: %v", body, err)
		return
	}
	n = r.take(n)
	r.mu.Lock()
	mood := r.rng.IntN(50)
	r.mu.Unlock()
	switch mood {
	case 0:
		r.refuse()
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case 1:
		r.refuse()
		panic(http.ErrAbortHandler)
	case 2:
		sleep(req.Context(), 300*time.Millisecond)
	}
	if mood == 3 { // it takes the event, and its answer is lost
		r.acknowledge(n)
		panic(http.ErrAbortHandler)
	}
	r.acknowledge(n)
	w.WriteHeader(http.StatusOK)
}

func parseNotice(header http.Header, body []byte) (*notice, error) {
	var members struct {
		Event  live.EventType `json:"event"`
		App    string         `json:"app"`
		Stream string         `json:"stream"`
		URI    string         `json:"uri"`
	}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	n := &notice{id: header.Get(wire.HeaderWebhookID), event: members.Event, body: string(body), uri: members.URI}
	if n.event == "" && n.uri != "" {
		n.event = live.EventFileCreated
	}
	if n.id == "" || n.event == "" {
		return nil, fmt.Errorf("no id, or neither event nor uri")
	}
	var err error
	n.seq, err = strconv.ParseInt(header.Get(wire.HeaderEventSeq), 10, 64)
	n.stream = members.App + "/" + members.Stream
	return n, err
}

// take notes an arrival and returns what is known of the event.
func (r *receiver) take(n *notice) *notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrivals++
	if known := r.notices[n.id]; known != nil {
		if known.body != n.body || known.seq != n.seq || known.event != n.event {
			r.fault("event %s came as %d %s and as %d %s", n.id, known.seq, known.body, n.seq, n.body)
		}
		return known
	}
	r.notices[n.id] = n
	p := r.streams[n.stream]
	if p == nil {
		p = new(progress)
		r.streams[n.stream] = p
	}
	if n.seq != p.arrived+1 {
		r.fault("stream %s: event %d (%s) came behind event %d", n.stream, n.seq, n.event, p.arrived)
	}
	p.arrived = n.seq
	r.judge(n, p)
	if n.uri == "" {
		return n
	}
	if other, ok := r.files[n.uri]; ok {
		r.fault("file %s was announced under the ids %s and %s", n.uri, other, n.id)
	}
	r.files[n.uri] = n.id
	r.uris = append(r.uris, n.uri)
	return n
}

// filesAfter returns the files that were announced, without the first n.
func (r *receiver) filesAfter(n int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.uris[n:])
}

// judge holds an event against the states of docs/architecture.md. A failure of the
// recording ends it, one of its bucket does not.
func (r *receiver) judge(n *notice, p *progress) {
	switch n.event {
	case live.EventRecordError:
		p.recording, p.failed = false, true
	case live.EventRecordStarted, live.EventRecordResumed:
		if p.recording {
			r.fault("stream %s: %s (event %d) while it is recorded", n.stream, n.event, n.seq)
		}
		p.recording, p.failed = true, false
	case live.EventRecordPaused:
		if !p.recording && !p.failed {
			r.fault("stream %s: %s (event %d) while it is not recorded", n.stream, n.event, n.seq)
		}
		p.recording = false
	}
}

func (r *receiver) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused++
}

// acknowledge notes that an event was taken.
func (r *receiver) acknowledge(n *notice) {
	r.mu.Lock()
	if n.acknowledged == 0 {
		p := r.streams[n.stream]
		if n.seq != p.acknowledged+1 {
			r.fault("stream %s: event %d was taken behind event %d", n.stream, n.seq, p.acknowledged)
		}
		p.acknowledged = n.seq
	}
	n.acknowledged++
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// await returns once all events of the given ids have been taken.
func (r *receiver) await(t testing.TB, ids map[string]bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		missing := 0
		r.mu.Lock()
		for id := range ids {
			if n := r.notices[id]; n == nil || n.acknowledged == 0 {
				missing++
			}
		}
		r.mu.Unlock()
		if missing == 0 {
			return
		}
		select {
		case <-r.changed:
		case <-deadline:
			t.Errorf("%d of %d events were never taken by the receiver", missing, len(ids))
			return
		}
	}
}
