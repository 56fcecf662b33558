package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestAccessKeysAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.PutAccessKey(ctx, live.AccessKey{ID: "foreign-key", Secret: testSecret, AccountID: "1002", Active: true}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: "STS.gone", Secret: testSecret, AccountID: accountID, Active: true, TokenHash: "x", ExpiresAt: testTime.Add(-time.Hour)}))
	})
	f.signIn(accountKey)
	page := f.page(accessPath)
	mustContain(t, page, accountKey, readerKey, "in use by you", "STS.gone", "expired")
	mustLack(t, page, testSecret, "foreign-key")
	page = f.page(accessPath + "?user=reader")
	mustContain(t, page, "<code>"+readerKey)
	mustLack(t, page, "<code>"+accountKey)
}

func TestASecretIsShownOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for _, user := range []string{"", "reader"} {
		got := f.post(accessPath+"/keys", "user", user)
		if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("creating a key answers %d, to be cached as %q", got.status, got.header.Get("Cache-Control"))
		}
		if set := got.header.Values("Set-Cookie"); len(set) > 0 {
			t.Errorf("an answer with a secret sets cookies: %q", set)
		}
		id, secret := codeOf(t, got.body, "new-id"), codeOf(t, got.body, "new-secret")
		page := f.page(accessPath)
		mustContain(t, page, id)
		mustLack(t, page, secret)
		mustContain(t, f.logged.String(), "object="+id)
		mustLack(t, f.logged.String(), secret)
		var key live.AccessKey
		f.update(func(ctx context.Context, tx store.Tx) (err error) {
			key, err = tx.AccessKey(ctx, id)
			return err
		})
		if key.Secret != secret || key.User != user || key.AccountID != accountID || !key.Active {
			t.Errorf("the key %+v was stored", key)
		}
	}
	if got := f.post(accessPath+"/keys", "user", "nobody"); got.status != http.StatusNotFound {
		t.Errorf("a key of nobody answers %d", got.status)
	}
}

func TestAKeyIsDeactivatedActivatedAndDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	state := func() (active, there bool) {
		err := f.store.View(t.Context(), func(r store.Reader) error {
			k, err := r.AccessKey(t.Context(), readerKey)
			active = k.Active
			return err
		})
		return active, err == nil
	}
	f.mustPost(accessPath+"/keys/state", "id", readerKey, "active", "false")
	if active, _ := state(); active {
		t.Error("the key is still active")
	}
	mustContain(t, f.page(accessPath), "is inactive", "Activate")
	f.mustPost(accessPath+"/keys/state", "id", readerKey, "active", "true")
	if active, _ := state(); !active {
		t.Error("the key is not active again")
	}
	f.mustPost(accessPath+"/keys/delete", "id", readerKey)
	if _, there := state(); there {
		t.Error("the key is still there")
	}
	for _, id := range []string{readerKey, "nothing", ""} {
		if got := f.post(accessPath+"/keys/delete", "id", id); got.status != http.StatusNotFound {
			t.Errorf("deleting %q answers %d", id, got.status)
		}
	}
}

func TestNobodyLocksHimselfOutUnwarned(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for path, fields := range map[string][]string{
		"/keys/state":  {"id", accountKey, "active", "false"},
		"/keys/delete": {"id", accountKey},
	} {
		got := f.post(accessPath+path, fields...)
		if got.status != http.StatusOK {
			t.Errorf("POST %s answers %d", path, got.status)
		}
		mustContain(t, got.body, "You have signed in with this access key.", `name="id" value="`+accountKey+`"`, `action="/console/access`+path+`"`)
		// Who is sure is still kept from the last key.
		f.mustPost(accessPath+path, append(fields, "sure", "1")...)
		mustContain(t, f.page(accessPath), "This is the last active access key of the account.")
	}
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.PutAccessKey(ctx, live.AccessKey{ID: "second", Secret: testSecret, AccountID: accountID, Active: true}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: "sleeping", Secret: testSecret, AccountID: accountID}))
	})
	f.mustPost(accessPath+"/keys/delete", "id", accountKey, "sure", "1")
	if got := f.get(accessPath); got.status != http.StatusSeeOther {
		t.Errorf("after the key was deleted the page answers %d", got.status)
	}
	f.token = ""
	f.signIn("second")
	f.mustPost(accessPath+"/keys/delete", "id", "second", "sure", "1")
	mustContain(t, f.page(accessPath), "This is the last active access key of the account.", "second")
}

func TestUsersAreCreatedAndDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	users := accessPath + "/users"
	mustContain(t, f.page(users), "reader", "read")
	got := f.post(users, "name", "a b<i>")
	if got.status != http.StatusBadRequest {
		t.Errorf("a malformed name answers %d", got.status)
	}
	mustContain(t, got.body, "A name has 1 to 64", "a b&lt;i&gt;")
	mustContain(t, f.post(users, "name", "reader").body, "There is a user reader already.")
	if to := f.mustPost(users, "name", "lena"); to != users+"/lena" {
		t.Errorf("a new user leads to %s", to)
	}
	mustContain(t, f.page(users+"/lena"), "was created", "There are none, so that the user may do nothing.")
	f.mustPost(users+"/delete", "user", "lena")
	if got := f.get(users + "/lena"); got.status != http.StatusNotFound {
		t.Errorf("a deleted user answers %d", got.status)
	}
}

