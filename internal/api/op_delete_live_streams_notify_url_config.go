package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/store"
)

var deleteLiveStreamsNotifyURLConfig = operation{
	name:     "DeleteLiveStreamsNotifyUrlConfig",
	summary:  "Ends that pushes to an ingest domain are told of, for pushes that begin from then on.",
	qps:      15,
	access:   accessDelete,
	resource: resourceAny,
	params: []parameter{
		ingestDomainParameter,
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).deleteLiveStreamsNotifyURLConfig),
}

type deleteLiveStreamsNotifyURLConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
	RegionID   string `rpc:"RegionId"`
}

func (s *Server) deleteLiveStreamsNotifyURLConfig(ctx context.Context, c caller, q *deleteLiveStreamsNotifyURLConfigRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		d, err := ingestDomain(ctx, tx, c, q.DomainName)
		if err != nil {
			return err
		}
		return tx.DeleteStreamsNotifyConfig(ctx, d.Name)
	})
}
