package console

import (
	"net/http"
	"strings"
	"testing"

	"tallylight/internal/api"
)

func TestEveryOperationHasItsPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	list := f.page(explorerPath)
	for _, g := range api.Reference().Groups {
		for _, op := range g.Operations {
			if !strings.Contains(list, `href="/console/explorer/`+op.Name+`"`) {
				t.Errorf("the list lacks %s", op.Name)
			}
			body := f.page(explorerPath + "/" + op.Name)
			for _, want := range []string{"<h1>" + op.Name + "</h1>", `id="string-to-sign"`, `id="code"`} {
				if !strings.Contains(body, want) {
					t.Errorf("the page of %s lacks %s", op.Name, want)
				}
			}
			if strings.Contains(body, testSecret) {
				t.Errorf("the page of %s holds the secret", op.Name)
			}
		}
	}
	f.post("/console/settings", "language", "zh-CN")
	if body := f.page(explorerPath + "/AddLiveRecordNotifyConfig"); !strings.Contains(body, "必填") {
		t.Error("the page is not in Chinese")
	}
}

func TestOperationsAreSearched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	body := f.page(explorerPath + "?q=recordnotify")
	if !strings.Contains(body, "AddLiveRecordNotifyConfig") || strings.Contains(body, "ForbidLiveStream") {
		t.Error("the list is not what was searched for")
	}
	if body := f.page(explorerPath + "?q=nothing-of-that-name"); !strings.Contains(body, "No operation was found") {
		t.Error("an empty list does not say so")
	}
	if got := f.get(explorerPath + "/Nothing"); got.status != http.StatusNotFound {
		t.Errorf("an unknown operation answers %d", got.status)
	}
}

func TestCallOfTheExplorerIsARealOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := explorerPath + "/AddLiveRecordNotifyConfig"
	call := []string{"p.DomainName", playDomain, "p.NotifyUrl", "https://hook.example.com/?a=<1>", "do", "call"}
	f.signIn(readerKey)
	if got := f.post(path, call...); !strings.Contains(got.body, "Forbidden") {
		t.Errorf("a user's call that policies do not allow answers %d", got.status)
	}
	f.signIn(accountKey)
	for scheme, format := range map[string]string{"ACS3": "JSON", "RPC": "XML"} {
		for _, method := range []string{"GET", "POST"} {
			got := f.post(path, append(call, "scheme", scheme, "format", format, "method", method)...)
			if !strings.Contains(got.body, `id="status">200<`) && !strings.Contains(got.body, "ConfigAlreadyExists") {
				t.Errorf("%s by %s answers:\n%s", scheme, method, got.body)
			}
			if !strings.Contains(got.body, `id="request-id">`) || !strings.Contains(got.body, "a=&lt;1&gt;") {
				t.Errorf("%s by %s: the page lacks the RequestId or the value", scheme, method)
			}
		}
	}
	if log := f.logged.String(); !strings.Contains(log, "action=AddLiveRecordNotifyConfig") {
		t.Errorf("the log does not tell of the change:\n%s", log)
	}
	if got := f.post(path, append(call, "format", "XML")...); !strings.Contains(got.body, "choose RPC for XML") {
		t.Error("ACS3 with XML is not refused")
	}
}

func TestListsOfTheExplorerGrowAndShrink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	path := explorerPath + "/AddLiveAppRecordConfig"
	got := f.post(path, "do", "add.RecordFormat", "p.AppName", "live")
	if !strings.Contains(got.body, `name="p.RecordFormat.1.Format"`) || !strings.Contains(got.body, `value="live"`) {
		t.Fatal("the list did not grow, or the form forgot a value")
	}
	got = f.post(path, "do", "add.RecordFormat", "n.RecordFormat", "1", "p.RecordFormat.1.Format", "flv")
	if !strings.Contains(got.body, `name="p.RecordFormat.2.Format"`) || !strings.Contains(got.body, "RecordFormat.1.Format=flv") {
		t.Error("the list has no second item, or its first is not sent")
	}
	got = f.post(path, "do", "remove.RecordFormat", "n.RecordFormat", "1")
	if strings.Contains(got.body, `name="p.RecordFormat.1.Format"`) {
		t.Error("the list did not shrink")
	}
	if got := f.post(path, "n.RecordFormat", "1000000"); strings.Count(got.body, "<fieldset") > 40 {
		t.Error("a list grows without bound")
	}
}

func TestErrorCenterExplainsEveryCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	list := f.page(errorsPath) // without being signed in
	for _, c := range api.Reference().ErrorCodes {
		if !strings.Contains(list, `href="/console/errors/`+c.Code+`"`) {
			t.Errorf("the list lacks %s", c.Code)
		}
		if body := f.page(errorsPath + "/" + c.Code); !strings.Contains(body, "<h1>"+c.Code+"</h1>") {
			t.Errorf("the page of %s is not its own", c.Code)
		}
	}
	body := f.page(errorsPath + "?q=InvalidNotifyUrl.Malformed&product=live&requestId=ABC")
	if !strings.Contains(body, "<h1>InvalidNotifyUrl.Malformed</h1>") || !strings.Contains(body, "ABC") {
		t.Error("the link of an answer does not lead to its code")
	}
	if body := f.page(errorsPath + "?q=notifyurl"); !strings.Contains(body, "InvalidNotifyUrl.Malformed") || strings.Contains(body, ">Throttling") {
		t.Error("the list is not what was searched for")
	}
	if got := f.get(errorsPath + "/Nothing"); got.status != http.StatusNotFound {
		t.Errorf("an unknown code answers %d", got.status)
	}
}
