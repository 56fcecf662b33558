package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainPushAuthRoutes are those of push authentication.
var domainPushAuthRoutes = []route{
	{pattern: "GET " + domainsPath + "/{domain}/push-auth", handle: (*visit).pushAuthPage},
	{pattern: "POST " + domainsPath + "/{domain}/push-auth", handle: (*visit).setPushAuth},
}

// A pushAuthTab is the tab of push authentication, with the form as it was filled
// in.
type pushAuthTab struct {
	domainHead
	On         bool
	Key1, Key2 string
	Minutes    string
	Suggestion string // a key that nobody has
	Problem    flash
}

// openPushAuth reads the domain of the address and what it demands.
func (v *visit) openPushAuth() (t pushAuthTab, err error) {
	t.domainHead, err = v.openDomain("push-auth", "BatchSetLiveDomainConfigs", "BatchDeleteLiveDomainConfigs")
	if err != nil {
		return t, err
	}
	if err := v.must("DescribeLiveDomainConfigs", t.Domain.Name); err != nil {
		return t, err
	}
	auth := live.PushAuth{Validity: live.DefaultPushAuthValidity}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		a, err := r.PushAuth(ctx, t.Domain.Name)
		if err == nil {
			auth = a
		} else if errors.Is(err, live.ErrConfigNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return t, fmt.Errorf("read push authentication of %s: %w", t.Domain.Name, err)
	}
	t.On, t.Key1, t.Key2 = auth.Type == live.PushAuthA, auth.Key1, auth.Key2
	t.Minutes = strconv.Itoa(int(auth.Validity / time.Minute))
	t.Suggestion = identity.RandomText(24)
	return t, nil
}

func (v *visit) pushAuthPage() error {
	t, err := v.openPushAuth()
	if err != nil {
		return err
	}
	return v.render("domain_push_auth.html", t.Domain.Name, t)
}

// setPushAuth switches the demand on, with its keys, or off.
func (v *visit) setPushAuth() error {
	t, err := v.openPushAuth()
	if err != nil {
		return err
	}
	if v.r.PostFormValue("demand") == "" {
		err = v.call("BatchDeleteLiveDomainConfigs", url.Values{"DomainNames": {t.Domain.Name}, "FunctionNames": {"aliauth"}}, nil)
		t.On = false
	} else {
		get := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
		t.On, t.Key1, t.Key2, t.Minutes = true, get("key1"), get("key2"), get("minutes")
		var functions string
		if functions, err = t.functions(); err != nil {
			return err
		}
		err = v.call("BatchSetLiveDomainConfigs", url.Values{"DomainNames": {t.Domain.Name}, "Functions": {functions}}, nil)
	}
	if err != nil {
		if t.Problem, err = v.problem(err); err != nil {
			return err
		}
		return v.render("domain_push_auth.html", t.Domain.Name, t)
	}
	if t.On {
		v.done("Pushes to %s need a proof now.", t.Domain.Name)
	} else {
		v.done("Pushes to %s need no proof.", t.Domain.Name)
	}
	v.redirect(t.Address("push-auth"))
	return nil
}

// functions returns the form in the JSON of the call.
func (t pushAuthTab) functions() (string, error) {
	type argument struct {
		Name  string `json:"argName"`
		Value string `json:"argValue"`
	}
	type function struct {
		Name string     `json:"functionName"`
		Args []argument `json:"functionArgs"`
	}
	text, err := json.Marshal([]function{{"aliauth", []argument{
		{"auth_type", string(live.PushAuthA)}, {"auth_key1", t.Key1}, {"auth_key2", t.Key2}, {"ali_auth_delta", t.Minutes},
	}}})
	if err != nil {
		return "", fmt.Errorf("encode functions: %w", err)
	}
	return string(text), nil
}
