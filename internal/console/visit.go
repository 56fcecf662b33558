package console

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tallylight/internal/api"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A visit is one request of a visitor and its answer.
type visit struct {
	*Console
	w http.ResponseWriter
	r *http.Request

	key     live.AccessKey // with which he has signed in; the zero key: not
	session session
	lang    *language
	theme   string // light, dark or empty for that of his system
	status  int    // of the answer; 0 stands for 200
}

func (c *Console) newVisit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{Console: c, w: w, r: r}
	v.lang = chooseLanguage(cookieValue(r, languageCookie), r.Header.Get("Accept-Language"))
	if theme := cookieValue(r, themeCookie); slices.Contains(themes, theme) {
		v.theme = theme
	}
	return v
}

func (v *visit) signedIn() bool { return v.key.ID != "" }

// t returns a text in the visitor's language.
func (v *visit) t(english string, args ...any) string { return v.lang.text(english, args...) }

// A page is what the templates work with: Data is the page's own, the rest is
// everybody's.
type page struct {
	Title   string // in the visitor's language
	Section string // the first element of the path under Root, which the navigation marks
	Path    string // with the query, of where the visitor can be sent back to
	Lang    *language
	Theme   string
	User    string // who has signed in; empty: nobody
	Token   string // for forms
	Access  bool   // he may see a page of access, so that the navigation leads there
	Flash   flash
	Version string
	Data    any
}

// page returns what every page has.
func (v *visit) page(title string, data any) *page {
	p := &page{Path: v.address(), Lang: v.lang, Theme: v.theme, Version: v.Version, Data: data}
	if title != "" {
		p.Title = v.t(title)
	}
	p.Section, _, _ = strings.Cut(strings.TrimPrefix(v.r.URL.Path, Root), "/")
	if v.signedIn() {
		p.User = v.userName()
		p.Token = v.session.formToken(v.key.Secret)
	}
	return p
}

// userName returns as whom the visitor has signed in: a user, or the account.
func (v *visit) userName() string { return cmp.Or(v.key.User, string(v.key.AccountID)) }

// address returns path and query of the page; where it is the answer to a form,
// those of the page that the form stands on.
func (v *visit) address() string {
	if v.changes() {
		if from, err := url.Parse(v.r.Referer()); err == nil && from.Host == v.r.Host {
			return within(from.RequestURI())
		}
	}
	return v.r.URL.RequestURI()
}

// render answers with the page of a template: a file of the folder templates.
// The title is in English. A page with regions is kept current with watch
// instead.
func (v *visit) render(name, title string, data any) error {
	p := v.page(title, data)
	if v.signedIn() {
		first, err := v.firstAccessTab()
		if err != nil {
			return err
		}
		p.Access = first != ""
	}
	p.Flash = v.takeFlash()
	var b bytes.Buffer
	if err := v.pages.render(&b, v.lang, name, p); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	if v.status == 0 {
		v.status = http.StatusOK
	}
	v.w.WriteHeader(v.status)
	v.w.Write(b.Bytes()) // a visitor who has gone needs no answer
	return nil
}

// redirect sends the visitor to a page of this server, to be read with GET.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// back sends the visitor where the form's field "back" says, within the console.
func (v *visit) back() error {
	v.redirect(within(v.r.PostFormValue("back")))
	return nil
}

// A flash is a message that the next page shows once.
type flash struct {
	Kind string // good or bad
	Text string // in the visitor's language
	Code string // of the API's error, for its page in the error center; or empty
}

const flashCookie = "tallylight_flash"

// maxFlash bounds a message, in bytes.
const maxFlash = 1024

// done tells the visitor on the next page that something was done.
func (v *visit) done(english string, args ...any) {
	v.setFlash(flash{Kind: "good", Text: v.t(english, args...)})
}

// failed tells him on the next page what was not done, and why. It returns an
// error that is not for visitors.
func (v *visit) failed(err error) error {
	f, ok := v.flashOf(err)
	if !ok {
		return err
	}
	v.setFlash(f)
	return nil
}

// outcome tells on the next page that something was done or, if there is an error,
// why it was not. It returns an error that is not for visitors.
func (v *visit) outcome(err error, english string, args ...any) error {
	if err != nil {
		return v.failed(err)
	}
	v.done(english, args...)
	return nil
}

func (v *visit) setFlash(f flash) {
	f.Text = strings.ToValidUTF8(f.Text[:min(len(f.Text), maxFlash)], "")
	value := base64.RawURLEncoding.EncodeToString([]byte(f.Kind + "\n" + f.Code + "\n" + f.Text))
	cookie := v.cookie(flashCookie, value)
	cookie.MaxAge = 60
	http.SetCookie(v.w, cookie)
}

// takeFlash returns the message for this page, once.
func (v *visit) takeFlash() flash {
	text, err := base64.RawURLEncoding.DecodeString(cookieValue(v.r, flashCookie))
	parts := strings.SplitN(string(text), "\n", 3)
	if err != nil || len(parts) != 3 {
		return flash{}
	}
	gone := v.cookie(flashCookie, "")
	gone.MaxAge = -1
	http.SetCookie(v.w, gone)
	return flash{Kind: parts[0], Code: parts[1], Text: parts[2]}
}

func cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// may reports whether the visitor's policies allow an operation of the API on a
// domain, as a call would be decided: some operations are on no domain whatever they
// name. The domain "*" stands for none in particular.
func (v *visit) may(operation, domain string) (bool, error) {
	if op := api.Reference().Operation(operation); op != nil && op.Resource == "*" {
		return v.mayOn(operation, "*")
	}
	return v.mayOn(operation, api.DomainResource(v.key.AccountID, domain))
}

// mayOn is may for a resource that is no domain.
func (v *visit) mayOn(operation, resource string) (bool, error) {
	decision, err := v.API.Decide(v.r.Context(), v.key, "live:"+operation, resource, v.r)
	if err != nil {
		return false, fmt.Errorf("decide %s on %s: %w", operation, resource, err)
	}
	return decision.Allowed(), nil
}

// must refuses the page unless may.
func (v *visit) must(operation, domain string) error {
	ok, err := v.may(operation, domain)
	if err != nil || ok {
		return err
	}
	if domain == "*" {
		return refused(http.StatusForbidden, "Your policies do not allow live:%s.", operation)
	}
	return refused(http.StatusForbidden, "Your policies do not allow live:%s on %s.", operation, domain)
}

// domains returns the domains of the account, of one type or of all (""), that
// the visitor may use an operation on, by name as they were added.
func (v *visit) domains(operation string, t live.DomainType) (list []live.Domain, err error) {
	ctx := v.r.Context()
	var all []live.Domain
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		all, err = r.Domains(ctx, v.key.AccountID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read domains: %w", err)
	}
	for _, d := range all {
		if t != "" && d.Type != t {
			continue
		}
		ok, err := v.may(operation, d.Name)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, d)
		}
	}
	return list, nil
}

// audit logs a change that the visitor made beside the operations of the API,
// or that he signed in or out.
func (v *visit) audit(action, object string, attrs ...any) {
	all := append([]any{"action", action, "object", object, "account", v.key.AccountID, "user", v.key.User,
		"access_key_id", v.key.ID, "ip", v.visitorIP()}, attrs...)
	v.Log.Info("console change", all...)
}
