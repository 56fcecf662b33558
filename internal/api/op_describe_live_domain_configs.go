package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveDomainConfigs = operation{
	name:     "DescribeLiveDomainConfigs",
	summary:  "Returns the functions of a domain that are set.",
	qps:      100,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainName", about: "Streaming or ingest domain.", example: "push.example.com"},
		{name: "FunctionNames", about: "Functions, separated by commas.", limits: "aliauth", example: "aliauth"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.FunctionNotSupported("%s"),
	},
	handler: handle((*Server).describeLiveDomainConfigs),
}

type describeLiveDomainConfigsRequest struct {
	DomainName    string `rpc:"DomainName,required"`
	FunctionNames string `rpc:"FunctionNames,required"`
}

type describeLiveDomainConfigsResponse struct {
	Configs domainConfigList `rpc:"DomainConfigs"`
}

type domainConfigList struct {
	Configs []domainConfig `rpc:"DomainConfig"`
}

// A domainConfig is a function of a domain in an answer.
type domainConfig struct {
	FunctionName string         `rpc:"FunctionName"`
	ConfigID     string         `rpc:"ConfigId"`
	Status       string         `rpc:"Status"`
	Args         domainArgsList `rpc:"FunctionArgs"`
}

type domainArgsList struct {
	Args []domainArg `rpc:"FunctionArg"`
}

type domainArg struct {
	Name  string `rpc:"ArgName"`
	Value string `rpc:"ArgValue"`
}

func (s *Server) describeLiveDomainConfigs(ctx context.Context, c caller, q *describeLiveDomainConfigsRequest) (answer describeLiveDomainConfigsResponse, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := domain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := checkFunctions(q.FunctionNames); err != nil {
			return err
		}
		a, err := r.PushAuth(ctx, d.Name)
		if errors.Is(err, live.ErrConfigNotFound) {
			return nil
		}
		if err == nil {
			answer.Configs.Configs = []domainConfig{newDomainConfig(a)}
		}
		return err
	})
	return answer, err
}

func newDomainConfig(a live.PushAuth) domainConfig {
	playlist := "off"
	if a.PlaylistAuth {
		playlist = "on"
	}
	return domainConfig{
		FunctionName: functionAliauth,
		ConfigID:     strconv.FormatInt(a.ID, 10),
		Status:       "success",
		Args: domainArgsList{[]domainArg{
			{argAuthType, string(a.Type)},
			{argAuthKey1, a.Key1},
			{argAuthKey2, a.Key2},
			{argValidity, strconv.Itoa(int(a.Validity / time.Minute))},
			{argPlaylist, playlist},
		}},
	}
}
