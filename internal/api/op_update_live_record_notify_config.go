package api

import (
	"context"
	"slices"

	"tallylight/internal/api/apierr"
	"tallylight/internal/store"
)

var updateLiveRecordNotifyConfig = operation{
	name:     "UpdateLiveRecordNotifyConfig",
	summary:  "Changes the notify config of a domain. OnDemandUrl and NotifyAuthKey stay where they are left out; given empty they are cleared.",
	qps:      30,
	access:   accessUpdate,
	resource: resourceDomain,
	params:   notifyConfigParameters,
	errs:     slices.Concat(notifyConfigErrors, []*apierr.Error{apierr.InvalidConfigNotFound}),
	handler:  handle((*Server).updateLiveRecordNotifyConfig),
}

func (s *Server) updateLiveRecordNotifyConfig(ctx context.Context, c caller, q *notifyConfigRequest) (empty, error) {
	d, err := s.validateNotifyConfig(ctx, c, q)
	if err != nil {
		return empty{}, err
	}
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := streamingDomain(ctx, tx, c, d.Name); err != nil {
			return err
		}
		config, err := tx.NotifyConfig(ctx, d.Name)
		if err != nil {
			return err
		}
		if err := q.apply(&config); err != nil {
			return err
		}
		return tx.SetNotifyConfig(ctx, config)
	})
}
