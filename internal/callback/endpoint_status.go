package callback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// An EndpointState says in one word how an endpoint does.
type EndpointState string

const (
	EndpointUntried EndpointState = "untried" // no attempt is known
	EndpointOK      EndpointState = "ok"      // its server took the last callback
	EndpointFailing EndpointState = "failing" // its server refused the last callback, or did not answer
	EndpointOpen    EndpointState = "open"    // its server does not answer and is only probed: the breaker is open
	EndpointParked  EndpointState = "parked"  // nothing is sent until it is resumed
)

// An EndpointStatus is a URL that is told of a domain's events, and how it does.
type EndpointStatus struct {
	// Endpoint has no ID for the URL of a notify config, and no Domain either for a
	// URL that is told of nothing new but parked or still owed something.
	live.Endpoint

	State  EndpointState
	Parked *live.ParkedEndpoint // nil unless it is parked
	// Health is that of the URL's server, which all its URLs share: what the node that
	// tried it last knows, with the last success and failure of all nodes. It is up to
	// half a minute old.
	Health live.ReceiverHealth
	// Backlog is what is not delivered to the URL, of whichever domain.
	Backlog live.Backlog
}

// Endpoints returns the URLs that are told of the domains of an account, by domain,
// then those that have no domain any more. It counts what waits for them, which takes
// the longer the more that is.
func Endpoints(ctx context.Context, r store.Reader, account live.AccountID) ([]EndpointStatus, error) {
	told, err := toldEndpoints(ctx, r, account)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	parkedList, err := r.ParkedEndpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	backlogs, err := r.Backlogs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	known, err := r.ReceiverHealth(ctx)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}

	parked := make(map[string]*live.ParkedEndpoint, len(parkedList))
	for i, p := range parkedList {
		parked[p.URL] = &parkedList[i]
	}
	backlog := make(map[string]live.Backlog, len(backlogs))
	for _, b := range backlogs {
		backlog[b.URL] = b
	}
	for _, url := range withoutDomain(told, parkedList, backlogs) {
		told = append(told, live.Endpoint{URL: url})
	}
	health := healthOfAll(known)
	list := make([]EndpointStatus, len(told))
	for i, e := range told {
		h := health[live.Origin(e.URL)]
		list[i] = EndpointStatus{Endpoint: e, State: stateOf(h, parked[e.URL]), Parked: parked[e.URL], Health: h, Backlog: backlog[e.URL]}
	}
	return list, nil
}

// toldEndpoints returns the endpoints of an account's domains, those of notify
// configs first.
func toldEndpoints(ctx context.Context, r store.Reader, account live.AccountID) (list []live.Endpoint, err error) {
	domains, err := r.Domains(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, d := range domains {
		c, err := r.NotifyConfig(ctx, d.Name)
		if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
			return nil, err
		}
		if c.NotifyURL != "" {
			wanted := slices.DeleteFunc(live.EventTypes(), func(t live.EventType) bool { return t.OfPushes() || !c.Wants(t) })
			list = append(list, live.Endpoint{Domain: d.Name, URL: c.NotifyURL, Events: wanted})
		}
		s, err := r.StreamsNotifyConfig(ctx, d.Name)
		if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
			return nil, err
		}
		if s.NotifyURL != "" {
			list = append(list, live.Endpoint{Domain: d.Name, URL: s.NotifyURL, Events: []live.EventType{live.EventPublish, live.EventPublishDone}})
		}
		further, err := r.Endpoints(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, further...)
	}
	return list, nil
}

// withoutDomain returns the URLs that are parked or owed something, and are not told.
func withoutDomain(told []live.Endpoint, parked []live.ParkedEndpoint, backlogs []live.Backlog) []string {
	known := make(map[string]bool, len(told))
	for _, e := range told {
		known[e.URL] = true
	}
	var urls []string
	add := func(url string) {
		if !known[url] {
			known[url] = true
			urls = append(urls, url)
		}
	}
	for _, p := range parked {
		add(p.URL)
	}
	for _, b := range backlogs {
		if b.Pending > 0 {
			add(b.URL)
		}
	}
	slices.Sort(urls)
	return urls
}

// healthOfAll returns what all nodes together know, by origin.
func healthOfAll(known []live.ReceiverHealth) map[string]live.ReceiverHealth {
	all := make(map[string]live.ReceiverHealth)
	for _, h := range known {
		h.Node = ""
		other, ok := all[h.Origin]
		if !ok {
			all[h.Origin] = h
			continue
		}
		if lastAttempt(other).After(lastAttempt(h)) {
			h, other = other, h
		}
		h.SucceededAt = maxTime(h.SucceededAt, other.SucceededAt)
		if other.FailedAt.After(h.FailedAt) {
			h.FailedAt, h.FailedStatus, h.FailedErr = other.FailedAt, other.FailedStatus, other.FailedErr
		}
		all[h.Origin] = h
	}
	return all
}

func lastAttempt(h live.ReceiverHealth) time.Time { return maxTime(h.SucceededAt, h.FailedAt) }

func stateOf(h live.ReceiverHealth, parked *live.ParkedEndpoint) EndpointState {
	switch {
	case parked != nil:
		return EndpointParked
	case h.Probed():
		return EndpointOpen
	case h.Fails():
		return EndpointFailing
	case h.SucceededAt.IsZero():
		return EndpointUntried
	}
	return EndpointOK
}
