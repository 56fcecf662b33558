package api

import (
	"context"
	"fmt"
	"strconv"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var batchSetLiveDomainConfigs = operation{
	name:     "BatchSetLiveDomainConfigs",
	summary:  "Sets a function of several domains: aliauth, the authentication of pushes. All are set, or none.",
	qps:      30,
	access:   accessUpdate,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainNames", about: "Domains, separated by commas. A push is checked by what the domain demands that it is addressed to, be it an ingest or a streaming domain.", limits: "At most 50.", example: "push.example.com"},
		{name: "Functions", about: "List of the function to set, in JSON. Arguments of aliauth: auth_type (type_a or no_auth), auth_key1 and auth_key2 (8 to 32 letters and digits; type_a needs the first), ali_auth_delta (validity in minutes, 1 to 525600, 30 if absent), auth_m3u8 (on or off; kept and shown). What is set replaces what was.",
			limits: "Only aliauth, once.", example: `[{"functionName":"aliauth","functionArgs":[{"argName":"auth_type","argValue":"type_a"},{"argName":"auth_key1","argValue":"0123456789abcdef"}]}]`},
		{name: "DryRun", about: "Only checks the call.", preset: "false", example: "true"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.Invalid("DomainNames"),
		apierr.InvalidFunctionsMalformed,
		apierr.InvalidFunctionArgsMalformed,
		apierr.InvalidArgValueMalformed,
		apierr.FunctionNotSupported("%s"),
		apierr.ArgNameNotSupported("%s"),
		apierr.ArgMalformed(argAuthType),
		apierr.ArgMalformed(argAuthKey1),
		apierr.ArgMalformed(argAuthKey2),
		apierr.ArgMalformed(argValidity),
		apierr.ArgMalformed(argPlaylist),
		apierr.MissingArg(argAuthType),
		apierr.MissingArg(argAuthKey1),
		apierr.InvalidConfigNotFound,
	},
	handler: handle((*Server).batchSetLiveDomainConfigs),
}

type batchSetLiveDomainConfigsRequest struct {
	DomainNames string `rpc:"DomainNames,required"`
	Functions   string `rpc:"Functions,required"`
	DryRun      bool   `rpc:"DryRun"`
}

func (s *Server) batchSetLiveDomainConfigs(ctx context.Context, c caller, q *batchSetLiveDomainConfigsRequest) (empty, error) {
	names, err := splitDomains(q.DomainNames)
	if err != nil {
		return empty{}, err
	}
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		domains := make([]live.Domain, len(names))
		for i, name := range names {
			if domains[i], err = domain(ctx, tx, c, name); err != nil {
				return err
			}
		}
		auth, configID, err := parseFunctions(q.Functions)
		if err != nil {
			return err
		}
		for _, d := range domains {
			if err := hasPushAuth(ctx, tx, d.Name, configID); err != nil {
				return err
			}
		}
		if q.DryRun {
			return nil
		}
		for _, d := range domains {
			auth.Domain = d.Name
			if err := tx.PutPushAuth(ctx, auth); err != nil {
				return err
			}
		}
		return nil
	})
}

// hasPushAuth reports whether the push auth of a domain has the id; "" stands
// for any, and for none at all.
func hasPushAuth(ctx context.Context, r store.Reader, domain, configID string) error {
	if configID == "" {
		return nil
	}
	a, err := r.PushAuth(ctx, domain)
	if err == nil && strconv.FormatInt(a.ID, 10) != configID {
		err = live.ErrConfigNotFound
	}
	if err != nil {
		return fmt.Errorf("config %.64q of domain %s: %w", configID, domain, err)
	}
	return nil
}
