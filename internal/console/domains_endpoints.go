package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/callback"
	callbackwire "tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainEndpointRoutes are those of endpoints beside the notify configuration, and
// of the secrets that callbacks are signed with.
var domainEndpointRoutes = []route{
	{pattern: "GET " + domainsPath + "/{domain}/endpoints", handle: (*visit).domainEndpointsPage},
	{pattern: "POST " + domainsPath + "/{domain}/endpoints", handle: (*visit).addDomainEndpoint},
	{pattern: "POST " + domainsPath + "/{domain}/endpoints/delete", handle: (*visit).deleteDomainEndpoint},
	{pattern: "POST " + domainsPath + "/{domain}/endpoints/rotate", handle: (*visit).rotateSecret},
	{pattern: "POST " + domainsPath + "/{domain}/endpoints/drop", handle: (*visit).dropSecrets},
}

// Actions of the console that are no operations of the API. Policies name them
// like those, on the domain.
const (
	listEndpoints  = "TallylightListEndpoints"
	addEndpoint    = "TallylightAddEndpoint"
	deleteEndpoint = "TallylightDeleteEndpoint"
	changeSecrets  = "TallylightChangeSecrets"
)

// An endpointsTab is the tab of endpoints and secrets.
type endpointsTab struct {
	domainHead
	Endpoints []live.Endpoint
	Signers   []signer // the domain, then the endpoints
	Full      bool     // no more endpoints are allowed
	Form      endpointForm
	Shown     shownSecret // made just now, and never shown again
	Problem   flash
	Refused   []refusedAddress
}

// A signer is somebody whose callbacks have secrets of their own.
type signer struct {
	Owner   string
	URL     string    // of an endpoint
	Newest  time.Time // zero: there are no secrets
	Before  time.Time // of the secret before the newest; zero: there is none
	Version string    // of the newest, for forms
}

// An endpointForm adds an endpoint.
type endpointForm struct {
	URL    string
	Chosen []string // types of events; none stand for all
	Rich   bool
	Secret bool // a secret of its own is made
}

// Has reports whether a type of event was chosen.
func (f endpointForm) Has(t live.EventType) bool { return slices.Contains(f.Chosen, string(t)) }

// events returns the types that were chosen.
func (f endpointForm) events() (list []live.EventType, err error) {
	for _, name := range f.Chosen {
		t, err := live.ParseEventType(name)
		if err != nil {
			return nil, badRequest("%s is no type of event.", name)
		}
		list = append(list, t)
	}
	return list, nil
}

// A shownSecret is a new secret and whose it is.
type shownSecret struct{ Owner, Secret string }

// EventTypes returns those that the domain has.
func (t endpointsTab) EventTypes() []live.EventType {
	return slices.DeleteFunc(live.EventTypes(), func(e live.EventType) bool { return !t.Streaming() && !e.OfPushes() })
}

// EventNames joins the types that an endpoint is told of; empty stands for all.
func (endpointsTab) EventNames(e live.Endpoint) string {
	names := make([]string, len(e.Events))
	for i, t := range e.Events {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

// openEndpoints reads the domain of the address with its endpoints and whose
// secrets there are.
func (v *visit) openEndpoints() (t endpointsTab, err error) {
	if t.domainHead, err = v.openDomain("endpoints", addEndpoint, deleteEndpoint, changeSecrets); err != nil {
		return t, err
	}
	if err := v.must(listEndpoints, t.Domain.Name); err != nil {
		return t, err
	}
	ctx := v.r.Context()
	var secrets []live.WebhookSecret
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		if t.Endpoints, err = r.Endpoints(ctx, t.Domain.Name); err != nil {
			return err
		}
		secrets, err = r.WebhookSecrets(ctx)
		return err
	})
	if err != nil {
		return t, fmt.Errorf("read endpoints of %s: %w", t.Domain.Name, err)
	}
	t.Full = len(t.Endpoints) >= live.MaxEndpoints
	t.Signers = []signer{newSigner(t.Domain.Name, "", secrets)}
	for _, e := range t.Endpoints {
		t.Signers = append(t.Signers, newSigner(string(e.ID), e.URL, secrets))
	}
	return t, nil
}

