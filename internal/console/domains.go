package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainsPath is the page that lists the domains; those of one begin with it.
const domainsPath = Root + "domains"

// domainsRoutes are those of domains and of what is configured for them.
var domainsRoutes = slices.Concat([]route{
	{pattern: "GET " + domainsPath, handle: (*visit).domainsPage},
	{pattern: "POST " + domainsPath, handle: (*visit).addDomain},
	{pattern: "GET " + domainsPath + "/{domain}", handle: (*visit).domainPage},
	{pattern: "POST " + domainsPath + "/{domain}/status", handle: (*visit).setDomainStatus},
	{pattern: "POST " + domainsPath + "/{domain}/delete", handle: (*visit).deleteDomain},
	{pattern: "POST " + domainsPath + "/{domain}/mappings", handle: (*visit).addMapping},
	{pattern: "POST " + domainsPath + "/{domain}/mappings/delete", handle: (*visit).deleteMapping},
}, domainRuleRoutes, domainNotifyRoutes, domainEndpointRoutes, domainPushAuthRoutes)

// domainsPageSize bounds the rows of lists about domains.
const domainsPageSize = 50

// A domainList is the page of that name.
type domainList struct {
	Rows           []domainRow
	Name, Type     string // the filter
	Before, Behind string
	SeesRules      bool
	SeesNotify     bool
	MayAdd         bool
	Form           domainForm
	Problem        flash
}

// A domainRow is a domain in the list.
type domainRow struct {
	live.Domain
	Mapped   []string // domains that it is mapped to or that are mapped to it
	Rules    int
	Notify   bool // somebody is told of its recordings or its pushes
	PushAuth bool
}

// Streaming reports whether it is a streaming domain.
func (r domainRow) Streaming() bool { return r.Type == live.StreamingDomain }

// A domainForm adds a domain.
type domainForm struct{ Name, Type, Region string }

func (v *visit) domainsPage() error {
	return v.showDomains(domainForm{Type: string(live.StreamingDomain), Region: "local"}, flash{})
}

// showDomains answers with the list, and the form as it was filled in.
func (v *visit) showDomains(form domainForm, problem flash) error {
	list := domainList{Form: form, Problem: problem}
	list.Name, list.Type = v.r.FormValue("q"), v.r.FormValue("type")
	domains, err := v.domains("DescribeLiveDomainDetail", live.DomainType(list.Type))
	if err != nil {
		return err
	}
	wanted := live.NormalizeDomainName(strings.TrimSpace(list.Name))
	domains = slices.DeleteFunc(domains, func(d live.Domain) bool { return !strings.Contains(d.Name, wanted) })
	slices.SortFunc(domains, func(a, b live.Domain) int { return cmp.Compare(a.Name, b.Name) })
	number := v.pageNumber()
	first := min((number-1)*domainsPageSize, len(domains))
	last := min(first+domainsPageSize, len(domains))
	list.Before, list.Behind = v.pageAddresses(number, last < len(domains))
	rights, err := v.rights("*", readRules, "DescribeLiveRecordNotifyConfig", "DescribeLiveStreamsNotifyUrlConfig", "AddLiveDomain")
	if err != nil {
		return err
	}
	list.SeesRules, list.MayAdd = rights[readRules], rights["AddLiveDomain"]
	list.SeesNotify = rights["DescribeLiveRecordNotifyConfig"] && rights["DescribeLiveStreamsNotifyUrlConfig"]
	for _, d := range domains[first:last] {
		row, err := v.domainRow(d, list.SeesRules, list.SeesNotify)
		if err != nil {
			return err
		}
		list.Rows = append(list.Rows, row)
	}
	return v.render("domains.html", "Domains", list)
}

