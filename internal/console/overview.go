package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// overviewRoutes are those of the first page.
var overviewRoutes = []route{
	{pattern: "GET " + Root + "{$}", handle: (*visit).overviewPage},
}

const (
	// overviewInterval is how often the first page is made anew.
	overviewInterval = 3 * time.Second
	// overviewEvents are how many it shows, of the overviewEventWindow newest of the
	// server that the visitor may know of.
	overviewEvents      = 10
	overviewEventWindow = 200
	// overviewDomains bounds the domains whose receivers it looks at.
	overviewDomains = 200
)

// An overview is the first page. What is nil the visitor may not know of.
type overview struct {
	Streams     *streamCounts
	Files       *fileCounts
	Undelivered *deliveryCounts
	Troubles    []trouble
	Events      []latestEvent
	Steps       *firstSteps // nil: the server has seen a push, or the visitor cannot take them

	Server   string // URL of the app that OBS is told
	PushURL  string // of a stream
	Endpoint string // HOST:PORT that SDKs call
	TLS      bool   // by HTTPS
}

// streamCounts count streams.
type streamCounts struct{ Live, Recording int }

// fileCounts count the files of the last day.
type fileCounts struct {
	live.StoredTotal
	More bool // not all were counted
}

// deliveryCounts count what is not delivered, and the receivers that fail.
type deliveryCounts struct {
	live.UndeliveredTotal
	MorePending, MoreDead bool // not all were counted
	Failing               int
}

// A latestEvent is an event and where there is more about it.
type latestEvent struct {
	live.Event
	Page string // of its stream; empty for an ingest domain, which has none
}

func (v *visit) overviewPage() error {
	return v.watch("overview.html", "Overview", overviewInterval, func() (any, error) {
		streams, err := v.domains(readStreams, live.StreamingDomain)
		if err != nil {
			return nil, err
		}
		o := overview{Endpoint: v.r.Host, TLS: v.r.TLS != nil || v.Secure}
		first := ""
		if len(streams) > 0 {
			first = streams[0].Name
		}
		o.Server, o.PushURL = v.pushURLs(first)
		if len(streams) > 0 {
			v.countStreams(&o, streams)
		}
		if err := v.spaceTroubles(&o); err != nil {
			return nil, err
		}
		if err := v.countTotals(&o); err != nil {
			return nil, err
		}
		if len(o.Events) == 0 && (o.Streams == nil || o.Streams.Live == 0) {
			o.Steps, err = v.firstSteps(streams)
		}
		return o, err
	})
}

// countStreams counts the streams of domains, and adds what is wrong with them.
func (v *visit) countStreams(o *overview, domains []live.Domain) {
	o.Streams = &streamCounts{}
	for _, s := range v.Streams.Sessions() {
		if !holds(domains, s.Key.Domain) {
			continue
		}
		o.Streams.Live++
		activity := v.Recorder.Status(s.Key).Activity
		if activity == live.RecordRunning {
			o.Streams.Recording++
		}
		if t, ok := v.streamTrouble(s, activity); ok && len(o.Troubles) < maxTroubles {
			o.Troubles = append(o.Troubles, t)
		}
	}
}

// holds reports whether a domain is one of the list.
func holds(domains []live.Domain, name string) bool {
	return slices.ContainsFunc(domains, func(d live.Domain) bool { return d.Name == name })
}

// countTotals fills in what the store knows: files, deliveries, their receivers
// and the latest events.
func (v *visit) countTotals(o *overview) error {
	recordings, err := v.domains(readRecordings, live.StreamingDomain)
	if err != nil {
		return err
	}
	callbacks, err := v.domains(readCallbacks, "")
	if err != nil || len(recordings)+len(callbacks) == 0 {
		return err
	}
	ctx := v.r.Context()
	counted, err := v.totals.read(ctx, v.Store, v.Now())
	if err != nil {
		return err
	}
	if len(recordings) > 0 {
		o.Files = counted.files(recordings)
	}
	if len(callbacks) == 0 {
		return nil
	}
	o.Undelivered = counted.deliveries(callbacks)
	err = v.Store.View(ctx, func(r store.Reader) error {
		if o.Events, err = latestEvents(ctx, r, callbacks); err != nil {
			return err
		}
		receivers, err := readReceivers(ctx, r, callbacks[:min(len(callbacks), overviewDomains)])
		if err != nil {
			return err
		}
		o.Undelivered.Failing = len(receivers.failing)
		o.Troubles = append(o.Troubles, v.receiverTroubles(receivers)...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read overview: %w", err)
	}
	return nil
}

// latestEvents returns the newest events of domains.
func latestEvents(ctx context.Context, r store.Reader, domains []live.Domain) (list []latestEvent, err error) {
	all, err := r.LatestEvents(ctx, overviewEventWindow)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		i := slices.IndexFunc(domains, func(d live.Domain) bool { return d.Name == e.Key.Domain })
		if i < 0 {
			continue
		}
		page := ""
		if domains[i].Type == live.StreamingDomain {
			page = streamAddress(e.Key)
		}
		if list = append(list, latestEvent{e, page}); len(list) == overviewEvents {
			break
		}
	}
	return list, nil
}

// pushURLs returns by which URLs an encoder reaches this server as the visitor
// does: of an app of the domain, and of a stream in it. Without a domain they name
// exampleDomain.
func (v *visit) pushURLs(domain string) (app, stream string) {
	vhost := url.Values{"vhost": {cmp.Or(domain, exampleDomain)}}
	host, port := v.visitedHost(), v.pushPort()
	return pushURL(host, port, "/live", vhost), pushURL(host, port, "/live/show", vhost)
}
