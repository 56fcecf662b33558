package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var deleteLiveAppRecordConfig = operation{
	name:     "DeleteLiveAppRecordConfig",
	summary:  "Deletes one record config. Recordings that run under it go on until their push ends.",
	qps:      50,
	access:   accessDelete,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		configAppParameter,
		configStreamParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).deleteLiveAppRecordConfig),
}

type deleteLiveAppRecordConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName,required"`
	StreamName string `rpc:"StreamName"`
}

func (s *Server) deleteLiveAppRecordConfig(ctx context.Context, c caller, q *deleteLiveAppRecordConfigRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		d, err := streamingDomain(ctx, tx, c, q.DomainName)
		if err != nil {
			return err
		}
		return tx.DeleteRecordConfig(ctx, live.StreamKey{Domain: d.Name, App: q.AppName, Stream: streamOrAny(q.StreamName)})
	})
}

// streamOrAny returns the stream of a record config whose StreamName was given:
// none means all.
func streamOrAny(name string) string {
	if name == "" {
		return live.Any
	}
	return name
}
