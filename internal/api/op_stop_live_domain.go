package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
)

var stopLiveDomain = operation{
	name:     "StopLiveDomain",
	summary:  "Stops a domain: it refuses pushes, and those that run through it end. Its configuration stays, and callbacks that are owed are delivered.",
	qps:      30,
	access:   accessUpdate,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
	},
	errs:    []*apierr.Error{apierr.InvalidDomainNotFound},
	handler: handle((*Server).stopLiveDomain),
}

type stopLiveDomainRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

func (s *Server) stopLiveDomain(ctx context.Context, c caller, q *stopLiveDomainRequest) (empty, error) {
	name, err := s.setDomainStatus(ctx, c, q.DomainName, live.DomainOffline)
	if mayBeWritten(err) {
		s.cutDomain(name, live.ErrDomainStopped)
	}
	return empty{}, err
}
