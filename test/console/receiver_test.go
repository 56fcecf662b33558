package console

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// A callback is one request that came to a receiver.
type callback struct {
	id   string // of the event
	kind string // of the event
	uri  string // of the file, where the event is one of a file
}

// A receiver is the operator's server. Requests to the path /broken are answered
// with status 500, others with 200.
type receiver struct {
	change
	URL string

	mu   sync.Mutex
	came []callback
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	r.URL = srv.URL
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/broken" {
		http.Error(w, "this receiver is broken", http.StatusInternalServerError)
		return
	}
	var body struct {
		URI string `json:"uri"`
	}
	if content, err := io.ReadAll(req.Body); err == nil {
		json.Unmarshal(content, &body) // events without a file have none
	}
	r.mu.Lock()
	r.came = append(r.came, callback{req.Header.Get("webhook-id"), req.Header.Get("X-Live-Event-Type"), body.URI})
	r.mu.Unlock()
	r.happened()
}

// received returns what has come so far.
func (r *receiver) received() []callback {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.came)
}

// awaitFiles returns the callbacks of files once there are n.
func (r *receiver) awaitFiles(t testing.TB, n int) []callback {
	t.Helper()
	var files []callback
	r.await(t, "callbacks of files", func() bool {
		files = slices.DeleteFunc(r.received(), func(c callback) bool { return c.uri == "" })
		return len(files) >= n
	})
	return files
}

// countOf returns how often an event has come.
func (r *receiver) countOf(id string) (n int) {
	for _, c := range r.received() {
		if c.id == id {
			n++
		}
	}
	return n
}
