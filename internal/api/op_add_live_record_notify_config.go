package api

import (
	"context"
	"slices"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var addLiveRecordNotifyConfig = operation{
	name:     "AddLiveRecordNotifyConfig",
	summary:  "Adds the notify config of a domain: which URL is told of its recordings.",
	qps:      30,
	access:   accessCreate,
	resource: resourceDomain,
	params:   notifyConfigParameters,
	errs:     slices.Concat(notifyConfigErrors, []*apierr.Error{apierr.ConfigAlreadyExists}),
	handler:  handle((*Server).addLiveRecordNotifyConfig),
}

func (s *Server) addLiveRecordNotifyConfig(ctx context.Context, c caller, q *notifyConfigRequest) (empty, error) {
	d, err := s.validateNotifyConfig(ctx, c, q)
	if err != nil {
		return empty{}, err
	}
	config := live.NotifyConfig{Domain: d.Name}
	if err := q.apply(&config); err != nil {
		return empty{}, err
	}
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := streamingDomain(ctx, tx, c, d.Name); err != nil {
			return err
		}
		return tx.AddNotifyConfig(ctx, config)
	})
}
