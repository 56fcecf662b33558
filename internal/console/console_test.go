package console

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestWhoHasNotSignedInIsSentToDoSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.get("/console/?a=b")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/sign-in?to=%2Fconsole%2F%3Fa%3Db" {
		t.Errorf("GET /console/ answers %d to %q", got.status, got.header.Get("Location"))
	}
	if got := f.post(domainsPath); got.status != http.StatusUnauthorized {
		t.Errorf("a form without a session answers %d, want 401", got.status)
	}
}

func TestSignInLeadsToWhereTheVisitorWanted(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/console/live?app=x":          "/console/live?app=x",
		"":                             "/console/",
		"//evil.example/console/":      "/console/",
		"https://evil.example/console": "/console/",
		"/healthz":                     "/console/",
		"/console/sign-in":             "/console/",
		"/console/../healthz":          "/console/",
		"/console/%2e%2e/healthz":      "/console/",
		"/console/live/../domains":     "/console/live/../domains",
	} {
		f := newFixture(t)
		got := f.post(signInPath, "access_key_id", " "+accountKey+" ", "access_key_secret", testSecret, "to", to)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("sign-in to %q answers %d to %q, want %q", to, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestCookieCannotBeReadOrSentByOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.Secure = true })
	got := f.post(signInPath, "access_key_id", accountKey, "access_key_secret", testSecret)
	cookie := got.header.Get("Set-Cookie")
	for _, attribute := range []string{"; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/console/"} {
		if !strings.Contains(cookie, attribute) {
			t.Errorf("the cookie %q lacks %q", cookie, attribute)
		}
	}
	if strings.Contains(cookie, testSecret) {
		t.Error("the cookie holds the secret")
	}
}

func TestOnlyActiveKeysSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutAccessKey(ctx, live.AccessKey{ID: "inactive", Secret: testSecret, AccountID: accountID}); err != nil {
			return err
		}
		return tx.PutAccessKey(ctx, live.AccessKey{ID: "temporary", Secret: testSecret, AccountID: accountID, Active: true,
			TokenHash: live.TokenHash("token"), ExpiresAt: testTime.Add(time.Hour)})
	})
	for name, pair := range map[string][2]string{
		"wrong secret": {accountKey, "wrong"},
		"no secret":    {accountKey, ""},
		"unknown key":  {"nobody", testSecret},
		"no key":       {"", ""},
		"inactive":     {"inactive", testSecret},
		"temporary":    {"temporary", testSecret},
	} {
		got := f.post(signInPath, "access_key_id", pair[0], "access_key_secret", pair[1])
		if got.status != http.StatusForbidden || !strings.Contains(got.body, "not an active access key") {
			t.Errorf("%s: sign-in answers %d:\n%s", name, got.status, got.body)
		}
	}
}

func TestFailedSignInsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range signInBurst {
		if got := f.post(signInPath, "access_key_id", accountKey, "access_key_secret", "wrong"); got.status != http.StatusForbidden {
			t.Fatalf("sign-in answers %d, want 403", got.status)
		}
	}
	got := f.post(signInPath, "access_key_id", accountKey, "access_key_secret", testSecret)
	if got.status != http.StatusTooManyRequests || !strings.Contains(got.body, "Wait 6 seconds") {
		t.Errorf("one more sign-in answers %d:\n%s", got.status, got.body)
	}
	f.now = f.now.Add(signInInterval)
	f.signIn(accountKey)
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*fixture){
		"after its lifetime": func(f *fixture) { f.now = f.now.Add(12 * time.Hour) },
		"with its key": func(f *fixture) {
			f.update(func(ctx context.Context, tx store.Tx) error { return tx.DeleteAccessKey(ctx, accountKey) })
		},
		"with a new secret": func(f *fixture) {
			f.update(func(ctx context.Context, tx store.Tx) error {
				return tx.PutAccessKey(ctx, live.AccessKey{ID: accountKey, Secret: "new", AccountID: accountID, Active: true})
			})
		},
		"with sign-out": func(f *fixture) {
			if got := f.post("/console/sign-out"); got.status != http.StatusSeeOther {
				f.t.Errorf("sign-out answers %d", got.status)
			}
		},
	} {
		f := newFixture(t)
		f.signIn(accountKey)
		end(f)
		if got := f.get(Root); got.status != http.StatusSeeOther {
			t.Errorf("%s: a page answers %d, want 303 to the sign-in", name, got.status)
		}
	}
}

func TestSignedOutCookieIsWorthless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.post(signInPath, "access_key_id", accountKey, "access_key_secret", testSecret)
	stolen, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	f.page(Root)
	f.post("/console/sign-out")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+Root, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", stolen)
	if got := f.do(r); got.status != http.StatusSeeOther {
		t.Errorf("a page answers %d to the cookie of a session that was ended", got.status)
	}
}

func TestSessionLastsWhileTheVisitorIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for range 5 {
		f.now = f.now.Add(7 * time.Hour)
		f.page(Root)
	}
}

func TestSessionOutlivesTheServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.console.sessions = newSessions(time.Hour) // what a new process begins with
	f.page(Root)
}

func TestForgedSessionIsNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, value := range []string{
		"", ".", "x.y", strings.Repeat("A", 5000),
		session{keyID: accountKey, expires: testTime.Add(time.Hour), name: "n"}.text("guessed"),
		session{keyID: accountKey, expires: testTime.Add(time.Hour), name: "n"}.text(""),
		session{keyID: "nobody", expires: testTime.Add(time.Hour), name: "n"}.text(""),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+Root, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: value})
		if got := f.do(r); got.status != http.StatusSeeOther {
			t.Errorf("cookie %.40q: a page answers %d, want 303 to the sign-in", value, got.status)
		}
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	token := f.token
	f.token = "another"
	if got := f.post(domainsPath, "name", "evil.example.com"); got.status != http.StatusForbidden {
		t.Errorf("a form with another token answers %d, want 403", got.status)
	}
	f.token = token
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+domainsPath, strings.NewReader(formTokenField+"="+token))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	res, err := f.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a form from another origin answers %d, want 403", res.StatusCode)
	}
}

func TestPagesAllowNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.get(signInPath)
	policy := got.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy = %q", policy)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers = %v", got.header)
	}
}

func TestLanguageIsChosenOrAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	read := func(accepted string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+signInPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", accepted)
		return f.do(r).body
	}
	for accepted, want := range map[string]string{
		"zh-CN,zh;q=0.9,en;q=0.8": `lang="zh-CN"`,
		"en-GB,zh;q=0.5":          `lang="en"`,
		"fr, zh-TW":               `lang="zh-CN"`,
		"fr":                      `lang="en"`,
		"":                        `lang="en"`,
	} {
		if body := read(accepted); !strings.Contains(body, "<html "+want) {
			t.Errorf("Accept-Language %q: the page is not %s", accepted, want)
		}
	}
	f.post("/console/settings", "language", "zh-CN", "back", signInPath)
	if body := read("en"); !strings.Contains(body, "登录") {
		t.Error("the chosen language is not that of the page")
	}
}

func TestThemeIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	if got := f.post("/console/settings", "theme", "dark", "back", "/console/"); got.status != http.StatusSeeOther || got.header.Get("Location") != Root {
		t.Errorf("settings answer %d to %q", got.status, got.header.Get("Location"))
	}
	if body := f.page(Root); !strings.Contains(body, `data-theme="dark"`) {
		t.Error("the page is not dark")
	}
}

func TestSettingsLeadBackFromAnAnswerToAForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	const form = accessPath + "?user=lena"
	for referer, want := range map[string]string{
		f.server.URL + form:                form,
		"https://other.example.com" + form: accessPath + "/keys",
		"":                                 accessPath + "/keys",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+accessPath+"/keys",
			strings.NewReader(url.Values{formTokenField: {f.token}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", referer)
		if got := f.do(r); got.status != http.StatusOK || !strings.Contains(got.body, `name="back" value="`+want+`"`) {
			t.Errorf("the answer %d to a form on %q does not lead back to %s", got.status, referer, want)
		}
	}
}

func TestUnknownPageIsNotFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 2 {
		if got := f.get("/console/nowhere"); got.status != http.StatusNotFound || !strings.Contains(got.body, "There is no page") {
			t.Errorf("GET answers %d:\n%s", got.status, got.body)
		}
		f.signIn(accountKey)
	}
}

func TestAssetsAreCompressedAndKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name := range f.console.assets {
		got := f.get(f.console.assets.address(name))
		if got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || got.header.Get("Content-Type") == "" {
			t.Errorf("%s answers %d with %v", name, got.status, got.header)
		}
		if got.body != string(f.console.assets[name].content) { // decompressed by the client
			t.Errorf("%s is not what was embedded", name)
		}
	}
	if got := f.get(staticPath + "0/app.css"); got.status != http.StatusNotFound {
		t.Errorf("another version answers %d, want 404", got.status)
	}
}

func TestPanicOfAPageIsItsOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.console.mux.HandleFunc("GET /console/panic", f.console.handler(route{open: true, handle: func(*visit) error { panic("on purpose") }}))
	if got := f.get("/console/panic"); got.status != http.StatusInternalServerError || strings.Contains(got.body, "on purpose") {
		t.Errorf("GET answers %d:\n%s", got.status, got.body)
	}
	if !strings.Contains(f.logged.String(), "on purpose") {
		t.Error("the log does not tell of the panic")
	}
}

func TestCallsAreMadeWithTheVisitorsRights(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	operation := ""
	f.console.mux.HandleFunc("GET /console/call", f.console.handler(route{handle: func(v *visit) error {
		err := v.call(operation, map[string][]string{"DomainName": {playDomain}}, nil)
		f, ok := v.flashOf(err)
		if err != nil && !ok {
			return err
		}
		v.w.Write([]byte(f.Code))
		return nil
	}}))
	for _, tc := range []struct{ key, operation, want string }{
		{accountKey, "DescribeLiveDomainDetail", ""},
		{readerKey, "DescribeLiveDomainDetail", ""},
		{readerKey, "StopLiveDomain", "Forbidden"},
		{accountKey, "StopLiveDomain", ""},
	} {
		f.signIn(tc.key)
		operation = tc.operation
		if got := f.page("/console/call"); got != tc.want {
			t.Errorf("%s calls %s: %q, want %q", tc.key, tc.operation, got, tc.want)
		}
	}
	if log := f.logged.String(); !strings.Contains(log, "action=StopLiveDomain object="+playDomain) || strings.Contains(log, "action=Describe") {
		t.Errorf("the log tells of changes, and of nothing else:\n%s", log)
	}
}

func TestWatchedRegionsAreSentWhenTheyChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+Root, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", eventStream)
	res, err := f.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != eventStream {
		t.Fatalf("the answer is %d, %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() || lines.Text() != "event: region" {
		t.Errorf("the stream begins with %q, want the first regions", lines.Text())
	}
	f.console.EndStreams()
	for lines.Scan() { // until the server has ended it
	}
}

func TestWatchersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWatchers()
	defer w.end()
	for range maxWatching {
		if !w.enter("a") {
			t.Fatal("too early")
		}
	}
	if w.enter("a") {
		t.Error("one session may watch without bound")
	}
	if !w.enter("b") {
		t.Error("one session keeps the others out")
	}
	w.leave("a")
	if !w.enter("a") {
		t.Error("who has left still counts")
	}
}
