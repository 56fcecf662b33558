package console

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainNotifyRoutes are those of notify configurations.
var domainNotifyRoutes = []route{
	{pattern: "GET " + domainsPath + "/{domain}/notify", handle: (*visit).notifyPage},
	{pattern: "POST " + domainsPath + "/{domain}/notify", handle: (*visit).setNotify},
	{pattern: "POST " + domainsPath + "/{domain}/notify/delete", handle: (*visit).deleteNotify},
}

// A notifyForm is the notify configuration of a domain as the form has it. An
// ingest domain has no OnDemandURL and no states.
type notifyForm struct {
	NotifyURL   string
	OnDemandURL string
	States      bool
	Sign        string // true, false, or empty: if there is a key
	Key         string
}

// A notifyTab is the tab of notify configurations.
type notifyTab struct {
	domainHead
	notifyForm
	Exists    bool
	MaySave   bool
	MayDelete bool
	Problem   flash
	Refused   []refusedAddress
}

// notifyOperations are those of a domain's notify configuration by its type.
func (h domainHead) notifyOperations(exists bool) (read, save, remove string) {
	if !h.Streaming() {
		return "DescribeLiveStreamsNotifyUrlConfig", "SetLiveStreamsNotifyUrlConfig", "DeleteLiveStreamsNotifyUrlConfig"
	}
	save = "AddLiveRecordNotifyConfig"
	if exists {
		save = "UpdateLiveRecordNotifyConfig"
	}
	return "DescribeLiveRecordNotifyConfig", save, "DeleteLiveRecordNotifyConfig"
}

// openNotify reads the domain of the address with its notify configuration.
func (v *visit) openNotify() (t notifyTab, err error) {
	if t.domainHead, err = v.openDomain("notify"); err != nil {
		return t, err
	}
	read, _, _ := t.notifyOperations(false)
	if err := v.must(read, t.Domain.Name); err != nil {
		return t, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		t.notifyForm, err = readNotify(ctx, r, t.Domain)
		return err
	})
	t.Exists = err == nil
	if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
		return t, fmt.Errorf("read notify configuration of %s: %w", t.Domain.Name, err)
	}
	_, save, remove := t.notifyOperations(t.Exists)
	if t.MaySave, err = v.may(save, t.Domain.Name); err != nil {
		return t, err
	}
	t.MayDelete, err = v.may(remove, t.Domain.Name)
	return t, err
}

func readNotify(ctx context.Context, r store.Reader, d live.Domain) (f notifyForm, err error) {
	if d.Type == live.IngestDomain {
		c, err := r.StreamsNotifyConfig(ctx, d.Name)
		return notifyForm{NotifyURL: c.NotifyURL, Sign: strconv.FormatBool(c.NotifyReqAuth), Key: c.NotifyAuthKey}, err
	}
	c, err := r.NotifyConfig(ctx, d.Name)
	f = notifyForm{NotifyURL: c.NotifyURL, OnDemandURL: c.OnDemandURL, States: c.NeedStatusNotify, Key: c.NotifyAuthKey}
	if c.NotifyReqAuth || c.NotifyAuthOff {
		f.Sign = strconv.FormatBool(c.NotifyReqAuth)
	}
	return f, err
}

func (v *visit) notifyPage() error {
	t, err := v.openNotify()
	if err != nil {
		return err
	}
	return v.render("domain_notify.html", t.Domain.Name, t)
}

func (v *visit) setNotify() error {
	t, err := v.openNotify()
	if err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	t.notifyForm = notifyForm{NotifyURL: get("notify_url"), OnDemandURL: get("on_demand_url"), States: get("states") != "", Sign: get("sign"), Key: get("key")}
	_, save, _ := t.notifyOperations(t.Exists)
	if err := v.call(save, t.params(t.domainHead, t.Exists), nil); err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return err
		}
		t.Problem = problem
		if t.Refused, err = v.explainURLs(problem.Code, t.NotifyURL, t.OnDemandURL); err != nil {
			return err
		}
		return v.render("domain_notify.html", t.Domain.Name, t)
	}
	v.done("The notify configuration was saved. It counts for events from now on.")
	v.redirect(t.Address("notify"))
	return nil
}

// params returns the parameters of the call that saves the configuration. A change
// clears what is empty.
func (f notifyForm) params(h domainHead, exists bool) url.Values {
	p := url.Values{"DomainName": {h.Domain.Name}, "NotifyUrl": {f.NotifyURL}}
	if f.Sign != "" {
		p.Set("NotifyReqAuth", f.Sign)
	}
	if f.Key != "" || exists {
		p.Set("NotifyAuthKey", f.Key)
	}
	if h.Streaming() {
		p.Set("NeedStatusNotify", strconv.FormatBool(f.States))
		if f.OnDemandURL != "" || exists {
			p.Set("OnDemandUrl", f.OnDemandURL)
		}
	}
	return p
}

func (v *visit) deleteNotify() error {
	t, err := v.openNotify()
	if err != nil {
		return err
	}
	_, _, remove := t.notifyOperations(t.Exists)
	err = v.call(remove, url.Values{"DomainName": {t.Domain.Name}}, nil)
	if err := v.outcome(err, "The notify configuration was deleted."); err != nil {
		return err
	}
	v.redirect(t.Address("notify"))
	return nil
}

// explainTimeout bounds the look-up of a name that is explained.
const explainTimeout = 2 * time.Second

// explainAddress is the action that policies allow to those who may know what
// names resolve to here.
const explainAddress = "TallylightExplainURL"

// A refusedAddress explains why a callback URL was refused.
type refusedAddress struct {
	URL       string
	Malformed string // what is wrong with its form, in English; or empty
	live.RefusedURL
}

// AllowNetwork is the network of the address alone, as the setting wants it.
func (a refusedAddress) AllowNetwork() string {
	if !a.Addr.IsValid() {
		return ""
	}
	addr := a.Addr.Unmap().WithZone("")
	return fmt.Sprintf("%s/%d", addr, addr.BitLen())
}

// explainURLs explains what the API refuses with a code about a URL. It tells
// nothing to those who may not know: which private addresses names have is the
// operator's own business.
func (v *visit) explainURLs(code string, urls ...string) (list []refusedAddress, err error) {
	if v.URLs == nil || !strings.HasSuffix(code, ".Unsafe") && !strings.HasSuffix(code, ".Malformed") {
		return nil, nil
	}
	may, err := v.mayOn(explainAddress, "*")
	if err != nil || !may {
		return nil, err
	}
	for _, u := range urls {
		if u == "" {
			continue
		}
		ctx, cancel := context.WithTimeout(v.r.Context(), explainTimeout)
		err := v.URLs.CheckURL(ctx, u)
		cancel()
		if refused, ok := errors.AsType[*live.RefusedURL](err); ok {
			list = append(list, refusedAddress{URL: u, RefusedURL: *refused})
		} else if errors.Is(err, live.ErrURLMalformed) || errors.Is(err, live.ErrURLUnsafe) {
			list = append(list, refusedAddress{URL: u, Malformed: err.Error()})
		}
	}
	return list, nil
}