func TestPoliciesAreAttachedAndDetached(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	user := accessPath + "/users/reader"
	mustContain(t, f.page(user), "read", "live:Describe*")
	for _, example := range []string{"everything", "read-only", "one-domain"} {
		document := between(t, f.page(user+"?example="+example), "<textarea", "</textarea>")
		_, document, _ = strings.Cut(document, ">")
		f.mustPost(user+"/policies", "name", example, "document", unescape(document))
		mustContain(t, f.page(user), "Policy "+example+" was attached.")
	}
	mustContain(t, f.page(user), "acs:cdn:*:"+string(accountID)+":domain/other.example.com")

	got := f.post(user+"/policies", "name", "broken", "document", "{\r\n  \"Version\": 1,\r\n  \"</textarea><script>\": 2}")
	if got.status != http.StatusBadRequest {
		t.Errorf("a broken policy answers %d", got.status)
	}
	mustContain(t, got.body, "Line 3, column 3: unknown member", `value="broken"`)
	mustLack(t, got.body, "</textarea><script>")
	mustContain(t, f.post(user+"/policies", "name", "long", "document", strings.Repeat(" ", 7000)).body, "The policy has 7000 bytes")
	f.mustPost(user+"/policies", "name", "doubtful", "document", `{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:Weather":"true"}}}]}`)
	mustContain(t, f.page(user), "never allows, and always denies", "acs:Weather", "notice warn")

	f.mustPost(user+"/policies/detach", "name", "everything")
	mustLack(t, f.page(user), "?policy=everything")
	if got := f.post(user+"/policies/detach", "name", "everything"); got.status != http.StatusNotFound {
		t.Errorf("detaching what is not attached answers %d", got.status)
	}
	if got := f.post(accessPath+"/users/nobody/policies", "name", "p", "document", policyOf(allow("*", "*"))); got.status != http.StatusNotFound {
		t.Errorf("attaching to nobody answers %d", got.status)
	}
}

func policyOf(statements string) string { return `{"Version":"1","Statement":[` + statements + `]}` }

// between returns the text from one mark to the next.
func between(t *testing.T, page, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, from)
	text, _, closed := strings.Cut(rest, to)
	if !ok || !closed {
		t.Fatalf("the page has nothing between %q and %q:\n%s", from, to, page)
	}
	return text
}

func unescape(s string) string {
	return strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

func TestPolicyTesterDecidesAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.grant(`{"Effect":"Allow","Action":"live:StopLiveDomain","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"192.0.2.0/24"},"DateLessThan":{"acs:CurrentTime":"2026-12-01T00:00:00Z"},"Bool":{"acs:SecureTransport":"true"}}},` +
		`{"Effect":"Deny","Action":"live:DescribeLiveDomainMapping","Resource":"*"}`)
	f.signIn(accountKey)
	mustContain(t, f.page(accessPath+"/test"), `value="AddLiveDomain"`, `value="ram:CreateUser"`)
	for name, tt := range map[string]struct {
		query url.Values
		want  []string
	}{
		"allowed by a statement": {url.Values{"action": {"DescribeLiveDomainDetail"}, "object": {playDomain}},
			[]string{">Allowed<", "This statement allows it", "/console/access/users/reader?policy=read", "statement 1", "acs:cdn:*:1001:domain/play.example.com"}},
		"another domain": {url.Values{"action": {"DescribeLiveDomainDetail"}, "object": {otherDomain}},
			[]string{">Denied<", "No statement allows it."}},
		"an operation that stands on everything": {url.Values{"action": {"DescribeLiveRecordConfig"}, "object": {playDomain}},
			[]string{">Denied<", "<dt>Resource</dt><dd><code>*</code>"}},
		"denied by a statement": {url.Values{"action": {"live:DescribeLiveDomainMapping"}, "object": {playDomain}},
			[]string{">Denied<", "This statement denies it.", "policy=more", "statement 2"}},
		"conditions that hold": {url.Values{"action": {"StopLiveDomain"}, "object": {playDomain}, "ip": {"192.0.2.7"}, "https": {"1"}, "time": {"2026-11-30T08:00"}},
			[]string{">Allowed<", "acs:SecureTransport"}},
		"a time at which they do not": {url.Values{"action": {"StopLiveDomain"}, "object": {playDomain}, "ip": {"192.0.2.7"}, "https": {"1"}, "time": {"2026-12-01T08:00"}},
			[]string{">Denied<"}},
		"an address from which they do not": {url.Values{"action": {"StopLiveDomain"}, "object": {playDomain}, "ip": {"198.51.100.7"}, "https": {"1"}},
			[]string{">Denied<"}},
		"no address":     {url.Values{"action": {"StopLiveDomain"}, "ip": {"here"}}, []string{"here is no address."}},
		"no time":        {url.Values{"action": {"StopLiveDomain"}, "time": {"soon"}}, []string{"soon is no time"}},
		"nobody":         {url.Values{"user": {"nobody"}}, []string{"There is no such user."}},
		"hostile values": {url.Values{"action": {`"><script>`}, "object": {`"><script>`}}, []string{"No statement allows it."}},
	} {
		if !tt.query.Has("user") {
			tt.query.Set("user", "reader")
		}
		t.Run(name, func(t *testing.T) {
			body := f.get(accessPath + "/test?" + tt.query.Encode()).body
			mustContain(t, body, tt.want...)
			mustLack(t, body, `"><script>`)
		})
	}
}

