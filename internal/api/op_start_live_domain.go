package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var startLiveDomain = operation{
	name:     "StartLiveDomain",
	summary:  "Lets a stopped domain take pushes again.",
	qps:      30,
	access:   accessUpdate,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
	},
	errs:    []*apierr.Error{apierr.InvalidDomainNotFound},
	handler: handle((*Server).startLiveDomain),
}

type startLiveDomainRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

func (s *Server) startLiveDomain(ctx context.Context, c caller, q *startLiveDomainRequest) (empty, error) {
	_, err := s.setDomainStatus(ctx, c, q.DomainName, live.DomainOnline)
	return empty{}, err
}

// setDomainStatus sets the status of a domain of the caller and returns the
// domain's name. One that has it already stays as it is.
func (s *Server) setDomainStatus(ctx context.Context, c caller, name string, status live.DomainStatus) (string, error) {
	name = live.NormalizeDomainName(name)
	err := s.store.Update(ctx, func(tx store.Tx) error {
		d, err := domain(ctx, tx, c, name)
		if err != nil || d.Status == status {
			return err
		}
		return tx.SetDomainStatus(ctx, name, status, s.now())
	})
	return name, err
}
