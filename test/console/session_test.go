package console

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// signOutElsewhere ends the session as another tab would.
func (b *tab) signOutElsewhere() {
	b.t.Helper()
	if status := eval[int](b, "fetch('/console/sign-out', {method: 'POST'}).then((answer) => answer.status)"); status != http.StatusOK {
		b.t.Fatalf("signing out is answered with %d", status)
	}
}

func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.addDomains(t)
	b := newTab(t, s)
	b.signIn(s.key)
	b.open("/console/domains/" + streamingDomain + "/rules/new")
	b.fill("input[name=app]", "typed")
	b.signOutElsewhere()
	b.events.expect("status of 401")
	if status := b.load(click("#rule-form button.primary")); status != http.StatusUnauthorized {
		t.Fatalf("a form after the session is answered with %d", status)
	}
	if status := b.trySignIn(s.key); status != http.StatusOK || b.text("h1") != "Send the form?" {
		t.Fatalf("signing in is answered with %d %q", status, b.text("h1"))
	}
	b.load(click("main form button.primary"))
	if rows := b.text("main tbody"); !b.has("main tbody th") || b.text("main tbody th") != "typed" {
		t.Errorf("the rule that was typed is not among %q", rows)
	}

	// The explorer sends what it holds by script, and keeps it as well.
	b.open("/console/explorer/AddLiveDomain")
	b.signOutElsewhere()
	b.load(chromedp.SendKeys(chromedp.CSS("[name='p.DomainName']"), "new.example.com"))
	b.trySignIn(s.key)
	b.load(click("main form button.primary"))
	if got := eval[string](b, `document.querySelector("[name='p.DomainName']").value`); got == "" {
		t.Error("the explorer has lost what was typed")
	}
}

func TestAPageSaysThatItsSessionIsOver(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	b.signIn(s.key)
	b.open("/console/live")
	b.events.expect("status of 401")
	b.events.expect("401 (Unauthorized)")
	b.signOutElsewhere()
	b.await("!document.getElementById('over').hidden && document.getElementById('stale').hidden")
	if b.load(click("#over a")); b.text("h1") != "Sign in" {
		t.Errorf("the notice leads to %q", b.text("h1"))
	}
}

func TestAPageSaysThatItsServerDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	b.signIn(s.key)
	b.open("/console/live")
	b.events.expect("net::ERR_")
	s.end()
	b.await("!document.getElementById('stale').hidden && document.getElementById('over').hidden")
}

func TestTimesAreThoseOfTheVisitorsClock(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.addDomains(t)
	b := newTab(t, s)
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/St_Johns"}) // half an hour beside the others
	b.signIn(s.key)
	b.open("/console/recordings?domain=" + streamingDomain + "&from=2026-11-23T08:00")
	const from = "document.querySelector('[name=from]').value"
	if got := eval[string](b, from); got != "2026-11-23T04:30" {
		t.Errorf("08:00 UTC is asked for as %s", got)
	}
	if zone := b.text("label [data-zone]") + b.text("footer [data-zone]"); zone != "UTC-3:30UTC-3:30" {
		t.Errorf("the zones are %s", zone)
	}
	b.load(click(".filters button"))
	if got := eval[string](b, "new URL(location).searchParams.get('from')"); got != "2026-11-23T08:00" {
		t.Errorf("the address asks for %s, want UTC", got)
	}
	if got := eval[string](b, from); got != "2026-11-23T04:30" {
		t.Errorf("what was asked for has become %s", got)
	}
}

func TestCopyingNeedsNoClipboard(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	b.signIn(s.key)
	b.open("/console/")
	eval[chromedp.Void](b, "void Object.defineProperty(navigator, 'clipboard', {value: undefined})") // as where the page comes by plain HTTP
	b.do(click("[data-copy=endpoint]"))
	b.await("document.querySelector('[data-copy=endpoint]').matches('.copied')")
	if got := eval[string](b, "getSelection().toString()"); got != s.api {
		t.Errorf("%q is copied, want %q", got, s.api)
	}
}
