package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
)

// maxView bounds what is sent for the first view of a page: HTML, style sheets and
// scripts, in bytes.
const maxView = 100_000

// pages are all pages of the console.
var pages = []struct {
	name string
	path string // a regular expression of its path
	at   string // its address; empty: the first on the page "on" that has the path
	on   string
	then func(*tab) // does something on the page, which is judged as it is afterwards
}{
	{name: "overview", path: `/console/`, at: "/console/"},
	{name: "live streams", path: `/console/live`, at: "/console/live"},
	{name: "a search for live streams without result", path: `/console/live`, at: "/console/live?stream=nothing"},
	{name: "a live stream", path: `/console/live/[^/]+/live/[^/]+`, at: "/console/live/" + streamingDomain + "/live/concert"},
	{name: "a stream that is not live", path: `/console/live/[^/]+/live/[^/]+`, at: "/console/live/" + streamingDomain + "/live/banned"},
	{name: "forbidden streams", path: `/console/live/forbidden`, at: "/console/live/forbidden?domain=" + streamingDomain},
	{name: "past pushes", path: `/console/live/history`, at: "/console/live/history?domain=" + streamingDomain},

	{name: "recordings", path: `/console/recordings`, at: "/console/recordings?domain=" + streamingDomain},
	{name: "no recordings", path: `/console/recordings`, at: "/console/recordings?domain=" + otherDomain},
	{name: "a recording", path: `/console/recordings/[^/]+`, on: "/console/recordings?domain=" + streamingDomain + "&status=stored",
		then: func(b *tab) { b.await("document.querySelector('video').readyState >= 1") }},
	{name: "a link to a recording", path: `/console/recordings/[^/]+`, on: "/console/recordings?domain=" + streamingDomain + "&status=stored",
		then: func(b *tab) { b.load(click("form:has([name=lifetime]) button")) }},
	{name: "a timeline", path: `/console/recordings/timeline`,
		at: "/console/recordings/timeline?app=live&stream=show&domain=" + streamingDomain},

	{name: "callbacks", path: `/console/callbacks`, at: "/console/callbacks?domain=" + streamingDomain},
	{name: "no callbacks", path: `/console/callbacks`, at: "/console/callbacks?domain=" + otherDomain},
	{name: "deliveries", path: `/console/callbacks/deliveries`, at: "/console/callbacks/deliveries?domain=" + streamingDomain},
	{name: "a delivery", path: `/console/callbacks/deliveries/[^/]+`, on: "/console/callbacks?domain=" + streamingDomain},
	{name: "a delivery that fails", path: `/console/callbacks/deliveries/[^/]+`, on: "/console/callbacks?status=failed&domain=" + streamingDomain},
	{name: "endpoints of callbacks", path: `/console/callbacks/endpoints`, at: "/console/callbacks/endpoints"},
	{name: "a refused address", path: `/console/callbacks/endpoints`, at: "/console/callbacks/endpoints?check=http://169.254.169.254/"},
	{name: "test events", path: `/console/callbacks/test`, at: "/console/callbacks/test?domain=" + streamingDomain},
	{name: "a test event that was sent", path: `/console/callbacks/test`, at: "/console/callbacks/test?domain=" + streamingDomain,
		then: func(b *tab) { b.load(click("td form button")) }},
	{name: "on-demand trial", path: `/console/callbacks/on-demand`, at: "/console/callbacks/on-demand?domain=" + streamingDomain},
	{name: "an on-demand trial that was made", path: `/console/callbacks/on-demand`, at: "/console/callbacks/on-demand?domain=" + streamingDomain,
		then: func(b *tab) { b.load(click("form.actions button.primary")) }},

	{name: "domains", path: `/console/domains`, at: "/console/domains"},
	{name: "a streaming domain", path: `/console/domains/[^/]+`, at: "/console/domains/" + streamingDomain},
	{name: "an ingest domain", path: `/console/domains/[^/]+`, at: "/console/domains/" + ingestDomain},
	{name: "record rules", path: `/console/domains/[^/]+/rules`, at: "/console/domains/" + streamingDomain + "/rules"},
	{name: "a new record rule", path: `/console/domains/[^/]+/rules/new`, at: "/console/domains/" + streamingDomain + "/rules/new"},
	{name: "a record rule", path: `/console/domains/[^/]+/rules/edit`, on: "/console/domains/" + streamingDomain + "/rules"},
	{name: "notify configuration", path: `/console/domains/[^/]+/notify`, at: "/console/domains/" + streamingDomain + "/notify"},
	{name: "endpoints of a domain", path: `/console/domains/[^/]+/endpoints`, at: "/console/domains/" + streamingDomain + "/endpoints"},
	{name: "push authentication", path: `/console/domains/[^/]+/push-auth`, at: "/console/domains/" + streamingDomain + "/push-auth"},

	{name: "access keys", path: `/console/access`, at: "/console/access"},
	{name: "a new access key", path: `/console/access`, at: "/console/access?user=lena",
		then: func(b *tab) { b.load(click("[aria-labelledby=create] button")) }},
	{name: "a new secret of an endpoint", path: `/console/domains/[^/]+/endpoints`, at: "/console/domains/" + streamingDomain + "/endpoints",
		then: func(b *tab) { b.load(click("form[action$='/rotate'] button")) }},
	{name: "users", path: `/console/access/users`, at: "/console/access/users"},
	{name: "a user", path: `/console/access/users/[^/]+`, at: "/console/access/users/lena"},
	{name: "policy tester", path: `/console/access/test`, at: "/console/access/test"},
	{name: "an answer of the policy tester", path: `/console/access/test`,
		at: "/console/access/test?user=lena&action=DescribeLiveStreamsOnlineList&object=" + streamingDomain},

	{name: "operations", path: `/console/explorer`, at: "/console/explorer"},
	{name: "an operation", path: `/console/explorer/[^/]+`, at: "/console/explorer/AddLiveRecordNotifyConfig"},
	{name: "an operation with lists", path: `/console/explorer/[^/]+`, at: "/console/explorer/AddLiveAppRecordConfig"},
	{name: "a call", path: `/console/explorer/[^/]+`, at: "/console/explorer/DescribeLiveUserDomains",
		then: func(b *tab) { b.do(click("#call")); b.await("document.querySelector('#status')") }},
	{name: "errors", path: `/console/errors`, at: "/console/errors"},
	{name: "an error", path: `/console/errors/[^/]+`, on: "/console/errors"},
}

