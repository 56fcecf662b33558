package console

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused says what has the focus.
const focused = `(() => {
	const e = document.activeElement;
	return e.id || e.name || e.getAttribute('href') || e.textContent.trim() || e.tagName;
})()`

// tabTo presses the Tab key until what has the focus matches a selector.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	var passed []string
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, "document.activeElement.matches('"+selector+"')") {
			if !eval[bool](b, "document.activeElement.matches(':focus-visible')") {
				b.t.Errorf("%s does not show that it has the focus", selector)
			}
			return
		}
		passed = append(passed, eval[string](b, focused))
	}
	b.t.Fatalf("the Tab key does not lead to %s, but to %q", selector, passed)
}

func TestTheKeyboardSuffices(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.addDomains(t)
	b := newTab(t, s)
	b.open("/console/sign-in")
	b.tabTo("input[name=access_key_id]")
	b.do(chromedp.KeyEvent(s.key.id))
	b.tabTo("input[name=access_key_secret]")
	b.do(chromedp.KeyEvent(s.key.secret))
	b.load(chromedp.KeyEvent(kb.Enter))
	if !b.has("nav.sections") {
		t.Fatal("the keyboard does not sign in")
	}

	// The link that skips the navigation is the first, and leads past it.
	b.open("/console/domains")
	b.do(chromedp.KeyEvent(kb.Tab))
	if !eval[bool](b, "document.activeElement.matches('a.skip')") {
		t.Errorf("the first Tab leads to %q, want the link to the content", eval[string](b, focused))
	}
	b.await("document.activeElement.getBoundingClientRect().top >= 0")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.do(chromedp.KeyEvent(kb.Tab))
	if !eval[bool](b, "document.activeElement.closest('main') !== null") {
		t.Errorf("after the link to the content Tab leads to %q, want something of the content", eval[string](b, focused))
	}

	// The main actions of a page can be reached and done.
	b.open("/console/live/" + streamingDomain + "/live/show")
	b.tabTo("#forbid select")
	b.do(chromedp.KeyEvent(kb.ArrowDown)) // forbid it for an hour
	b.tabTo("#forbid button.danger")
	b.load(chromedp.KeyEvent(kb.Enter))
	if !b.has("#state .badge.bad") {
		t.Errorf("the keyboard does not forbid a stream: %s", b.text(".notice"))
	}

	// The menu of a phone opens and closes.
	b.size(phone)
	b.open("/console/")
	b.tabTo("#menu summary")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.await("document.getElementById('menu').open")
	b.tabTo("#menu a[href=\"/console/live\"]")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.await("!document.getElementById('menu').open && document.activeElement.matches('#menu summary')")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo("#menu a[href=\"/console/live\"]")
	b.load(chromedp.KeyEvent(kb.Enter))
	if got := b.text("h1"); got != "Live streams" {
		t.Errorf("the menu leads to %q", got)
	}
}
