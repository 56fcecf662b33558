package console

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A tab is one page of several that belong together.
type tab struct {
	Title   string
	Address string
	Current bool
}

// A domainHead is what the tabs of a domain share.
type domainHead struct {
	Domain live.Domain
	Tabs   []tab
	May    map[string]bool // operations that the page offers, as far as the visitor may call them
}

// Streaming reports whether it is a streaming domain.
func (h domainHead) Streaming() bool { return h.Domain.Type == live.StreamingDomain }

// Online reports whether the domain takes pushes.
func (h domainHead) Online() bool { return h.Domain.Status == live.DomainOnline }

// Address returns that of a tab or an action of the domain.
func (h domainHead) Address(name string) string { return domainAddress(h.Domain.Name, name) }

// openDomain reads the domain that the address names. One of another account does
// not exist, and one that the visitor may not see neither. current is the last part of
// the address of the page that is shown.
func (v *visit) openDomain(current string, operations ...string) (h domainHead, err error) {
	name := live.NormalizeDomainName(v.r.PathValue("domain"))
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		h.Domain, err = r.Domain(ctx, name)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrDomainNotFound) {
		return h, fmt.Errorf("read domain: %w", err)
	}
	found := err == nil && h.Domain.AccountID == v.key.AccountID
	if found {
		if found, err = v.may("DescribeLiveDomainDetail", name); err != nil {
			return h, err
		}
	}
	if !found {
		return h, notFound("There is no domain %s, or your policies do not let you see it.", name)
	}
	if h.May, err = v.rights(name, operations...); err != nil {
		return h, err
	}
	h.Tabs, err = v.domainTabs(h, current)
	return h, err
}

// domainTabs returns the tabs of a domain that the visitor may read.
func (v *visit) domainTabs(h domainHead, current string) (list []tab, err error) {
	add := func(title, name, operation string) {
		if err != nil {
			return
		}
		ok, e := v.may(operation, h.Domain.Name)
		if err = e; err == nil && ok {
			list = append(list, tab{Title: title, Address: h.Address(name), Current: name == current})
		}
	}
	add(v.t("Overview"), "", "DescribeLiveDomainDetail")
	if h.Streaming() {
		add(v.t("Record rules"), "rules", readRules)
		add(v.t("Notify configuration"), "notify", "DescribeLiveRecordNotifyConfig")
	} else {
		add(v.t("Notify configuration"), "notify", "DescribeLiveStreamsNotifyUrlConfig")
	}
	add(v.t("Endpoints and secrets"), "endpoints", listEndpoints)
	add(v.t("Push authentication"), "push-auth", "DescribeLiveDomainConfigs")
	return list, err
}

// A domainOverview is the first tab of a domain.
type domainOverview struct {
	domainHead
	SeesMappings bool
	Mappings     []string // the other ends
	Free         []string // domains that could be mapped
	Confirmation string   // of deleting, as it was typed
	Problem      flash
	Push         pushExample
}

func (v *visit) domainPage() error { return v.showDomain("", flash{}) }

// showDomain answers with the first tab, and with the form to delete as it was
// filled in.
func (v *visit) showDomain(confirmation string, problem flash) error {
	h, err := v.openDomain("", "StartLiveDomain", "StopLiveDomain", "DeleteLiveDomain",
		"DescribeLiveDomainMapping", "AddLiveDomainMapping", "DeleteLiveDomainMapping", "DescribeLiveDomainConfigs")
	if err != nil {
		return err
	}
	o := domainOverview{domainHead: h, SeesMappings: h.May["DescribeLiveDomainMapping"], Confirmation: confirmation, Problem: problem}
	var auth live.PushAuth
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		if auth, err = r.PushAuth(ctx, h.Domain.Name); err != nil && !errors.Is(err, live.ErrConfigNotFound) {
			return err
		}
		if o.SeesMappings {
			o.Mappings, err = mappedTo(ctx, r, h.Domain)
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read domain %s: %w", h.Domain.Name, err)
	}
	if o.Free, err = v.mappable(h, o.Mappings); err != nil {
		return err
	}
	o.Push = v.pushExample(h, auth)
	return v.render("domain.html", h.Domain.Name, o)
}

// maxMappable bounds the choices of a mapping.
const maxMappable = 500

