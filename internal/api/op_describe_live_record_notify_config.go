package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveRecordNotifyConfig = operation{
	name:     "DescribeLiveRecordNotifyConfig",
	summary:  "Shows the notify config of a domain, its key in clear.",
	qps:      50,
	access:   accessGet,
	resource: resourceAny,
	params: []parameter{
		streamingDomainParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).describeLiveRecordNotifyConfig),
}

type describeLiveRecordNotifyConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

type describeLiveRecordNotifyConfigResponse struct {
	Config notifyConfigItem `rpc:"LiveRecordNotifyConfig"`
}

// A notifyConfigItem is a notify config in an answer.
type notifyConfigItem struct {
	DomainName       string `rpc:"DomainName"`
	NotifyURL        string `rpc:"NotifyUrl"`
	OnDemandURL      string `rpc:"OnDemandUrl"`
	NeedStatusNotify bool   `rpc:"NeedStatusNotify"`
	NotifyReqAuth    bool   `rpc:"NotifyReqAuth"`
	NotifyAuthKey    string `rpc:"NotifyAuthKey"`
}

func (s *Server) describeLiveRecordNotifyConfig(ctx context.Context, c caller, q *describeLiveRecordNotifyConfigRequest) (answer describeLiveRecordNotifyConfigResponse, err error) {
	var config live.NotifyConfig
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		config, err = r.NotifyConfig(ctx, d.Name)
		return err
	})
	answer.Config = notifyConfigItem{
		DomainName:       config.Domain,
		NotifyURL:        config.NotifyURL,
		OnDemandURL:      config.OnDemandURL,
		NeedStatusNotify: config.NeedStatusNotify,
		NotifyReqAuth:    config.NotifyReqAuth,
		NotifyAuthKey:    config.NotifyAuthKey,
	}
	return answer, err
}
