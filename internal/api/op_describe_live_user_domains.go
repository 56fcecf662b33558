package api

import (
	"context"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveUserDomains = operation{
	name:     "DescribeLiveUserDomains",
	summary:  "Lists the domains of the account, page by page, those added first first.",
	qps:      100,
	access:   accessGet,
	resource: resourceAny,
	params: []parameter{
		{name: "DomainName", about: "Lists the domains whose names match; how, DomainSearchType says.", limits: "A name or a part of one; * at its ends is dropped.", example: "example.com"},
		{name: "DomainSearchType", about: "How DomainName is compared: anywhere in the name, at its beginning, at its end, or as a whole.", preset: "fuzzy_match", limits: "fuzzy_match, pre_match, suf_match, full_match", example: "full_match", malformed: apierr.InvalidDomainSearchTypeMalformed},
		{name: "DomainStatus", about: "Lists the domains of this status.", limits: "online, offline, configuring; no domain here is ever configuring.", example: "online"},
		{name: "LiveDomainType", about: "Lists the domains of this type.", limits: "liveVideo, liveEdge", example: "liveVideo"},
		{name: "RegionName", about: "Lists the domains of this region.", example: "cn-shanghai"},
		{name: "ResourceGroupId", about: "Lists the domains of this resource group. There are none, so that none is found.", example: "rg-example"},
		{name: "Tag", about: "Lists the domains with these tags. No domain has any, so that none is found.", limits: "At most 20."},
		{name: "Tag.N.Key", about: "Key of a tag.", example: "team"},
		{name: "Tag.N.Value", about: "Value of a tag.", example: "sports"},
		{name: "PageNumber", about: "Number of the page.", preset: "1", limits: "1 to 100000", example: "1", malformed: apierr.InvalidPageNumber},
		{name: "PageSize", about: "Domains a page.", preset: "20", limits: "1 to 500", example: "20", malformed: apierr.InvalidPageSize},
	},
	errs: []*apierr.Error{
		apierr.DomainNameMalformed,
		apierr.InvalidDomainSearchTypeMalformed,
		apierr.InvalidDomainSearchType,
		apierr.InvalidDomainStatus,
		apierr.InvalidLiveDomainType,
	},
	handler: handle((*Server).describeLiveUserDomains),
}

type describeLiveUserDomainsRequest struct {
	DomainName       string `rpc:"DomainName"`
	DomainSearchType string `rpc:"DomainSearchType"`
	DomainStatus     string `rpc:"DomainStatus"`
	LiveDomainType   string `rpc:"LiveDomainType"`
	RegionName       string `rpc:"RegionName"`
	ResourceGroupID  string `rpc:"ResourceGroupId"`
	Tags             []tag  `rpc:"Tag,max=20"`
	PageNumber       *int32 `rpc:"PageNumber"`
	PageSize         *int32 `rpc:"PageSize"`
}

type describeLiveUserDomainsResponse struct {
	PageNumber int64          `rpc:"PageNumber"`
	PageSize   int64          `rpc:"PageSize"`
	TotalCount int64          `rpc:"TotalCount"`
	Domains    domainPageData `rpc:"Domains"`
}

type domainPageData struct {
	PageData []userDomain `rpc:"PageData"`
}

// A userDomain is a domain in a list. What is "" in domainDetail is so here.
type userDomain struct {
	DomainName       string `rpc:"DomainName"`
	LiveDomainType   string `rpc:"LiveDomainType"`
	LiveDomainStatus string `rpc:"LiveDomainStatus"`
	RegionName       string `rpc:"RegionName"`
	GmtCreated       string `rpc:"GmtCreated"`
	GmtModified      string `rpc:"GmtModified"`
	CNAME            string `rpc:"Cname"`
	Description      string `rpc:"Description"`
	ResourceGroupID  string `rpc:"ResourceGroupId"`
}

func (s *Server) describeLiveUserDomains(ctx context.Context, c caller, q *describeLiveUserDomainsRequest) (answer describeLiveUserDomainsResponse, err error) {
	number, size, err := q.page()
	if err != nil {
		return answer, err
	}
	if err := q.validate(); err != nil {
		return answer, err
	}
	answer.PageNumber, answer.PageSize = int64(number), int64(size)
	var domains []live.Domain
	err = s.store.View(ctx, func(r store.Reader) (err error) {
		domains, err = r.Domains(ctx, c.account)
		return err
	})
	first := (number - 1) * size
	for _, d := range domains {
		if !q.matches(d) {
			continue
		}
		if at := int(answer.TotalCount); first <= at && at < first+size {
			answer.Domains.PageData = append(answer.Domains.PageData, newUserDomain(d))
		}
		answer.TotalCount++
	}
	return answer, err
}

func (q *describeLiveUserDomainsRequest) page() (number, size int, err error) {
	number, size = 1, 20
	if q.PageNumber != nil {
		number = int(*q.PageNumber)
	}
	if q.PageSize != nil {
		size = int(*q.PageSize)
	}
	switch {
	case number < 1 || number > 100_000:
		err = apierr.InvalidPageNumber
	case size < 1 || size > 500:
		err = apierr.InvalidPageSize
	}
	return number, size, err
}

func (q *describeLiveUserDomainsRequest) validate() error {
	q.DomainName = strings.ToLower(q.DomainName)
	if q.DomainSearchType != "full_match" {
		q.DomainName = strings.Trim(q.DomainName, "*")
	}
	if strings.ContainsFunc(q.DomainName, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}) {
		return apierr.DomainNameMalformed
	}
	switch q.DomainSearchType {
	case "", "fuzzy_match", "pre_match", "suf_match", "full_match":
	default:
		if strings.Trim(q.DomainSearchType, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return apierr.InvalidDomainSearchTypeMalformed
		}
		return apierr.InvalidDomainSearchType
	}
	switch q.DomainStatus {
	case "", string(live.DomainOnline), string(live.DomainOffline), "configuring":
	default:
		return apierr.InvalidDomainStatus
	}
	switch live.DomainType(q.LiveDomainType) {
	case "", live.StreamingDomain, live.IngestDomain:
	default:
		return apierr.InvalidLiveDomainType
	}
	return nil
}

func (q *describeLiveUserDomainsRequest) matches(d live.Domain) bool {
	return q.matchesName(d.Name) &&
		(q.DomainStatus == "" || q.DomainStatus == string(d.Status)) &&
		(q.LiveDomainType == "" || q.LiveDomainType == string(d.Type)) &&
		(q.RegionName == "" || q.RegionName == d.Region) &&
		q.ResourceGroupID == "" && len(q.Tags) == 0
}

func (q *describeLiveUserDomainsRequest) matchesName(name string) bool {
	switch q.DomainSearchType {
	case "pre_match":
		return strings.HasPrefix(name, q.DomainName)
	case "suf_match":
		return strings.HasSuffix(name, q.DomainName)
	case "full_match":
		return q.DomainName == "" || q.DomainName == name
	}
	return strings.Contains(name, q.DomainName)
}

func newUserDomain(d live.Domain) userDomain {
	return userDomain{
		DomainName:       d.Name,
		LiveDomainType:   string(d.Type),
		LiveDomainStatus: string(d.Status),
		RegionName:       d.Region,
		GmtCreated:       wire.FormatTime(d.CreatedAt),
		GmtModified:      modified(d),
	}
}
