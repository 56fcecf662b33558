package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/events"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// maxFollowers bounds how many follow events at a time, on all domains together.
const maxFollowers = 32

// followEvents is an operation of our own, which the service does not have: its
// name says so, and it stands beside the table of the operations that are
// compatible. Its answer is a stream (package events).
var followEvents = operation{
	name:     "TallylightFollowEvents",
	summary:  "Hands the events of a domain to the caller as they come, each as the callback that would be sent to CallbackUrl.",
	qps:      10,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
		{name: "CallbackUrl", about: "URL that the callbacks are written and signed for. The server never calls it.", limits: "Absolute http or https URL.", example: "http://localhost:3000/hook"},
		{name: "After", about: "What the caller has already: app/stream:number, separated by commas.", limits: "At most 1000 streams.", example: "live/show:12"},
		{name: "Since", about: "Time from which on events of other streams count, up to 64 of each. Left out, only those to come.", limits: "UTC.", example: "2026-11-23T08:00:00Z"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.Invalid("CallbackUrl"),
		apierr.Invalid("After"),
		apierr.Throttling,
	},
	handler: handle((*Server).followEvents),
}

type followEventsRequest struct {
	DomainName  string     `rpc:"DomainName,required"`
	CallbackURL string     `rpc:"CallbackUrl,required"`
	After       string     `rpc:"After"`
	Since       *time.Time `rpc:"Since"`
}

// A requestFunc returns the request by which a delivery is made at a time, and
// its body.
type requestFunc func(live.Delivery, time.Time) (*http.Request, []byte, error)

func (s *Server) followEvents(ctx context.Context, c caller, q *followEventsRequest) (*follower, error) {
	after, err := events.ParsePositions(q.After)
	if err != nil {
		return nil, apierr.Invalid("After")
	}
	sample := live.Delivery{Event: live.Event{Type: live.EventRecordStarted}, URL: q.CallbackURL}
	if _, _, err := s.request(sample, s.now()); err != nil {
		return nil, apierr.Invalid("CallbackUrl")
	}
	var d live.Domain
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err = domain(ctx, r, c, q.DomainName)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := &follower{server: s, domain: d, url: q.CallbackURL, seen: make(map[live.StreamKey]int64)}
	for _, p := range after {
		f.seen[live.StreamKey{Domain: d.Name, App: p.App, Stream: p.Stream}] = p.Seq
	}
	if q.Since != nil {
		f.since = *q.Since
	}
	if !s.followers.enter() {
		return nil, apierr.Throttling
	}
	if err := f.begin(ctx); err != nil {
		s.followers.leave()
		return nil, err
	}
	return f, nil
}

// signKey returns the key that callbacks about a domain are signed with, "" for
// none.
func signKey(ctx context.Context, r store.Reader, d live.Domain) (string, error) {
	var key string
	var err error
	if d.Type == live.StreamingDomain {
		var c live.NotifyConfig
		c, err = r.NotifyConfig(ctx, d.Name)
		key = c.SignKey()
	} else {
		var c live.StreamsNotifyConfig
		c, err = r.StreamsNotifyConfig(ctx, d.Name)
		key = c.SignKey()
	}
	if errors.Is(err, live.ErrConfigNotFound) {
		return "", nil
	}
	return key, err
}
