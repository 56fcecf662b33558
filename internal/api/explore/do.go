package explore

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// maxAnswer bounds what is kept of an answer, in bytes.
	maxAnswer = 1 << 20
	// maxTime bounds a call. Answers that go on for as long as the caller stays are
	// ended by it.
	maxTime = 10 * time.Second
)

// An Answer is what came back.
type Answer struct {
	Status    int // HTTP
	Header    http.Header
	Body      []byte
	RequestID string
	Duration  time.Duration
	// Cut says that the answer was longer than 1 MiB, or went on for longer than 10
	// seconds, and that Body is its beginning.
	Cut bool
}

// Do hands the request to the handler as if it came over the connection of from,
// and waits for the answer, for 10 seconds at most or until from is over. It fails
// only for a request that Build has not made.
func (r *Request) Do(from *http.Request, h http.Handler) (*Answer, error) {
	ctx, cancel := context.WithTimeout(from.Context(), maxTime)
	defer cancel()
	hr, err := http.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("request of the explorer: %w", err)
	}
	hr.Header = r.Header.Clone()
	hr.RequestURI = hr.URL.RequestURI()
	hr.RemoteAddr, hr.TLS = from.RemoteAddr, from.TLS // policies can ask for them
	w := &recorder{header: http.Header{}, full: cancel}
	started := time.Now()
	h.ServeHTTP(w, hr)
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	return &Answer{
		Status:    w.status,
		Header:    w.sent,
		Body:      w.body,
		RequestID: w.sent.Get("x-acs-request-id"),
		Duration:  time.Since(started),
		Cut:       w.cut || ctx.Err() != nil,
	}, nil
}

// A recorder is an http.ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	sent   http.Header // nil until the header is written
	status int
	body   []byte
	cut    bool
	full   func() // ends the call
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.sent == nil {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write keeps what there is room for. It takes the rest, too: what a handler
// makes of a failed write is not the caller's to see.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	room := maxAnswer - len(w.body)
	w.body = append(w.body, b[:min(room, len(b))]...)
	if len(b) > room {
		w.cut = true
		w.full()
	}
	return len(b), nil
}

// Flush is for handlers that stream.
func (w *recorder) Flush() { w.WriteHeader(http.StatusOK) }
