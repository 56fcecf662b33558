package console

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// hidden returns the value of a hidden field of a page.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	return html.UnescapeString(between(t, page, `name="`+name+`" value="`, `"`))
}

func TestAFormThatIsSentAfterTheSessionIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.now = f.now.Add(13 * time.Hour)
	const typed = `<b>"lost" & found</b>`
	got := f.post(domainsPath, "name", typed, "role", "liveVideo", "region", "local")
	if got.status != http.StatusUnauthorized {
		t.Fatalf("a form after the session answers %d", got.status)
	}
	mustContain(t, got.body, "Your session is over.", "What you filled in is kept")
	mustLack(t, got.body, f.token)
	action, fields := hidden(t, got.body, heldActionField), hidden(t, got.body, heldFieldsField)

	// A mistake at the sign-in loses nothing either.
	got = f.post(signInPath, "access_key_id", accountKey, "access_key_secret", "wrong", heldActionField, action, heldFieldsField, fields)
	if hidden(t, got.body, heldFieldsField) != fields {
		t.Error("after a wrong secret the form is gone")
	}
	got = f.post(signInPath, "access_key_id", accountKey, "access_key_secret", testSecret, heldActionField, action, heldFieldsField, fields)
	if got.status != http.StatusOK {
		t.Fatalf("signing in answers %d", got.status)
	}
	mustContain(t, got.body, "Send the form?", `action="/console/domains"`, html.EscapeString(typed))
	mustLack(t, got.body, typed, testSecret)
	if name := hidden(t, got.body, "name"); name != typed {
		t.Errorf("the form is to be sent with %q", name)
	}
	mustLack(t, f.page(domainsPath), "found") // nothing is sent unasked

	f.mustPost(domainsPath, "name", "kept.example.com", "role", "liveVideo", "region", "local")
	mustContain(t, f.page(domainsPath), "kept.example.com")
}

func TestAFormOfAnotherSessionIsAskedAbout(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	old := f.token
	f.signIn(accountKey)
	fresh := f.token
	f.token = old
	got := f.post(domainsPath, "name", "new.example.com", "role", "liveVideo", "region", "local")
	if got.status != http.StatusForbidden {
		t.Errorf("a form of another session answers %d", got.status)
	}
	mustContain(t, got.body, "opened in another session", "Send it as 1001?", `value="new.example.com"`, fresh)
	mustLack(t, got.body, old)
	// Where nothing was filled in there is nothing to ask about.
	mustContain(t, f.post(domainsPath+"/"+playDomain+"/notify/delete").body, "Open the page again.")
	f.token = fresh
	mustLack(t, f.page(domainsPath), "new.example.com")
}

func TestAHeldFormLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"https://evil.example/console/", "//evil.example/console/", "/?Action=x", "javascript:alert(1)"} {
		f := newFixture(t)
		got := f.post(signInPath, "access_key_id", accountKey, "access_key_secret", testSecret, heldActionField, action, heldFieldsField, "a=b")
		mustContain(t, got.body, `action="/console/"`)
		mustLack(t, got.body, "evil", "alert(1)")
	}
}

func TestAFormThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	if got := f.post(domainsPath, "name", strings.Repeat("a", maxForm)); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than %d bytes answers %d", maxForm, got.status)
	}
	f.now = f.now.Add(13 * time.Hour)
	got := f.post(domainsPath, "name", strings.Repeat("a", maxHeld))
	mustContain(t, got.body, "Your session is over.")
	mustLack(t, got.body, heldFieldsField)
}

func TestTwoTabsSignInAndOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.token = "" // the page to sign in that the other tab shows has none
	if got := f.post("/console/settings", "language", "zh-CN"); got.status != http.StatusSeeOther {
		t.Errorf("the language is answered with %d", got.status)
	}
	f.signIn(readerKey)
	mustContain(t, f.page(Root), ">reader<")
	for range 2 {
		if got := f.post("/console/sign-out"); got.header.Get("Location") != signInPath {
			t.Errorf("signing out is answered with %d to %q", got.status, got.header.Get("Location"))
		}
	}
}

func TestALinkOnAnotherSiteLeadsToThePage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ask := func(site string) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+livePath+"?app="+url.QueryEscape("a;b"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", site)
		answer, err := f.browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode, answer.Header
	}
	// Without the cookie, which browsers keep back, the page is asked for once more.
	if status, h := ask("cross-site"); status != http.StatusOK || h.Get("Refresh") != "0; url=/console/live?app=a%3Bb" {
		t.Errorf("a link on another site answers %d with the Refresh %q", status, h.Get("Refresh"))
	}
	if status, h := ask("same-origin"); status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), signInPath) {
		t.Errorf("the same from this site answers %d to %q", status, h.Get("Location"))
	}
}

func TestOnlySettingsThatThereAreAreKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, fields := range [][]string{{"language", "xx"}, {"theme", "pink"}, {"language", ""}, {}} {
		if set := f.post("/console/settings", fields...).header.Values("Set-Cookie"); len(set) > 0 {
			t.Errorf("%q sets %q", fields, set)
		}
	}
}