func newSigner(owner, url string, all []live.WebhookSecret) signer {
	s := signer{Owner: owner, URL: url}
	var own []live.WebhookSecret
	for _, secret := range all {
		if secret.Owner == owner {
			own = append(own, secret)
		}
	}
	s.Version = secretVersion(own)
	if len(own) > 0 {
		s.Newest = own[0].CreatedAt
	}
	if len(own) > 1 {
		s.Before = own[1].CreatedAt
	}
	return s
}

// secretVersion tells the newest secret of an owner from those after it, without
// showing it. A form that is sent twice is refused by it: a second rotation would
// drop the secret that receivers still use.
func secretVersion(own []live.WebhookSecret) string {
	if len(own) == 0 {
		return "none"
	}
	return strconv.FormatInt(own[0].CreatedAt.UnixMicro(), 10)
}

func (v *visit) domainEndpointsPage() error {
	t, err := v.openEndpoints()
	if err != nil {
		return err
	}
	return v.render("domain_endpoints.html", t.Domain.Name, t)
}

// showSecret answers with the tab as it is now, and with a secret, which stands in
// this answer alone.
func (v *visit) showSecret(owner, secret string) error {
	t, err := v.openEndpoints()
	if err != nil {
		return err
	}
	t.Shown = shownSecret{owner, secret}
	return v.render("domain_endpoints.html", t.Domain.Name, t)
}

// refuseEndpoints answers with the tab and why something was refused.
func (v *visit) refuseEndpoints(form endpointForm, err error, refused ...refusedAddress) error {
	problem, err := v.problem(err)
	if err != nil {
		return err
	}
	t, err := v.openEndpoints()
	if err != nil {
		return err
	}
	t.Form, t.Problem, t.Refused = form, problem, refused
	return v.render("domain_endpoints.html", t.Domain.Name, t)
}

func (v *visit) addDomainEndpoint() error {
	h, err := v.openDomain("endpoints")
	if err == nil {
		err = v.must(addEndpoint, h.Domain.Name)
	}
	if err != nil {
		return err
	}
	form := endpointForm{
		URL:    strings.TrimSpace(v.r.PostFormValue("url")),
		Chosen: v.r.PostForm["event"],
		Rich:   v.r.PostFormValue("body") == "rich",
		Secret: v.r.PostFormValue("secret") != "",
	}
	events, err := form.events()
	if err != nil {
		return v.refuseEndpoints(form, err)
	}
	if refused, err := v.checkEndpointURL(form.URL); err != nil {
		return v.refuseEndpoints(form, err, refused...)
	}
	e := callback.NewEndpoint(h.Domain.Name, form.URL, events, form.Rich, v.Now())
	var secret callbackwire.Secret
	if form.Secret {
		secret = callbackwire.NewSecret()
	}
	ctx := v.r.Context()
	err = v.Store.Update(ctx, func(tx store.Tx) error { return callback.AddEndpoint(ctx, tx, e, secret) })
	switch {
	case errors.Is(err, callback.ErrTooManyEndpoints):
		return v.refuseEndpoints(form, refused(http.StatusConflict, "The domain has %d endpoints; more are not allowed.", live.MaxEndpoints))
	case errors.Is(err, callback.ErrEventOfDomain):
		return v.refuseEndpoints(form, badRequest("An ingest domain has no events of recordings."))
	case err != nil:
		return fmt.Errorf("add endpoint of %s: %w", h.Domain.Name, err)
	}
	v.audit("add endpoint", string(e.ID), "domain", h.Domain.Name)
	if form.Secret {
		return v.showSecret(string(e.ID), secret.Text())
	}
	v.done("The endpoint was added. It is told of events from now on.")
	v.redirect(h.Address("endpoints"))
	return nil
}

// checkEndpointURL refuses a URL to which callbacks may not be sent, and explains
// that to those who may know.
func (v *visit) checkEndpointURL(url string) ([]refusedAddress, error) {
	ctx, cancel := context.WithTimeout(v.r.Context(), explainTimeout)
	defer cancel()
	err := v.URLs.CheckURL(ctx, url)
	switch {
	case errors.Is(err, live.ErrURLMalformed):
		refused, err := v.explainURLs(".Malformed", url)
		if err == nil {
			err = badRequest("The URL has to be an absolute http or https URL of at most 2048 bytes, without user name and fragment.")
		}
		return refused, err
	case errors.Is(err, live.ErrURLUnsafe):
		refused, err := v.explainURLs(".Unsafe", url)
		if err == nil {
			err = badRequest("Callbacks may not be sent to the address of this URL.")
		}
		return refused, err
	case err != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("check callback URL: %w", err)
	}
	return nil, nil // a name that nobody can resolve now is checked again when it is dialled
}

