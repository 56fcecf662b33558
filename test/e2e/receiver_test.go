package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// A callback is one request that came to a receiver.
type callback struct {
	id     string // of the event, webhook-id
	event  string // X-Live-Event-Type
	header http.Header
	host   string
	body   string
	status int // of the answer, 0 while none was given
}

// file is what the tests read of the body of a file event.
type file struct {
	URI       string
	Duration  float64
	StartTime int64 `json:"start_time"`
	StopTime  int64 `json:"stop_time"`
}

func (c callback) file(t testing.TB) file {
	t.Helper()
	var f file
	if err := json.Unmarshal([]byte(c.body), &f); err != nil || f.URI == "" {
		t.Fatalf("body %s is not that of a file event: %v", c.body, err)
	}
	return f
}

// A receiver is the operator's server.
type receiver struct {
	change
	URL string

	mu        sync.Mutex
	callbacks []callback
	// answer returns the status for a callback, and keeps the server waiting while
	// it runs; nil answers 200.
	answer func(c callback) int
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{URL: "http://" + ln.Addr().String() + "/hook"}
	r.listen(t, ln)
	return r
}

// listen takes callbacks until the test ends, and shows them if it failed.
func (r *receiver) listen(t testing.TB, ln net.Listener) {
	t.Helper()
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: r}}
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, c := range r.received() {
			t.Logf("callback %s %s answered %d: %s", c.id, c.event, c.status, c.body)
		}
	})
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	c := callback{
		id:     req.Header.Get("webhook-id"),
		event:  req.Header.Get("X-Live-Event-Type"),
		header: req.Header,
		host:   req.Host,
		body:   string(body),
	}
	r.mu.Lock()
	r.callbacks = append(r.callbacks, c)
	n, answer := len(r.callbacks), r.answer
	r.mu.Unlock()
	r.happened()
	c.status = http.StatusOK
	if answer != nil {
		c.status = answer(c)
	}
	w.WriteHeader(c.status)
	r.mu.Lock()
	r.callbacks[n-1].status = c.status
	r.mu.Unlock()
	r.happened()
}

// answerWith sets what callbacks are answered with from now on.
func (r *receiver) answerWith(answer func(c callback) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// received returns what has come so far.
func (r *receiver) received() []callback {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.callbacks)
}

// accepted returns what was answered with 200.
func (r *receiver) accepted() []callback {
	return slices.DeleteFunc(r.received(), func(c callback) bool { return c.status != http.StatusOK })
}

// awaitAccepted returns the accepted callbacks once there are n.
func (r *receiver) awaitAccepted(t testing.TB, n int) []callback {
	t.Helper()
	var got []callback
	r.await(t, fmt.Sprint(n, " accepted callbacks"), func() bool {
		got = r.accepted()
		return len(got) >= n
	})
	return got
}

// events returns the types of callbacks.
func events(callbacks []callback) []string {
	types := make([]string, len(callbacks))
	for i, c := range callbacks {
		types[i] = c.event
	}
	return types
}
