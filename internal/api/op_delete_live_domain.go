package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var deleteLiveDomain = operation{
	name:     "DeleteLiveDomain",
	summary:  "Deletes a domain with its mappings, its configurations, its blocks and its history, and ends the pushes that run through it. Recordings stay, and callbacks that are owed are delivered.",
	qps:      30,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.DomainNameMalformed,
	},
	handler: handle((*Server).deleteLiveDomain),
}

type deleteLiveDomainRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

func (s *Server) deleteLiveDomain(ctx context.Context, c caller, q *deleteLiveDomainRequest) (empty, error) {
	name := live.NormalizeDomainName(q.DomainName)
	if live.ValidateDomainName(name) != nil {
		return empty{}, apierr.DomainNameMalformed
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := domain(ctx, tx, c, name); err != nil {
			return err
		}
		return tx.DeleteDomain(ctx, name)
	})
	if mayBeWritten(err) {
		s.cutDomain(name, live.ErrDomainNotFound)
	}
	return empty{}, err
}