// notPages are the paths of what else pages link to.
var notPages = regexp.MustCompile(`^/console/recordings/[^/]+/video\.mp4$`)

func TestEveryPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	front := newTab(t, w.server)
	front.signIn(w.key)
	session := front.session()
	var links links
	t.Run("each", func(t *testing.T) {
		for _, page := range pages {
			t.Run(page.name, func(t *testing.T) {
				t.Parallel()
				at := page.at
				if at == "" {
					at = w.firstLink(t, session.Value, page.on, page.path)
				}
				b := newTab(t, w.server)
				b.use(session)
				checkPage(b, at, page.then, &links)
			})
		}
	})
	t.Run("links lead to pages of the table", func(t *testing.T) {
		for _, link := range links.all() {
			u, err := url.Parse(link)
			if err != nil || u.Host != w.api {
				t.Errorf("a page links to %s", link)
				continue
			}
			known := notPages.MatchString(u.Path)
			for _, page := range pages {
				known = known || regexp.MustCompile("^"+page.path+"$").MatchString(u.Path)
			}
			if !known {
				t.Errorf("a page links to %s, of which the table has no row", u.Path)
			}
			if status, _ := w.get(t, session.Value, u.RequestURI()); status != http.StatusOK {
				t.Errorf("a page links to %s, which is answered with %d", u.RequestURI(), status)
			}
		}
	})
}

// links are those that pages have.
type links struct {
	mu    sync.Mutex
	found map[string]bool
}

func (l *links) add(all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found == nil {
		l.found = make(map[string]bool)
	}
	for _, link := range all {
		address, _, _ := strings.Cut(link, "#")
		l.found[address] = true
	}
}

func (l *links) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for link := range l.found {
		all = append(all, link)
	}
	slices.Sort(all)
	return all
}

var hrefs = regexp.MustCompile(`href="([^"]+)"`)

// firstLink returns the first address on a page whose path is like path.
func (w *world) firstLink(t *testing.T, session, on, path string) string {
	t.Helper()
	_, body := w.get(t, session, on)
	wanted := regexp.MustCompile("^" + path + "$")
	for _, href := range hrefs.FindAllStringSubmatch(body, -1) {
		address := strings.ReplaceAll(href[1], "&amp;", "&")
		u, err := url.Parse(address)
		if err == nil && wanted.MatchString(u.Path) && !slices.Contains([]string{"/console/recordings/timeline"}, u.Path) {
			return address
		}
	}
	t.Fatalf("%s has no link to a page like %s", on, path)
	return ""
}

// checkPage holds a page against what is promised of all.
func checkPage(b *tab, at string, then func(*tab), found *links) {
	b.t.Helper()
	call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	b.events.reset()
	b.open(at)
	if sent := b.events.transferred(); sent > maxView {
		b.t.Errorf("%d bytes are sent for the first view, want %d at most", sent, maxView)
	} else {
		b.t.Logf("%d bytes, %s", sent, eval[string](b, `(() => {
			const [e] = performance.getEntriesByType('navigation');
			return 'answered after ' + Math.round(e.responseEnd) + ' ms, loaded after ' + Math.round(e.loadEventEnd) + ' ms';
		})()`))
	}
	const outline = `[...document.querySelectorAll('h1, h2, thead th')].map((e) => e.textContent.replace(/\d+/g, '0'))`
	scripted := eval[[]string](b, outline)
	found.add(eval[[]string](b, "[...document.links].map((e) => e.href)"))

	for _, language := range []string{"en", "zh-CN"} {
		b.setCookie("tallylight_language", language)
		b.open(at)
		if then != nil {
			then(b)
			if status := eval[int](b, "fetch(document.querySelector('.settings [name=back]').value).then((answer) => answer.status)"); status != http.StatusOK {
				b.t.Errorf("whoever changes the language here is led to an answer %d", status)
			}
		}
		if got := eval[string](b, "document.documentElement.lang"); got != language {
			b.t.Errorf("the language is %s, want %s", got, language)
		}
		b.prepareAxe()
		for _, scheme := range []string{"light", "dark"} {
			b.prefer(scheme)
			for _, size := range []size{desk, phone} {
				b.size(size)
				what := fmt.Sprintf("%s, %s, %v", language, scheme, size)
				for _, violation := range b.judge() {
					b.t.Errorf("%s: %s", what, violation)
				}
				if width := eval[int64](b, "document.documentElement.scrollWidth"); width > size.width {
					b.t.Errorf("%s: the page is %d px wide", what, width)
				}
			}
		}
		b.size(desk)
	}

	// Whoever has no scripts reads the same.
	b.setCookie("tallylight_language", "en")
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open(at)
	if plain := eval[[]string](b, outline); !slices.Equal(plain, scripted) {
		b.t.Errorf("without scripts the page has the headings %q, want %q", plain, scripted)
	}
}
