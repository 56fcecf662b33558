// Package events is the stream in which the server hands the events of a domain
// to whoever follows them, both ends of it: what is in it, how it is written by
// the API and read by a client.
//
// The stream is one of server-sent events (WHATWG HTML, section 9.2) with two
// types: "callback", whose data is a Callback, and "time", whose data is the
// server's clock and which shows in quiet times that the connection lives.
package events

import (
	"net/http"
	"time"
)

// ContentType is that of the stream.
const ContentType = "text/event-stream"

// TimeInterval is how long the stream is silent, give or take a second or two.
const TimeInterval = 15 * time.Second

// MaxEvent bounds one event of the stream, in bytes.
const MaxEvent = 1 << 20

// A Callback is an event as the request that a receiver gets for it.
type Callback struct {
	ID         string    `json:"id"` // of the event, as in webhook-id
	Type       string    `json:"type"`
	App        string    `json:"app"`
	Stream     string    `json:"stream"`
	Seq        int64     `json:"seq"` // counts the events of the stream from 1
	OccurredAt time.Time `json:"occurred_at"`

	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
	Body   string      `json:"body,omitempty"`
}

// A Time tells the server's clock.
type Time struct {
	Now time.Time `json:"now"`
}

// An Event is a piece of the stream: a Callback or a Time, the other is nil.
type Event struct {
	Callback *Callback
	Time     *Time
}

// Names of the types.
const (
	nameCallback = "callback"
	nameTime     = "time"
)
