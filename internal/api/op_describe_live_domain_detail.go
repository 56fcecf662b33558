package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveDomainDetail = operation{
	name:     "DescribeLiveDomainDetail",
	summary:  "Returns what is known of a domain.",
	qps:      50,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		anyDomainParameter,
	},
	errs:    []*apierr.Error{apierr.InvalidDomainNotFound},
	handler: handle((*Server).describeLiveDomainDetail),
}

type describeLiveDomainDetailRequest struct {
	DomainName string `rpc:"DomainName,required"`
}

type describeLiveDomainDetailResponse struct {
	Detail domainDetail `rpc:"DomainDetail"`
}

// A domainDetail is a domain in an answer.
type domainDetail struct {
	DomainName     string `rpc:"DomainName"`
	LiveDomainType string `rpc:"LiveDomainType"`
	DomainStatus   string `rpc:"DomainStatus"`
	Region         string `rpc:"Region"`
	Scope          string `rpc:"Scope"`
	GmtCreated     string `rpc:"GmtCreated"`
	GmtModified    string `rpc:"GmtModified"`

	// A domain of a self-hosted server has no CNAME of a network of caches, no
	// certificate of its own and no resource group: these are "".
	CNAME           string `rpc:"Cname"`
	Description     string `rpc:"Description"`
	ResourceGroupID string `rpc:"ResourceGroupId"`
	CertName        string `rpc:"CertName"`
	SSLProtocol     string `rpc:"SSLProtocol"` // always off
	SSLPub          string `rpc:"SSLPub"`
}

func (s *Server) describeLiveDomainDetail(ctx context.Context, c caller, q *describeLiveDomainDetailRequest) (answer describeLiveDomainDetailResponse, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := domain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		answer.Detail = domainDetail{
			DomainName:     d.Name,
			LiveDomainType: string(d.Type),
			DomainStatus:   string(d.Status),
			Region:         d.Region,
			Scope:          d.Scope,
			GmtCreated:     wire.FormatTime(d.CreatedAt),
			GmtModified:    modified(d),
			SSLProtocol:    "off",
		}
		return nil
	})
	return answer, err
}

// modified returns when a domain was changed last, if only by being added.
func modified(d live.Domain) string {
	if d.UpdatedAt.IsZero() {
		return wire.FormatTime(d.CreatedAt)
	}
	return wire.FormatTime(d.UpdatedAt)
}
