package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/store"
)

var deleteLiveDomainMapping = operation{
	name:     "DeleteLiveDomainMapping",
	summary:  "Undoes the mapping of an ingest domain. New pushes to it are refused; those that run go on.",
	qps:      30,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		pullDomainParameter,
		{name: "PushDomain", about: "Ingest domain that is mapped to it.", limits: "Of type liveEdge.", example: "push.example.com"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.InvalidPushDomain,
		apierr.InvalidPullDomain,
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).deleteLiveDomainMapping),
}

type deleteLiveDomainMappingRequest struct {
	PullDomain string `rpc:"PullDomain,required"`
	PushDomain string `rpc:"PushDomain,required"`
}

func (s *Server) deleteLiveDomainMapping(ctx context.Context, c caller, q *deleteLiveDomainMappingRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		m, err := domainMapping(ctx, tx, c, q.PushDomain, q.PullDomain)
		if err != nil {
			return err
		}
		return tx.DeleteDomainMapping(ctx, m.PushDomain, m.PullDomain)
	})
}
