package api

import (
	"context"
	"net/url"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var addLiveDomain = operation{
	name:     "AddLiveDomain",
	summary:  "Adds a streaming domain or an ingest domain.",
	qps:      30,
	access:   accessCreate,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainName", about: "Host name of the domain.", limits: "At least two labels; no wildcard.", example: "play.example.com"},
		{name: "LiveDomainType", about: "Role of the domain: liveVideo serves viewers and has the configurations, liveEdge takes pushes.", limits: "liveVideo, liveEdge", example: "liveVideo"},
		{name: "Region", about: "Region of the domain. It is kept and shown; one server is one site.", limits: "1 to 64 lower-case letters, digits and hyphens.", example: "cn-shanghai"},
		{name: "Scope", about: "Where the domain is served. It is kept and shown.", preset: "domestic", limits: "domestic, overseas, global", example: "domestic"},
		{name: "CheckUrl", about: "URL for a health check of an origin. The form is checked; a recorder has no origin to ask.", limits: "Absolute http or https URL.", example: "http://play.example.com/status.html"},
		{name: "TopLevelDomain", about: "Domain that DomainName has to be part of.", example: "example.com"},
		{name: "ResourceGroupId", about: "Resource group of the domain. There are none, so that each is refused.", example: "rg-example"},
		{name: "Tag", about: "Tags of the domain. They are not kept, so that each is refused.", limits: "At most 21."},
		{name: "Tag.N.Key", about: "Key of a tag.", example: "team"},
		{name: "Tag.N.Value", about: "Value of a tag.", example: "sports"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNameMalformed,
		apierr.WildcardNotSupported,
		apierr.Invalid("LiveDomainType"),
		apierr.InvalidRegionMalformed,
		apierr.InvalidScopeMalformed,
		apierr.CheckURLMalformed,
		apierr.TopLevelDomainNotFound,
		apierr.TopLevelDomainMismatch,
		apierr.ResourceGroupNotFound,
		apierr.DomainOccupied,
	},
	handler: handle((*Server).addLiveDomain),
}

type addLiveDomainRequest struct {
	DomainName      string `rpc:"DomainName,required"`
	LiveDomainType  string `rpc:"LiveDomainType,required"`
	Region          string `rpc:"Region,required"`
	Scope           string `rpc:"Scope"`
	CheckURL        string `rpc:"CheckUrl"`
	TopLevelDomain  string `rpc:"TopLevelDomain"`
	ResourceGroupID string `rpc:"ResourceGroupId"`
	Tags            []tag  `rpc:"Tag,max=21"`
}

type tag struct {
	Key   string `rpc:"Key"`
	Value string `rpc:"Value"`
}

func (s *Server) addLiveDomain(ctx context.Context, c caller, q *addLiveDomainRequest) (empty, error) {
	if err := q.validate(); err != nil {
		return empty{}, err
	}
	d := live.Domain{
		Name:      live.NormalizeDomainName(q.DomainName),
		AccountID: c.account,
		Type:      live.DomainType(q.LiveDomainType),
		Status:    live.DomainOnline,
		Region:    q.Region,
		Scope:     q.Scope,
		CreatedAt: s.now(),
	}
	if d.Scope == "" {
		d.Scope = "domestic"
	}
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error { return tx.AddDomain(ctx, d) })
}

func (q *addLiveDomainRequest) validate() error {
	name := live.NormalizeDomainName(q.DomainName)
	switch {
	case strings.HasPrefix(name, "."):
		return apierr.WildcardNotSupported
	case live.ValidateDomainName(name) != nil:
		return apierr.InvalidDomainNameMalformed
	}
	switch live.DomainType(q.LiveDomainType) {
	case live.StreamingDomain, live.IngestDomain:
	default:
		return apierr.Invalid("LiveDomainType")
	}
	if !isLabel(q.Region) {
		return apierr.InvalidRegionMalformed
	}
	switch q.Scope {
	case "", "domestic", "overseas", "global":
	default:
		return apierr.InvalidScopeMalformed
	}
	if q.CheckURL != "" && !isHTTPURL(q.CheckURL) {
		return apierr.CheckURLMalformed
	}
	if q.TopLevelDomain != "" {
		top := live.NormalizeDomainName(q.TopLevelDomain)
		switch {
		case live.ValidateDomainName(top) != nil:
			return apierr.TopLevelDomainNotFound
		case name != top && !strings.HasSuffix(name, "."+top):
			return apierr.TopLevelDomainMismatch
		}
	}
	if q.ResourceGroupID != "" {
		return apierr.ResourceGroupNotFound
	}
	if len(q.Tags) > 0 {
		return apierr.Invalid("Tag")
	}
	return nil
}

// isLabel reports whether s has 1 to 64 lower-case letters, digits and hyphens.
func isLabel(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func isHTTPURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
