package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// maxReplays bounds the deliveries that one call replays, so that it ends in time.
const maxReplays = 500

// replayDeliveries is an operation of our own, which the service does not have.
var replayDeliveries = operation{
	name:     "TallylightReplayDeliveries",
	summary:  "Has callbacks about a domain made once more, at most 500 a call, under the ids that their events have.",
	qps:      10,
	access:   accessUpdate,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
		{name: "AppName", about: "Those about this app only.", example: "live"},
		{name: "StreamName", about: "Those about streams of this name only.", example: "show"},
		{name: "Id", about: "The delivery of this id only, or those of the event of this id (webhook-id).", example: "evt_01k9vq3c5x8j2m4n6p7r9s1t3v"},
		{name: "Endpoint", about: "Those to this server only.", limits: "Scheme, host and port of a URL.", example: "https://example.com"},
		{name: "StartTime", about: "Those of events from this time on.", limits: "UTC.", example: "2026-11-23T08:00:00Z"},
		{name: "EndTime", about: "Those of events before this time.", limits: "UTC.", example: "2026-11-23T20:00:00Z"},
		{name: "Status", about: "Which of them: those that were given up, or all.", preset: "failed", limits: "failed, all", example: "failed"},
		{name: "After", about: "Goes on where an earlier call ended: its Next.", example: "dlv_01k9vq3c5x8j2m4n6p7r9s1t3v"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.Invalid("Endpoint"),
		apierr.Invalid("Status"),
		apierr.Invalid("After"),
	},
	handler: handle((*Server).replayDeliveries),
}

// A replayer has the deliveries that a query selects made once more.
type replayer interface {
	Replay(ctx context.Context, q live.DeliveryQuery) (live.Replay, error)
}

type replayDeliveriesRequest struct {
	DomainName string    `rpc:"DomainName,required"`
	AppName    string    `rpc:"AppName"`
	StreamName string    `rpc:"StreamName"`
	ID         string    `rpc:"Id"`
	Endpoint   string    `rpc:"Endpoint"`
	StartTime  time.Time `rpc:"StartTime"`
	EndTime    time.Time `rpc:"EndTime"`
	Status     string    `rpc:"Status"`
	After      string    `rpc:"After"`
}

type replayDeliveriesResponse struct {
	Replayed int    `rpc:"Replayed"`
	Left     int    `rpc:"Left"` // on their way anyway
	Next     string `rpc:"Next"` // "" once all were looked at
}

// Values of Status.
const (
	replayFailed = "failed"
	replayAll    = "all"
)

func (s *Server) replayDeliveries(ctx context.Context, c caller, q *replayDeliveriesRequest) (answer replayDeliveriesResponse, err error) {
	selected := live.DeliveryQuery{
		ID: q.ID, App: q.AppName, Stream: q.StreamName, From: q.StartTime, To: q.EndTime, Limit: maxReplays,
	}
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := domain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		selected.Domain = d.Name
		if err := q.apply(&selected); err != nil || q.After == "" {
			return err
		}
		after, err := r.Delivery(ctx, live.DeliveryID(q.After))
		if errors.Is(err, live.ErrNotFound) || err == nil && after.Event.Key.Domain != d.Name {
			return apierr.Invalid("After")
		}
		selected.After = &after
		return err
	})
	if err != nil {
		return answer, err
	}
	done, err := s.replays.Replay(ctx, selected)
	if err != nil {
		return answer, err
	}
	answer.Replayed, answer.Left = done.Replayed, done.Left
	if done.Last != nil {
		answer.Next = string(done.Last.ID)
	}
	return answer, nil
}

// apply writes the conditions of q that can be wrong into the query.
func (q *replayDeliveriesRequest) apply(selected *live.DeliveryQuery) error {
	switch q.Status {
	case "", replayFailed:
		selected.State = live.DeliveryDead
	case replayAll:
	default:
		return apierr.Invalid("Status")
	}
	if q.Endpoint != "" {
		selected.Origin = live.Origin(q.Endpoint)
		if !strings.Contains(selected.Origin, "://") {
			return apierr.Invalid("Endpoint")
		}
	}
	return nil
}
