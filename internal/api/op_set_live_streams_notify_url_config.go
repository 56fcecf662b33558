package api

import (
	"context"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var setLiveStreamsNotifyURLConfig = operation{
	name:     "SetLiveStreamsNotifyUrlConfig",
	summary:  "Sets where pushes to an ingest domain are told of: that one has lasted 2 seconds, and that it has ended. It replaces what was set before, for pushes that begin from then on.",
	qps:      15,
	access:   accessCreate,
	resource: resourceAny,
	params: []parameter{
		ingestDomainParameter,
		{name: "NotifyUrl", about: "URL that is called by GET. Mandatory, because nothing else is told of.", limits: "http or https, at most 2048 bytes, an address that is not refused.", example: "https://hooks.example.com/push"},
		{name: "NotifyReqAuth", about: "Whether the callbacks are signed.", preset: "no", limits: "yes, no", example: "yes"},
		{name: "NotifyAuthKey", about: "Key of the signature. Mandatory with NotifyReqAuth.", limits: "16 to 64 letters and digits.", example: "testkeyyourkey12"},
		{name: "ExceptionNotifyUrl", about: "URL that is told of exceptions. There are none, so that each is refused.", example: "https://hooks.example.com/exception"},
		{name: "SwitchNotifyUrl", about: "URL that is told when one of two streams takes over. There are no such streams, so that each is refused.", example: "https://hooks.example.com/switch"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidParam,
		apierr.Missing("NotifyUrl"),
		apierr.StreamsNotifyURLMalformed,
		apierr.InvalidNotifyURLUnsafe,
		apierr.Invalid("NotifyReqAuth"),
		apierr.MissingNotifyAuthKey,
		apierr.InvalidNotifyAuthKeyMalformed,
	},
	handler: handle((*Server).setLiveStreamsNotifyURLConfig),
}

type setLiveStreamsNotifyURLConfigRequest struct {
	DomainName         string `rpc:"DomainName,required"`
	NotifyURL          string `rpc:"NotifyUrl"`
	NotifyReqAuth      string `rpc:"NotifyReqAuth"`
	NotifyAuthKey      string `rpc:"NotifyAuthKey"`
	ExceptionNotifyURL string `rpc:"ExceptionNotifyUrl"`
	SwitchNotifyURL    string `rpc:"SwitchNotifyUrl"`
}

func (s *Server) setLiveStreamsNotifyURLConfig(ctx context.Context, c caller, q *setLiveStreamsNotifyURLConfigRequest) (empty, error) {
	var d live.Domain
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		d, err = ingestDomain(ctx, r, c, q.DomainName)
		return err
	})
	if err != nil {
		return empty{}, err
	}
	config, err := s.streamsNotifyConfig(ctx, q)
	if err != nil {
		return empty{}, err
	}
	config.Domain = d.Name
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := ingestDomain(ctx, tx, c, d.Name); err != nil {
			return err
		}
		return tx.PutStreamsNotifyConfig(ctx, config)
	})
}

// streamsNotifyConfig validates q.
func (s *Server) streamsNotifyConfig(ctx context.Context, q *setLiveStreamsNotifyURLConfigRequest) (config live.StreamsNotifyConfig, err error) {
	config = live.StreamsNotifyConfig{NotifyURL: q.NotifyURL, NotifyAuthKey: q.NotifyAuthKey}
	switch {
	case q.ExceptionNotifyURL != "" || q.SwitchNotifyURL != "":
		return config, apierr.InvalidParam
	case q.NotifyURL == "":
		return config, apierr.Missing("NotifyUrl")
	}
	if err := s.checkURL(ctx, q.NotifyURL, apierr.StreamsNotifyURLMalformed, apierr.InvalidNotifyURLUnsafe); err != nil {
		return config, err
	}
	switch strings.ToLower(q.NotifyReqAuth) {
	case "yes", "true", "1":
		config.NotifyReqAuth = true
	case "", "no", "false", "0":
	default:
		return config, apierr.Invalid("NotifyReqAuth")
	}
	switch {
	case q.NotifyAuthKey == "" && config.NotifyReqAuth:
		return config, apierr.MissingNotifyAuthKey
	case q.NotifyAuthKey != "" && !isAuthKey(q.NotifyAuthKey):
		return config, apierr.InvalidNotifyAuthKeyMalformed
	}
	return config, nil
}
