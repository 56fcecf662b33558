package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/store"
)

var batchDeleteLiveDomainConfigs = operation{
	name:     "BatchDeleteLiveDomainConfigs",
	summary:  "Deletes a function of several domains: aliauth, the authentication of pushes. Domains that do not have it stay as they are.",
	qps:      30,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainNames", about: "Domains, separated by commas.", limits: "At most 50.", example: "push.example.com"},
		{name: "FunctionNames", about: "Functions, separated by commas.", limits: "aliauth", example: "aliauth"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.Invalid("DomainNames"),
		apierr.FunctionNotSupported("%s"),
	},
	handler: handle((*Server).batchDeleteLiveDomainConfigs),
}

type batchDeleteLiveDomainConfigsRequest struct {
	DomainNames   string `rpc:"DomainNames,required"`
	FunctionNames string `rpc:"FunctionNames,required"`
}

func (s *Server) batchDeleteLiveDomainConfigs(ctx context.Context, c caller, q *batchDeleteLiveDomainConfigsRequest) (empty, error) {
	names, err := splitDomains(q.DomainNames)
	if err != nil {
		return empty{}, err
	}
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		for _, name := range names {
			d, err := domain(ctx, tx, c, name)
			if err != nil {
				return err
			}
			if err := tx.DeletePushAuth(ctx, d.Name); err != nil {
				return err
			}
		}
		return checkFunctions(q.FunctionNames) // an error undoes the rest
	})
}
