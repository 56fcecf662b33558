package callback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// Bounds on an answer. Its status decides; of its body the first bytes are kept
// for the log, and some more are read so that the connection can be used again.
const (
	maxResponseHeader = 64 << 10 // bytes
	keptResponse      = 2 << 10  // bytes
	discardedResponse = 64 << 10 // bytes
	responseWait      = time.Second
	maxErrText        = 1 << 10 // bytes
)

// idleTimeout is how long a connection waits for the next callback: less than the
// minute after which most servers close it, because a POST that meets the closing
// fails and costs an attempt.
const idleTimeout = 30 * time.Second

// maxIdleConns bounds the connections that wait: a new one costs more than all else
// of a callback. The buffers of a connection, which it has for as long as it is
// open, hold a callback and the header of an answer.
const (
	maxIdleConns = 12 << 10
	writeBuffer  = 1536 // bytes
	readBuffer   = 512  // bytes
)

// DefaultUserAgent is what the vendor's callbacks are sent under.
const DefaultUserAgent = "Go-http-client/1.1"

// newTransport returns the client side of HTTP/1.1 that dials through the guard,
// uses no proxy, and keeps up to perOrigin connections to a receiver.
func newTransport(g *Guard, perOrigin int) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            g.DialContext,
		Protocols:              protocols,
		DisableCompression:     true, // so that the bounds count what was sent
		MaxIdleConns:           maxIdleConns,
		ReadBufferSize:         readBuffer,
		WriteBufferSize:        writeBuffer,
		MaxIdleConnsPerHost:    perOrigin,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

// A sender makes attempts. It follows no redirects and keeps no cookies.
type sender struct {
	transport    *http.Transport
	userAgent    string
	secrets      *secretBook
	eventHeaders bool
	cloudEvents  bool
	sees         func(*http.Request) // is told of each request before it is sent; may be nil
}

func newSender(c Config) *sender {
	return &sender{
		transport:    newTransport(c.Guard, newLimits(c.Limits).concurrency(c.PerOrigin)),
		userAgent:    cmp.Or(c.UserAgent, DefaultUserAgent),
		secrets:      &secretBook{store: c.Store, preset: c.Secret},
		eventHeaders: c.EventHeaders,
		cloudEvents:  c.CloudEvents,
	}
}

var errTimeout = errors.New("timeout")

// send makes the next attempt of dv and returns what came of it. It waits for the
// status of the answer up to timeout, and for its body a little longer.
func (s *sender) send(ctx context.Context, dv live.Delivery, timeout time.Duration) live.Attempt {
	a := live.Attempt{Delivery: dv.ID, Number: dv.NextAttempt(), StartedAt: time.Now(), Replay: dv.Replayed()}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(timeout, func() { cancel(errTimeout) })
	defer alarm.Stop()
	var trace addressTrace

	r, err := s.newRequest(trace.follow(ctx), dv, a)
	var response *http.Response
	if err == nil {
		if s.sees != nil {
			s.sees(r)
		}
		// The transport, not a client: clients follow redirects.
		response, err = s.transport.RoundTrip(r)
	}
	a.Elapsed = time.Since(a.StartedAt)
	a.Address = trace.last()
	switch {
	case err == nil:
		alarm.Reset(responseWait)
		a.Status = response.StatusCode
		a.RetryAfter = retryAfter(response.Header, time.Now())
		a.Response = readResponse(response)
	case context.Cause(ctx) == errTimeout:
		a.Err = fmt.Sprintf("no answer within %v", timeout)
	default:
		a.Err = errText(err)
	}
	return a
}

// newRequest returns the request of attempt a with all its headers.
func (s *sender) newRequest(ctx context.Context, dv live.Delivery, a live.Attempt) (*http.Request, error) {
	r, body, err := newRequest(ctx, dv, a.StartedAt)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", s.userAgent)
	if s.eventHeaders {
		wire.SetEventHeaders(r.Header, dv.Event, a.Number)
	}
	if a.Replay {
		r.Header.Set(wire.HeaderReplay, "1")
	}
	if s.cloudEvents && len(body) > 0 { // the binding wants a method with a body
		wire.SetCloudEventHeaders(r.Header, dv.Event)
	}
	secrets, err := s.secrets.of(ctx, dv)
	if err != nil {
		return nil, err
	}
	if len(secrets) > 0 {
		wire.SignWebhook(r.Header, string(dv.Event.ID), body, secrets, a.StartedAt)
	}
	return r, nil
}

// An addressTrace keeps the address that a request is sent to, or was last dialled
// for. Who dials may go on after the attempt has ended.
type addressTrace struct {
	mu      sync.Mutex
	address string
	trace   httptrace.ClientTrace
}

// follow returns a context whose request is traced.
func (t *addressTrace) follow(ctx context.Context) context.Context {
	t.trace.ConnectStart = func(_, address string) { t.set(address) }
	t.trace.GotConn = func(info httptrace.GotConnInfo) { t.set(info.Conn.RemoteAddr().String()) }
	return httptrace.WithClientTrace(ctx, &t.trace)
}

func (t *addressTrace) set(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.address = address
}

// last returns the address, "" if nothing was dialled yet.
func (t *addressTrace) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.address
}

// readResponse reads a bounded part of an answer's body, closes it and returns
// what is kept.
func readResponse(r *http.Response) string {
	defer r.Body.Close()
	if r.Body == http.NoBody {
		return ""
	}
	room := int64(keptResponse)
	if r.ContentLength >= 0 {
		room = min(room, r.ContentLength)
	}
	kept := make([]byte, room)
	n, _ := io.ReadFull(r.Body, kept) // what came before an error counts
	io.CopyN(io.Discard, r.Body, discardedResponse)
	return strings.ToValidUTF8(string(kept[:n]), "\uFFFD")
}

// errText returns an error as one bounded line.
func errText(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	return strings.ToValidUTF8(text[:min(len(text), maxErrText)], "\uFFFD")
}

// succeeded reports whether the receiver took the callback: with any 2xx, though
// the vendor names 200 alone. A redirect is a failure.
func succeeded(a live.Attempt) bool { return a.Status >= 200 && a.Status <= 299 }
