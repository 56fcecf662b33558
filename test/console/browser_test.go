package console

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A tab is a tab of the browser that shows pages of one server, and has cookies
// and a cache of its own. What the browser complains about fails the test.
type tab struct {
	t      *testing.T
	ctx    context.Context
	base   string // of the server: http://HOST:PORT
	events *events

	mu        sync.Mutex
	questions []string // that pages asked before they changed something
}

// newTab opens a tab on a server. It takes questions of pages for answered with
// yes.
func newTab(t *testing.T, s *server) *tab {
	t.Helper()
	b := &tab{t: t, base: s.base(), events: newEvents(s.api)}
	ctx, closeTab := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.events.take))
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(ctx, 4*patience)
	t.Cleanup(cancel)
	t.Cleanup(func() {
		for _, fault := range b.events.faults() {
			t.Errorf("the browser complains: %s", fault)
		}
	})
	call(b, audits.Enable, cdp.Empty{})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.size(desk)
	dialogs := chromedp.Events(b.ctx, page.JavascriptDialogOpening)
	go b.agree(dialogs) // ends with the context
	return b
}

// agree answers the questions of pages.
func (b *tab) agree(dialogs iter.Seq2[page.EventJavascriptDialogOpening, error]) {
	for dialog, err := range dialogs {
		if err != nil {
			return
		}
		b.mu.Lock()
		b.questions = append(b.questions, dialog.Message)
		b.mu.Unlock()
		if _, err := chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}); err != nil {
			return
		}
	}
}

// asked returns the questions of pages so far.
func (b *tab) asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.questions)
}

// call has the browser do something to the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// do runs actions of chromedp.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("on %s: %v", b.events.location(), err)
	}
}

// load runs actions that lead to another page, and returns the status of its
// answer when it has been loaded.
func (b *tab) load(actions ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		b.t.Fatalf("on %s: %v", b.events.location(), err)
	}
	return int(response.Status)
}

// open loads the page of a path, which has to be answered with status 200.
func (b *tab) open(path string) {
	b.t.Helper()
	if status := b.load(chromedp.Navigate(b.base + path)); status != 200 {
		b.t.Fatalf("GET %s is answered with %d", path, status)
	}
}

// eval evaluates an expression in the page; a promise is awaited.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("on %s: %.200s: %v", b.events.location(), expression, err)
	}
	return value
}

// await returns when an expression is true in the page, which stays the same.
func (b *tab) await(expression string) {
	b.t.Helper()
	eval[bool](b, `new Promise((done) => {
		const look = () => { if (`+expression+`) done(true); else setTimeout(look, 50); };
		look();
	})`)
}

// text returns the text of the first element that matches a selector.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, "document.querySelector("+strconv.Quote(selector)+")?.textContent ?? ''")
}

// has reports whether an element matches a selector.
func (b *tab) has(selector string) bool {
	b.t.Helper()
	return eval[bool](b, "document.querySelector("+strconv.Quote(selector)+") !== null")
}

// fill types into a field, in place of what it holds.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// click returns what clicks on an element.
func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// signIn signs in with a key, on the page of that.
func (b *tab) signIn(key keyPair) {
	b.t.Helper()
	b.open("/console/sign-in")
	if status := b.trySignIn(key); status != 200 || !b.has("nav.sections") {
		b.t.Fatalf("signing in is answered with %d", status)
	}
}

// trySignIn sends the form of the page and returns the status of what comes.
func (b *tab) trySignIn(key keyPair) int {
	b.t.Helper()
	b.fill("input[name=access_key_id]", key.id)
	b.fill("input[name=access_key_secret]", key.secret)
	return b.load(click("form button.primary"))
}

// send sends a form of this session that no page needs to have. It returns the
// status of what the visitor is shown then, and the notice that something was not done.
func (b *tab) send(path string, fields url.Values) (status int, told string) {
	b.t.Helper()
	answer := eval[struct {
		Status int
		Told   string
	}](b, `(async () => {
		const body = new URLSearchParams(`+strconv.Quote(fields.Encode())+`);
		body.set('form_token', document.querySelector('[name=form_token]').value);
		const answer = await fetch(`+strconv.Quote(path)+`, {method: 'POST', body});
		const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
		return {Status: answer.status, Told: page.querySelector('.notice.bad')?.textContent ?? ''};
	})()`)
	return answer.Status, answer.Told
}

// use has the server know whose session the tab continues.
func (b *tab) use(session *network.Cookie) {
	b.t.Helper()
	b.setCookie(session.Name, session.Value)
}

func (b *tab) setCookie(name, value string) {
	b.t.Helper()
	call(b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.base + "/console/", Path: "/console/"})
}

// session returns the cookie of whom the tab has signed in.
func (b *tab) session() *network.Cookie {
	b.t.Helper()
	for _, cookie := range call(b, network.GetCookies, network.GetCookiesParams{URLs: []string{b.base + "/console/"}}).Cookies {
		if cookie.Name == "tallylight_session" {
			return cookie
		}
	}
	b.t.Fatal("nobody has signed in")
	return nil
}

// A size is that of a window, in CSS pixels.
type size struct{ width, height int64 }

var (
	desk  = size{1280, 800}
	phone = size{375, 812}
)

func (s size) String() string { return fmt.Sprintf("%d px", s.width) }

func (b *tab) size(s size) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s == phone})
}

// prefer has the system prefer a colour scheme, light or dark.
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
