package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var addLiveDomainMapping = operation{
	name:     "AddLiveDomainMapping",
	summary:  "Maps an ingest domain to the streaming domain that its pushes belong to.",
	qps:      30,
	access:   accessCreate,
	resource: resourceDomain,
	params: []parameter{
		pullDomainParameter,
		{name: "PushDomain", about: "Ingest domain. It can be mapped once.", limits: "Of type liveEdge.", example: "push.example.com"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.InvalidPushDomain,
		apierr.InvalidPullDomain,
		apierr.ConfigAlreadyExists,
	},
	handler: handle((*Server).addLiveDomainMapping),
}

type addLiveDomainMappingRequest struct {
	PullDomain string `rpc:"PullDomain,required"`
	PushDomain string `rpc:"PushDomain,required"`
}

func (s *Server) addLiveDomainMapping(ctx context.Context, c caller, q *addLiveDomainMappingRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		m, err := domainMapping(ctx, tx, c, q.PushDomain, q.PullDomain)
		if err != nil {
			return err
		}
		m.CreatedAt = s.now()
		return tx.AddDomainMapping(ctx, m)
	})
}

// domainMapping returns the mapping of an ingest domain of the caller to a streaming
// domain of his, be it there or not.
func domainMapping(ctx context.Context, r store.Reader, c caller, pushDomain, pullDomain string) (m live.DomainMapping, err error) {
	push, err := domain(ctx, r, c, pushDomain)
	if err != nil {
		return m, err
	}
	pull, err := domain(ctx, r, c, pullDomain)
	switch {
	case err != nil:
		return m, err
	case push.Type != live.IngestDomain:
		return m, apierr.InvalidPushDomain
	case pull.Type != live.StreamingDomain:
		return m, apierr.InvalidPullDomain
	}
	return live.DomainMapping{PushDomain: push.Name, PullDomain: pull.Name}, nil
}
