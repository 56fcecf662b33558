package callback

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// newRequest returns the request of an attempt that starts at now, and its body:
// what the vendor documents of it, which depends on the delivery and now alone.
func newRequest(ctx context.Context, dv live.Delivery, now time.Time) (r *http.Request, body []byte, err error) {
	t, err := parseURL(dv.URL)
	if err != nil {
		return nil, nil, err
	}
	if wire.IsPublish(dv.Event.Type) && !dv.Rich {
		var query string
		if query, err = wire.PublishQuery(dv.Event); err == nil {
			r, err = newGet(ctx, dv.URL, query)
		}
	} else if body, err = newBody(dv); err == nil {
		r, err = http.NewRequestWithContext(ctx, http.MethodPost, dv.URL, bytes.NewReader(body))
	}
	if err != nil {
		return nil, nil, err
	}
	setHost(r, t)
	signed := r.URL.Host
	if r.Method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	} else {
		signed = dv.Event.Key.Domain // the ingest domain: V2 of the signature
	}
	if dv.SignKey != "" {
		wire.SignLive(r.Header, signed, dv.SignKey, now)
	}
	return r, body, nil
}

// newBody returns the body of a POST that tells of the event of dv.
func newBody(dv live.Delivery) ([]byte, error) {
	if dv.Rich {
		return wire.RichBody(dv.Event)
	}
	return wire.Body(dv.Event)
}

// newGet returns a GET of rawURL whose own query, if any, goes on with query.
func newGet(ctx context.Context, rawURL, query string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, http.NoBody)
	if err != nil {
		return nil, err
	}
	if r.URL.RawQuery != "" {
		query = r.URL.RawQuery + "&" + query
	}
	r.URL.RawQuery = query
	return r, nil
}

// setHost writes the host of r's URL, whose target is t, in punycode where it is
// not ASCII, so that the Host header is what is signed.
func setHost(r *http.Request, t target) {
	if !isASCII(r.URL.Host) {
		r.URL.Host = strings.Replace(r.URL.Host, r.URL.Hostname(), t.name, 1)
		r.Host = r.URL.Host
	}
}

// Sent returns what an attempt to deliver dv sent: the body, or the query of a
// GET, and the headers that the vendor documents, type and signature. It is for
// the log of callbacks.
func Sent(dv live.Delivery, a live.Attempt) (http.Header, []byte, error) {
	r, body, err := newRequest(context.Background(), dv, a.StartedAt)
	if err != nil {
		return nil, nil, err
	}
	if r.Method == http.MethodGet {
		body = []byte(r.URL.RawQuery)
	}
	return r.Header, body, nil
}
