package receiver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// EventOnDemand marks the question whether a stream is to be recorded, a GET
// (spec recording-and-callbacks 2.2).
const EventOnDemand live.EventType = "on_demand"

// A Verdict says what a signature is worth: one of the constants, or
// "INVALID: " and a reason.
type Verdict string

const (
	Unsigned   Verdict = "unsigned"
	Valid      Verdict = "valid"
	NotChecked Verdict = "not checked" // signed, but no key or secret is known
)

// verdict turns the result of a verification into words.
func verdict(err error) Verdict {
	switch {
	case err == nil:
		return Valid
	case errors.Is(err, wire.ErrUnsigned):
		return Unsigned
	}
	return Verdict("INVALID: " + strings.TrimPrefix(err.Error(), wire.ErrSignature.Error()+": "))
}

// A Callback is one request as it was understood.
type Callback struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Host   string    `json:"host"`
	Path   string    `json:"path"` // query included

	// Event is live.EventFileCreated for a body with a uri and no event, and ""
	// for a request that is no callback; Problem says why it is none.
	Event   live.EventType `json:"event,omitempty"`
	Domain  string         `json:"domain,omitempty"`
	App     string         `json:"app,omitempty"`
	Stream  string         `json:"stream,omitempty"`
	URI     string         `json:"uri,omitempty"`   // of a file
	Video   string         `json:"video,omitempty"` // of a question: codec and bit rate
	Problem string         `json:"problem,omitempty"`

	// From headers that receivers need not know; zero where they are missing.
	EventID string `json:"event_id,omitempty"`
	Seq     int64  `json:"seq,omitempty"`
	Attempt int    `json:"attempt,omitempty"`

	VendorSignature  Verdict `json:"vendor_signature"`
	WebhookSignature Verdict `json:"webhook_signature"`

	Status int             `json:"status"`           // of the answer
	Answer json.RawMessage `json:"answer,omitempty"` // to a question
	Body   json.RawMessage `json:"body,omitempty"`
}

// parse understands a request whose body has been read.
func parse(r *http.Request, body []byte, now time.Time) Callback {
	c := Callback{
		Time:    now,
		Method:  r.Method,
		Host:    r.Host,
		Path:    r.URL.RequestURI(),
		EventID: r.Header.Get(wire.HeaderWebhookID),
	}
	// Headers that are no numbers count as missing.
	c.Seq, _ = strconv.ParseInt(r.Header.Get(wire.HeaderEventSeq), 10, 64)
	c.Attempt, _ = strconv.Atoi(r.Header.Get(wire.HeaderAttempt))
	switch query := r.URL.Query(); {
	case r.Method == http.MethodPost:
		c.parseBody(body)
	case r.Method == http.MethodGet && query.Has("domain") && query.Has("app") && query.Has("stream"):
		c.Event, c.Domain, c.App, c.Stream = EventOnDemand, query.Get("domain"), query.Get("app"), query.Get("stream")
		c.Video = strings.TrimSpace(query.Get("codec") + " " + query.Get("vbitrate") + " kbit/s")
	case r.Method == http.MethodGet && wire.IsPublish(live.EventType(query.Get("action"))):
		c.Event = live.EventType(query.Get("action"))
		c.Domain, c.App, c.Stream = query.Get("app"), query.Get("appname"), query.Get("id")
	default:
		c.Problem = "neither a POST nor a question whether to record nor news of a push"
	}
	return c
}

// parseBody understands the body of a POST.
func (c *Callback) parseBody(body []byte) {
	if json.Valid(body) {
		c.Body = body
	}
	var members struct {
		Domain string         `json:"domain"`
		App    string         `json:"app"`
		Stream string         `json:"stream"`
		Event  live.EventType `json:"event"`
		Type   live.EventType `json:"type"` // of a rich body
		URI    string         `json:"uri"`
	}
	if err := json.Unmarshal(body, &members); err != nil {
		c.Problem = "body: " + err.Error()
		return
	}
	if members.Event == "" {
		members.Event = members.Type
	}
	if members.Event == "" && members.URI != "" {
		members.Event = live.EventFileCreated
	}
	if members.Domain == "" || members.App == "" || members.Stream == "" || members.Event == "" {
		c.Problem = "body lacks domain, app, stream, or both event and uri"
		return
	}
	c.Event, c.Domain, c.App, c.Stream, c.URI = members.Event, members.Domain, members.App, members.Stream, members.URI
}