func TestAccessIsForThoseWhosePoliciesAllowIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(readerKey)
	for _, path := range []string{"", "/users", "/users/reader", "/test"} {
		if got := f.get(accessPath + path); got.status != http.StatusForbidden {
			t.Errorf("GET %s answers %d", path, got.status)
		}
	}
	posts := map[string][]string{
		"/keys":                         {"user", "reader"},
		"/keys/state":                   {"id", readerKey, "active", "false", "sure", "1"},
		"/keys/delete":                  {"id", readerKey, "sure", "1"},
		"/users":                        {"name", "evil"},
		"/users/delete":                 {"user", "reader", "sure", "1"},
		"/users/reader/policies":        {"name", "evil", "document", policyOf(allow("*", "*")), "sure", "1"},
		"/users/reader/policies/detach": {"name", "read", "sure", "1"},
	}
	for path, fields := range posts {
		if got := f.post(accessPath+path, fields...); got.status != http.StatusForbidden {
			t.Errorf("POST %s answers %d", path, got.status)
		}
	}
	// Rights on a domain are none on users.
	f.grant(allow("ram:*", "acs:cdn:*:*:domain/*"))
	if got := f.get(accessPath + "/users"); got.status != http.StatusForbidden {
		t.Errorf("with ram:* on domains, users answer %d", got.status)
	}
	f.grant(allow("ram:ListUsers", "*"))
	if got := f.get(accessPath); got.header.Get("Location") != accessPath+"/users" {
		t.Errorf("who may only see users is sent to %q", got.header.Get("Location"))
	}
	page := f.page(accessPath + "/users/reader")
	mustLack(t, page, "live:Describe*", "Attach or replace", "Delete the user", "Policy tester")
}

func TestAUserWhoManagesUsersDoesNotManageTheAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.grant(allow("ram:*", "*"))
	f.signIn(readerKey)
	page := f.page(accessPath)
	mustContain(t, page, accountKey)
	mustLack(t, page, `value="`+accountKey+`"`, `<option value="">the account`)
	for path, fields := range map[string][]string{
		"/keys":        {"user", ""},
		"/keys/state":  {"id", accountKey, "active", "false"},
		"/keys/delete": {"id", accountKey},
	} {
		if got := f.post(accessPath+path, fields...); got.status != http.StatusForbidden {
			t.Errorf("POST %s answers %d", path, got.status)
		}
	}
	f.mustPost(accessPath+"/users", "name", "lena")
	if got := f.post(accessPath+"/keys", "user", "lena"); got.status != http.StatusOK {
		t.Errorf("a key of another user answers %d", got.status)
	}
	for path, fields := range map[string][]string{
		"/users/delete":                 {"user", "reader"},
		"/users/reader/policies":        {"name", "more", "document", policyOf(allow("live:*", "*"))},
		"/users/reader/policies/detach": {"name", "more"},
		"/keys/delete":                  {"id", readerKey},
	} {
		got := f.post(accessPath+path, fields...)
		if got.status != http.StatusOK {
			t.Errorf("POST %s answers %d", path, got.status)
		}
		mustContain(t, got.body, "Are you sure?")
	}
	f.page(accessPath)
	f.mustPost(accessPath+"/users/delete", "user", "reader", "sure", "1")
	if got := f.get(accessPath); got.status != http.StatusSeeOther {
		t.Errorf("after the user was deleted the page answers %d", got.status)
	}
}

func TestAccessWithoutUsersSaysWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error { return tx.DeleteUser(ctx, accountID, "reader") })
	f.signIn(accountKey)
	for _, path := range []string{"/users", "/test"} {
		mustContain(t, f.page(accessPath+path), "There are no users.")
	}
}

func TestAccessIsInChinese(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.mustPost("/console/settings", "language", "zh-CN")
	for path, want := range map[string]string{"": "创建访问密钥", "/users": "创建用户", "/users/reader": "附加或替换权限策略", "/test": "用户是否有权限"} {
		mustContain(t, f.page(accessPath+path), want)
	}
	mustContain(t, f.post(accessPath+"/keys/delete", "id", accountKey).body, "您正使用此访问密钥登录")
	mustContain(t, f.post(accessPath+"/users/reader/policies", "name", "p", "document", "{").body, "第 1 行第 2 列")
}