// mappable returns the domains that the visitor could map to or from a domain.
func (v *visit) mappable(h domainHead, mapped []string) (names []string, err error) {
	wanted := live.IngestDomain
	if !h.Streaming() {
		wanted = live.StreamingDomain
		if len(mapped) > 0 { // an ingest domain is mapped once
			return nil, nil
		}
	}
	if !h.May["AddLiveDomainMapping"] {
		return nil, nil
	}
	domains, err := v.domains("AddLiveDomainMapping", wanted)
	if err != nil {
		return nil, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		for _, d := range domains[:min(len(domains), maxMappable)] {
			if d.Type == live.IngestDomain {
				if _, err := r.DomainMapping(ctx, d.Name); !errors.Is(err, live.ErrNotFound) {
					if err != nil {
						return err
					}
					continue
				}
			}
			names = append(names, d.Name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// A pushExample shows how to push to a domain. Its fields are the parameters of
// the page's address.
type pushExample struct {
	App, Stream string
	Minutes     int  // until the proof is worthless
	Demanded    bool // the domain demands a proof
	Signed      bool // URL and Local have one
	Expires     time.Time
	URL         string // by the domain's name
	Local       string // by the address at which the visitor reads the page
	Problem     string
}

// maxPushMinutes bounds the life of a push URL.
const maxPushMinutes = int(live.MaxPushAuthValidity / time.Minute)

// pushExample returns the URLs, with a proof where the domain demands one and the
// visitor may read its keys.
func (v *visit) pushExample(h domainHead, auth live.PushAuth) pushExample {
	q := v.r.URL.Query()
	p := pushExample{App: cmp.Or(q.Get("app"), "live"), Stream: cmp.Or(q.Get("stream"), "show"), Demanded: auth.Type == live.PushAuthA}
	p.Minutes, _ = strconv.Atoi(q.Get("minutes")) // 0 for what is no number
	if p.Minutes < 1 || p.Minutes > maxPushMinutes {
		p.Minutes = 60
	}
	if live.ValidateName(p.App) != nil || live.ValidateName(p.Stream) != nil {
		p.Problem = v.t("App and stream have 1 to 255 letters, digits, hyphens, underscores and dots.")
		return p
	}
	path := "/" + p.App + "/" + p.Stream
	args := url.Values{}
	if p.Demanded && h.May["DescribeLiveDomainConfigs"] {
		p.Signed = true
		p.Expires = v.Now().Add(time.Duration(p.Minutes) * time.Minute).Truncate(time.Second)
		args.Set(live.AuthKeyArg, live.AuthKey(path, p.Expires.Add(-auth.Validity), identity.RandomText(16), "0", auth.Key1))
	}
	port := v.pushPort()
	p.URL = pushURL(h.Domain.Name, port, path, args)
	args.Set("vhost", h.Domain.Name)
	p.Local = pushURL(v.visitedHost(), port, path, args)
	return p
}

func pushURL(host string, port int, path string, args url.Values) string {
	if port != defaultPushPort {
		host = net.JoinHostPort(host, strconv.Itoa(port))
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	u := url.URL{Scheme: "rtmp", Host: host, Path: path, RawQuery: args.Encode()}
	return u.String()
}

// defaultPushPort is that of RTMP.
const defaultPushPort = 1935

// pushPort returns the port at which the server takes pushes.
func (v *visit) pushPort() int {
	if v.PushAddr != nil {
		if addr, ok := v.PushAddr().(*net.TCPAddr); ok {
			return addr.Port
		}
	}
	return defaultPushPort
}

// visitedHost returns by which name or address the visitor reaches the server.
func (v *visit) visitedHost() string {
	if host, _, err := net.SplitHostPort(v.r.Host); err == nil {
		return host
	}
	return strings.Trim(v.r.Host, "[]")
}

func (v *visit) setDomainStatus() error {
	name := v.r.PathValue("domain")
	operation, done := "StopLiveDomain", say("Domain %s takes no pushes.")
	if v.r.PostFormValue("status") == string(live.DomainOnline) {
		operation, done = "StartLiveDomain", say("Domain %s takes pushes.")
	}
	if err := v.outcome(v.call(operation, url.Values{"DomainName": {name}}, nil), done, name); err != nil {
		return err
	}
	v.redirect(domainAddress(name, ""))
	return nil
}

// deleteDomain wants the name typed: with the domain, all that is configured for
// it goes.
func (v *visit) deleteDomain() error {
	name := v.r.PathValue("domain")
	typed := strings.TrimSpace(v.r.PostFormValue("name"))
	var err error
	if typed != name {
		err = badRequest("Type the name of the domain, %s, to delete it.", name)
	} else {
		err = v.call("DeleteLiveDomain", url.Values{"DomainName": {name}}, nil)
	}
	if err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return err
		}
		return v.showDomain(typed, problem)
	}
	v.done("Domain %s was deleted.", name)
	v.redirect(domainsPath)
	return nil
}

// mappingOf returns the mapping between the domain of the address and that of the
// form, whichever of them is the streaming domain.
func (v *visit) mappingOf() (domainHead, url.Values, error) {
	h, err := v.openDomain("")
	if err != nil {
		return h, nil, err
	}
	pull, push := h.Domain.Name, v.r.PostFormValue("other")
	if !h.Streaming() {
		pull, push = push, pull
	}
	return h, url.Values{"PullDomain": {pull}, "PushDomain": {push}}, nil
}

func (v *visit) addMapping() error {
	h, mapping, err := v.mappingOf()
	if err != nil {
		return err
	}
	err = v.outcome(v.call("AddLiveDomainMapping", mapping, nil),
		"Pushes to %s belong to %s now.", mapping.Get("PushDomain"), mapping.Get("PullDomain"))
	if err != nil {
		return err
	}
	v.redirect(h.Address(""))
	return nil
}

func (v *visit) deleteMapping() error {
	h, mapping, err := v.mappingOf()
	if err != nil {
		return err
	}
	err = v.outcome(v.call("DeleteLiveDomainMapping", mapping, nil),
		"Pushes to %s belong to %s no more.", mapping.Get("PushDomain"), mapping.Get("PullDomain"))
	if err != nil {
		return err
	}
	v.redirect(h.Address(""))
	return nil
}
