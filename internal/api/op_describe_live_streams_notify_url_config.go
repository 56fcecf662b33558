package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamsNotifyURLConfig = operation{
	name:     "DescribeLiveStreamsNotifyUrlConfig",
	summary:  "Shows where pushes to an ingest domain are told of.",
	qps:      1000,
	access:   accessGet,
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
	handler: handle((*Server).describeLiveStreamsNotifyURLConfig),
}

type describeLiveStreamsNotifyURLConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
	RegionID   string `rpc:"RegionId"`
}

type describeLiveStreamsNotifyURLConfigResponse struct {
	Config streamsNotifyConfigItem `rpc:"LiveStreamsNotifyConfig"`
}

// A streamsNotifyConfigItem is a streams notify config in an answer.
type streamsNotifyConfigItem struct {
	DomainName         string `rpc:"DomainName"`
	NotifyURL          string `rpc:"NotifyUrl"`
	ExceptionNotifyURL string `rpc:"ExceptionNotifyUrl"` // always empty
	NotifyReqAuth      string `rpc:"NotifyReqAuth"`      // yes or no
	NotifyAuthKey      string `rpc:"NotifyAuthKey"`
}

func (s *Server) describeLiveStreamsNotifyURLConfig(ctx context.Context, c caller, q *describeLiveStreamsNotifyURLConfigRequest) (answer describeLiveStreamsNotifyURLConfigResponse, err error) {
	var config live.StreamsNotifyConfig
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := ingestDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		config, err = r.StreamsNotifyConfig(ctx, d.Name)
		return err
	})
	answer.Config = streamsNotifyConfigItem{
		DomainName:    config.Domain,
		NotifyURL:     config.NotifyURL,
		NotifyReqAuth: "no",
		NotifyAuthKey: config.NotifyAuthKey,
	}
	if config.NotifyReqAuth {
		answer.Config.NotifyReqAuth = "yes"
	}
	return answer, err
}
