package api

import (
	"context"
	"slices"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamState = operation{
	name:     "DescribeLiveStreamState",
	summary:  "Says whether a stream is pushed now.",
	qps:      100,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainName", about: "Streaming domain, or an ingest domain that is mapped to one.", example: "play.example.com"},
		appParameter,
		streamParameter,
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidParam,
	},
	handler: handle((*Server).describeLiveStreamState),
}

type describeLiveStreamStateRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName,required"`
	StreamName string `rpc:"StreamName,required"`
	RegionID   string `rpc:"RegionId"`
}

type describeLiveStreamStateResponse struct {
	StreamState string `rpc:"StreamState"`
	Type        string `rpc:"Type"`
}

func (s *Server) describeLiveStreamState(ctx context.Context, c caller, q *describeLiveStreamStateRequest) (describeLiveStreamStateResponse, error) {
	answer := describeLiveStreamStateResponse{StreamState: "offline", Type: "push"}
	key := live.StreamKey{App: q.AppName, Stream: q.StreamName}
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		key.Domain, err = streamsDomain(ctx, r, c, q.DomainName)
		return err
	})
	if err != nil {
		return answer, err
	}
	if live.ValidateName(key.App) != nil || live.ValidateName(key.Stream) != nil {
		return answer, apierr.InvalidParam
	}
	sessions, err := s.liveSessions(ctx, key.Domain)
	if err != nil {
		return answer, err
	}
	if slices.ContainsFunc(sessions, func(session live.SessionInfo) bool { return session.Key == key }) {
		answer.StreamState = "online"
	}
	return answer, nil
}
