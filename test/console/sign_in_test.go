package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestVisitorsSignInWithAnAccessKey(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)

	b.open("/console/explorer/AddLiveDomain")
	if heading := b.text("h1"); heading != "Sign in" {
		t.Fatalf("a stranger is shown %q, want the page to sign in", heading)
	}
	b.events.expect("status of 403")
	if status := b.trySignIn(keyPair{s.key.id, "another secret"}); status != http.StatusForbidden {
		t.Errorf("a wrong secret is answered with %d, want 403", status)
	}
	if problem := b.text("[role=alert]"); !strings.Contains(problem, "not an active access key") {
		t.Errorf("a wrong secret is answered with %q", problem)
	}
	if status := b.trySignIn(s.key); status != http.StatusOK {
		t.Errorf("the key that the server printed is answered with %d, want 200", status)
	}
	if heading := b.text("h1"); heading != "AddLiveDomain" {
		t.Errorf("after signing in one is shown %q, want the page that one came for", heading)
	}
	b.load(click(".side nav button.plain"))
	b.open("/console/")
	if heading := b.text("h1"); heading != "Sign in" {
		t.Errorf("after signing out one is shown %q, want the page to sign in", heading)
	}
}

func TestSigningInIsRefusedAfterTooManyFailures(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	b.events.expect("status of 403")
	b.events.expect("status of 429")
	b.open("/console/sign-in")
	status, tries := 0, 0
	for status != http.StatusTooManyRequests && tries < 30 {
		tries++
		status = b.trySignIn(keyPair{s.key.id, "guess"})
	}
	if status != http.StatusTooManyRequests || tries < 5 {
		t.Errorf("after %d failures the answer is %d, want some to be 403 and then 429", tries, status)
	}
	if status := b.trySignIn(s.key); status != http.StatusTooManyRequests {
		t.Errorf("the right secret is answered with %d meanwhile, want 429", status)
	}
	if problem := b.text("[role=alert]"); !strings.Contains(problem, "Wait") {
		t.Errorf("the visitor is told %q, want how long to wait", problem)
	}
}

func TestFormsOfOtherPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	b.signIn(s.key)
	b.open("/console/domains")
	token := eval[string](b, "document.querySelector('[name=form_token]').value")
	for name, tt := range map[string]struct{ token, site string }{
		"without a token":      {},
		"with a foreign token": {token: "guess"},
		"of another site":      {token: token, site: "cross-site"},
	} {
		form := url.Values{"name": {streamingDomain}, "role": {"liveVideo"}, "region": {"cn-shanghai"}, "form_token": {tt.token}}
		r, err := http.NewRequest(http.MethodPost, s.base()+"/console/domains", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if tt.site != "" {
			r.Header.Set("Sec-Fetch-Site", tt.site)
		}
		r.AddCookie(&http.Cookie{Name: "tallylight_session", Value: b.session().Value})
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("a form %s is answered with %d, want 403", name, answer.StatusCode)
		}
	}
	b.do(chromedp.Reload())
	if b.has("a[href='/console/domains/" + streamingDomain + "']") {
		t.Error("a form that was refused has added the domain")
	}

	// The same form is good as its own page sends it.
	b.fill("form[method=post][action='/console/domains'] input[name=name]", streamingDomain)
	b.load(click("form[method=post][action='/console/domains'] button"))
	b.open("/console/domains")
	if !b.has("a[href='/console/domains/" + streamingDomain + "']") {
		t.Error("the form of the page has not added the domain")
	}
}
