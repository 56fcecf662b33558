package api

import (
	"context"
	"errors"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveDomainMapping = operation{
	name:     "DescribeLiveDomainMapping",
	summary:  "Lists the domains that are mapped to a domain: of a streaming domain its ingest domains (publish), of an ingest domain its streaming domain (vhost).",
	qps:      8, // 500 a minute
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
		regionParameter,
	},
	errs:    []*apierr.Error{apierr.InvalidDomainNotFound},
	handler: handle((*Server).describeLiveDomainMapping),
}

type describeLiveDomainMappingRequest struct {
	DomainName string `rpc:"DomainName,required"`
	RegionID   string `rpc:"RegionId"`
}

type describeLiveDomainMappingResponse struct {
	Models liveDomainModels `rpc:"LiveDomainModels"`
}

type liveDomainModels struct {
	Models []liveDomainModel `rpc:"LiveDomainModel"`
}

// A liveDomainModel is a mapped domain in an answer.
type liveDomainModel struct {
	DomainName string `rpc:"DomainName"`
	Type       string `rpc:"Type"`
}

func (s *Server) describeLiveDomainMapping(ctx context.Context, c caller, q *describeLiveDomainMappingRequest) (answer describeLiveDomainMappingResponse, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := domain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		answer.Models.Models, err = mappedDomains(ctx, r, d)
		return err
	})
	return answer, err
}

// mappedDomains returns the domains that are mapped to d, or that d is mapped to.
func mappedDomains(ctx context.Context, r store.Reader, d live.Domain) (models []liveDomainModel, err error) {
	if d.Type == live.StreamingDomain {
		mappings, err := r.DomainMappings(ctx, d.Name)
		for _, m := range mappings {
			models = append(models, liveDomainModel{m.PushDomain, "publish"})
		}
		return models, err
	}
	m, err := r.DomainMapping(ctx, d.Name)
	if errors.Is(err, live.ErrNotFound) {
		return nil, nil
	}
	return []liveDomainModel{{m.PullDomain, "vhost"}}, err
}
