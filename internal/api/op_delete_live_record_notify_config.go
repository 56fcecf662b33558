package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/store"
)

var deleteLiveRecordNotifyConfig = operation{
	name:     "DeleteLiveRecordNotifyConfig",
	summary:  "Deletes the notify config of a domain.",
	qps:      30,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).deleteLiveRecordNotifyConfig),
}

type deleteLiveRecordNotifyConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

func (s *Server) deleteLiveRecordNotifyConfig(ctx context.Context, c caller, q *deleteLiveRecordNotifyConfigRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		d, err := streamingDomain(ctx, tx, c, q.DomainName)
		if err != nil {
			return err
		}
		return tx.DeleteNotifyConfig(ctx, d.Name)
	})
}
