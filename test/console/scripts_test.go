package console

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// That every page reads the same without scripts, checkPage sees to; this is what
// one does.
func TestTheConsoleWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := newTab(t, s)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.signIn(s.key)

	b.open("/console/explorer/AddLiveDomain")
	b.fill("[name='p.DomainName']", streamingDomain)
	b.fill("[name='p.Region']", "cn-shanghai")
	b.do(chromedp.SetValue(chromedp.CSS("[name='p.LiveDomainType']"), "liveVideo"))
	b.load(click("#call"))
	if status, request := b.text("#status"), b.text("#request"); status != "200" || !strings.Contains(request, streamingDomain) {
		t.Errorf("the explorer shows the answer %q to the request %q", status, request)
	}

	b.open("/console/live/" + streamingDomain + "/live/show")
	b.load(click("#forbid button"))
	if !b.has(".notice.good, .notice.bad") {
		t.Error("a form of the stream's page tells nothing")
	}

	b.open("/console/domains")
	if !b.has("a[href='/console/domains/" + streamingDomain + "']") {
		t.Error("the domain that the explorer added is not there")
	}
	b.load(click(".settings button[lang=zh-CN]"))
	if got := b.text("h1"); got != "域名" {
		t.Errorf("in Chinese the page of domains is headed %q", got)
	}
	b.load(click(".side nav button.plain"))
	if !b.has("input[name=access_key_secret]") {
		t.Error("signing out does not lead to the page to sign in")
	}
}