// domainRow reads what the list shows of a domain, as far as the visitor may see
// it.
func (v *visit) domainRow(d live.Domain, rules, notify bool) (row domainRow, err error) {
	row.Domain = d
	rights, err := v.rights(d.Name, "DescribeLiveDomainMapping", "DescribeLiveDomainConfigs")
	if err != nil {
		return row, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		if rights["DescribeLiveDomainMapping"] {
			if row.Mapped, err = mappedTo(ctx, r, d); err != nil {
				return err
			}
		}
		if rights["DescribeLiveDomainConfigs"] {
			auth, err := r.PushAuth(ctx, d.Name)
			if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
				return err
			}
			row.PushAuth = err == nil && auth.Type == live.PushAuthA
		}
		if rules && row.Streaming() {
			if _, row.Rules, err = r.RecordConfigs(ctx, live.RecordConfigQuery{Domain: d.Name, Limit: 1}); err != nil {
				return err
			}
		}
		if notify {
			row.Notify, err = isTold(ctx, r, d)
		}
		return err
	})
	return row, err
}

// mappedTo returns the other ends of a domain's mappings.
func mappedTo(ctx context.Context, r store.Reader, d live.Domain) (names []string, err error) {
	if d.Type == live.IngestDomain {
		m, err := r.DomainMapping(ctx, d.Name)
		if errors.Is(err, live.ErrNotFound) {
			return nil, nil
		}
		return []string{m.PullDomain}, err
	}
	list, err := r.DomainMappings(ctx, d.Name)
	for _, m := range list {
		names = append(names, m.PushDomain)
	}
	return names, err
}

// isTold reports whether a domain has a notify configuration of its type.
func isTold(ctx context.Context, r store.Reader, d live.Domain) (bool, error) {
	var err error
	if d.Type == live.StreamingDomain {
		_, err = r.NotifyConfig(ctx, d.Name)
	} else {
		_, err = r.StreamsNotifyConfig(ctx, d.Name)
	}
	if errors.Is(err, live.ErrConfigNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (v *visit) addDomain() error {
	form := domainForm{
		Name:   strings.TrimSpace(v.r.PostFormValue("name")),
		Type:   v.r.PostFormValue("role"),
		Region: v.r.PostFormValue("region"),
	}
	err := v.call("AddLiveDomain", url.Values{"DomainName": {form.Name}, "LiveDomainType": {form.Type}, "Region": {form.Region}}, nil)
	if err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return err
		}
		return v.showDomains(form, problem)
	}
	v.done("Domain %s was added.", form.Name)
	v.redirect(domainAddress(live.NormalizeDomainName(form.Name), ""))
	return nil
}

// domainAddress returns the address of a tab of a domain's page, or of an action.
func domainAddress(domain, tab string) string {
	address := domainsPath + "/" + url.PathEscape(domain)
	if tab != "" {
		address += "/" + tab
	}
	return address
}

// rights returns may of several operations, by their names.
func (v *visit) rights(domain string, operations ...string) (map[string]bool, error) {
	all := make(map[string]bool, len(operations))
	for _, op := range operations {
		ok, err := v.may(op, domain)
		if err != nil {
			return nil, err
		}
		all[op] = ok
	}
	return all, nil
}

// problem returns what a form shows of an error, and gives the answer its status.
// It returns an error that is not for visitors.
func (v *visit) problem(err error) (flash, error) {
	f, ok := v.flashOf(err)
	if !ok {
		return f, err
	}
	v.status = http.StatusBadRequest
	if e, ok := errors.AsType[*callError](err); ok {
		v.status = e.Status
		if e.Code == apierr.Forbidden.Code { // whose status is 400, as the vendor's
			v.status = http.StatusForbidden
		}
	} else if e, ok := errors.AsType[*refusal](err); ok {
		v.status = e.status
	}
	return f, nil
}

// maxPageNumber bounds the pages of a list.
const maxPageNumber = 100_000

// pageNumber returns which page of a list is asked for, from 1 on.
func (v *visit) pageNumber() int {
	n, _ := strconv.Atoi(v.r.URL.Query().Get("page")) // 0 for what is no number
	return min(max(n, 1), maxPageNumber)
}

// pageAddresses returns those of the pages before and behind one of a list.
func (v *visit) pageAddresses(number int, more bool) (before, behind string) {
	address := func(n int) string {
		q := v.r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		return v.r.URL.Path + "?" + q.Encode()
	}
	if number > 1 {
		before = address(number - 1)
	}
	if more {
		behind = address(number + 1)
	}
	return before, behind
}
