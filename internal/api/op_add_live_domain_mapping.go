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
		{name: "PullDomain", about: "Streaming domain.", limits: "Of type liveVideo.", example: "play.example.com"},
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
		push, err := domain(ctx, tx, c, q.PushDomain)
		if err != nil {
			return err
		}
		pull, err := domain(ctx, tx, c, q.PullDomain)
		if err != nil {
			return err
		}
		if push.Type != live.IngestDomain {
			return apierr.InvalidPushDomain
		}
		if pull.Type != live.StreamingDomain {
			return apierr.InvalidPullDomain
		}
		return tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: push.Name, PullDomain: pull.Name, CreatedAt: s.now()})
	})
}