// ownedBy returns the endpoint or the domain that a form names as the owner of
// secrets, if it belongs to the domain of the address.
func ownedBy(ctx context.Context, r store.Reader, h domainHead, owner string) error {
	if owner == h.Domain.Name {
		return nil
	}
	e, err := r.Endpoint(ctx, live.EndpointID(owner))
	if err == nil && e.Domain != h.Domain.Name {
		err = live.ErrNotFound
	}
	return err
}

// changeEndpoints runs fn in a transaction, if the visitor may use an action and
// the owner that the form names is the domain's. What is not there is told.
func (v *visit) changeEndpoints(action string, fn func(ctx context.Context, tx store.Tx, owner string) error) (h domainHead, owner string, err error) {
	h, err = v.openDomain("endpoints")
	if err == nil {
		err = v.must(action, h.Domain.Name)
	}
	if err != nil {
		return h, "", err
	}
	owner = v.r.PostFormValue("owner")
	ctx := v.r.Context()
	err = v.Store.Update(ctx, func(tx store.Tx) error {
		if err := ownedBy(ctx, tx, h, owner); err != nil {
			return err
		}
		return fn(ctx, tx, owner)
	})
	if errors.Is(err, live.ErrNotFound) {
		err = notFound("There is no endpoint %s.", owner)
	}
	return h, owner, err
}

func (v *visit) deleteDomainEndpoint() error {
	h, owner, err := v.changeEndpoints(deleteEndpoint, func(ctx context.Context, tx store.Tx, owner string) error {
		return tx.DeleteEndpoint(ctx, live.EndpointID(owner))
	})
	if err != nil {
		return err
	}
	v.audit("delete endpoint", owner, "domain", h.Domain.Name)
	v.done("The endpoint was deleted. What it is owed is still delivered.")
	v.redirect(h.Address("endpoints"))
	return nil
}

// rotateSecret makes a new secret; the one before goes on to sign, too.
func (v *visit) rotateSecret() error {
	secret := callbackwire.NewSecret()
	h, owner, err := v.changeEndpoints(changeSecrets, func(ctx context.Context, tx store.Tx, owner string) error {
		own, err := callback.SecretsOf(ctx, tx, owner)
		if err != nil {
			return err
		}
		if secretVersion(own) != v.r.PostFormValue("version") {
			return refused(http.StatusConflict, "The secrets of %s have changed meanwhile. Look at them again.", owner)
		}
		return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: owner, Secret: secret.Text(), CreatedAt: v.Now()})
	})
	if err != nil {
		return v.endpointsError(err)
	}
	v.audit("rotate secret", owner, "domain", h.Domain.Name)
	return v.showSecret(owner, secret.Text())
}

// dropSecrets stops signing with the secret before, or with all.
func (v *visit) dropSecrets() error {
	all := v.r.PostFormValue("all") != ""
	h, owner, err := v.changeEndpoints(changeSecrets, func(ctx context.Context, tx store.Tx, owner string) error {
		_, err := callback.DropSecrets(ctx, tx, owner, all)
		if errors.Is(err, callback.ErrNoSecretBefore) {
			err = refused(http.StatusConflict, "The secrets of %s have changed meanwhile. Look at them again.", owner)
		}
		return err
	})
	if err != nil {
		return v.endpointsError(err)
	}
	v.audit("drop secrets", owner, "domain", h.Domain.Name, "all", all)
	v.done("Callbacks are signed with it no more.")
	v.redirect(h.Address("endpoints"))
	return nil
}

// endpointsError shows a conflict on the tab, where it can be mended; other errors
// are the page's.
func (v *visit) endpointsError(err error) error {
	if e, ok := errors.AsType[*refusal](err); ok && e.status == http.StatusConflict {
		return v.refuseEndpoints(endpointForm{}, err)
	}
	return err
}
