package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// mustContain fails the test unless a page has all of the texts.
func mustContain(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}

// mustLack fails the test if a page has one of the texts.
func mustLack(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page has %q:\n%s", text, page)
		}
	}
}

// mustPost sends a form that has to be carried out, and returns where it leads.
func (f *fixture) mustPost(path string, fields ...string) string {
	f.t.Helper()
	got := f.post(path, fields...)
	if got.status != http.StatusSeeOther {
		f.t.Fatalf("POST %s answers %d:\n%s", path, got.status, got.body)
	}
	return got.header.Get("Location")
}

// grant gives the fixture's user another policy.
func (f *fixture) grant(statements string) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: accountID, User: "reader", Name: "more", CreatedAt: testTime,
			Document: `{"Version":"1","Statement":[` + statements + `]}`})
	})
}

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, action, resource)
}

// guarded gives a console a guard that allows what public networks are.
func guarded(t *testing.T) func(*Config) {
	guard, err := callback.NewGuard(callback.GuardConfig{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.URLs = guard }
}

func TestDomainsAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	page := f.page(domainsPath)
	mustContain(t, page, playDomain, otherDomain, pushDomain, "Add a domain")
	mustLack(t, page, foreignDomain)
	page = f.page(domainsPath + "?q=PLAY&type=liveVideo")
	mustContain(t, page, "/console/domains/"+playDomain)
	mustLack(t, page, "/console/domains/"+otherDomain, "/console/domains/"+pushDomain)
	mustContain(t, f.page(domainsPath+"?q=nothing"), "No domain matches.")
}

func TestAnAccountWithoutDomainsIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.DeleteDomain(ctx, playDomain), tx.DeleteDomain(ctx, otherDomain), tx.DeleteDomain(ctx, pushDomain))
	})
	f.signIn(accountKey)
	mustContain(t, f.page(domainsPath), "There are no domains yet.", "Add a streaming domain, such as play.example.com")
}

func TestLongListsOfDomainsHavePages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		for i := range domainsPageSize {
			if err := tx.AddDomain(ctx, live.Domain{Name: fmt.Sprintf("n%03d.example.com", i), AccountID: accountID, Type: live.IngestDomain, Status: live.DomainOnline}); err != nil {
				return err
			}
		}
		return nil
	})
	f.signIn(accountKey)
	first := f.page(domainsPath)
	mustContain(t, first, `href="/console/domains?page=2"`, "/console/domains/n000.example.com")
	mustLack(t, first, "/console/domains/"+playDomain)
	if len(first) > 100_000 {
		t.Errorf("the page has %d bytes", len(first))
	}
	second := f.page(domainsPath + "?page=2")
	mustContain(t, second, "/console/domains/"+playDomain, `href="/console/domains?page=1"`)
	mustLack(t, second, "/console/domains/n000.example.com")
}

func TestADomainIsAddedStartedStoppedAndDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	if to := f.mustPost(domainsPath, "name", "New.example.com", "role", "liveEdge", "region", "local"); to != "/console/domains/new.example.com" {
		t.Errorf("a new domain leads to %s", to)
	}
	mustContain(t, f.page("/console/domains/new.example.com"), "was added", "Ingest domain", "so that pushes to it are refused")
	f.mustPost("/console/domains/new.example.com/status", "status", "offline")
	mustContain(t, f.page("/console/domains/new.example.com"), "takes no pushes", "Start the domain")
	f.mustPost("/console/domains/new.example.com/status", "status", "online")
	mustContain(t, f.page("/console/domains/new.example.com"), "Stop the domain")

	got := f.post("/console/domains/new.example.com/delete", "name", "other")
	if got.status != http.StatusBadRequest {
		t.Errorf("deleting under another name answers %d", got.status)
	}
	mustContain(t, got.body, "Type the name of the domain, new.example.com, to delete it.", `value="other"`)
	f.mustPost("/console/domains/new.example.com/delete", "name", "new.example.com")
	if got := f.get("/console/domains/new.example.com"); got.status != http.StatusNotFound {
		t.Errorf("a deleted domain answers %d", got.status)
	}
	mustContain(t, f.logged.String(), "action=AddLiveDomain", "action=DeleteLiveDomain")
}

func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for name, tt := range map[string]struct{ domain, code string }{
		"malformed": {`"><script>.com`, "InvalidDomainName.Malformed"},
		"taken":     {playDomain, "/console/errors/"},
	} {
		got := f.post(domainsPath, "name", tt.domain, "role", "liveEdge", "region", "somewhere")
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%s: answers %d", name, got.status)
		}
		mustContain(t, got.body, tt.code, `value="somewhere"`, `<option value="liveEdge" selected>`)
		mustLack(t, got.body, `"><script>.com`)
	}
}

func TestMappings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	mustContain(t, f.page("/console/domains/"+playDomain), "/console/domains/"+pushDomain)
	f.mustPost("/console/domains/"+pushDomain+"/mappings/delete", "other", playDomain)
	mustContain(t, f.page("/console/domains/"+pushDomain), "belong to play.example.com no more", "<option>"+otherDomain)
	f.mustPost("/console/domains/"+otherDomain+"/mappings", "other", pushDomain)
	mustContain(t, f.page("/console/domains/"+otherDomain), "belong to other.example.com now", "/console/domains/"+pushDomain)
	f.mustPost("/console/domains/"+playDomain+"/mappings", "other", pushDomain)
	mustContain(t, f.page("/console/domains/"+playDomain), "ConfigAlreadyExists")
}

// codeOf returns the text of the element of an id.
func codeOf(t *testing.T, page, id string) string {
	t.Helper()
	m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no %s:\n%s", id, page)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

func TestPushURLsCarryAProofWhereOneIsDemanded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	page := f.page("/console/domains/" + pushDomain + "?app=a&stream=b")
	if got := codeOf(t, page, "push-url"); got != "rtmp://push.example.com/a/b" {
		t.Errorf("without push authentication: %s", got)
	}
	f.mustPost("/console/domains/"+pushDomain+"/push-auth", "demand", "1", "key1", "testkey1", "minutes", "30")
	mustContain(t, f.page("/console/domains/"+pushDomain+"/push-auth"), `value="testkey1"`, "Demand no proof")
	page = f.page("/console/domains/" + pushDomain + "?app=a&stream=b&minutes=5")
	var auth live.PushAuth
	f.update(func(ctx context.Context, tx store.Tx) (err error) {
		auth, err = tx.PushAuth(ctx, pushDomain)
		return err
	})
	for _, id := range []string{"push-url", "push-local"} {
		u, err := url.Parse(codeOf(t, page, id))
		if err != nil {
			t.Fatal(err)
		}
		proof := u.Query().Get("auth_key")
		if err := auth.Check("/a/b", proof, f.now.Add(5*time.Minute)); err != nil {
			t.Errorf("%s is refused: %v", id, err)
		}
		if err := auth.Check("/a/b", proof, f.now.Add(5*time.Minute+time.Second)); !errors.Is(err, live.ErrAuthKeyExpired) {
			t.Errorf("%s outlives its time: %v", id, err)
		}
		if id == "push-local" && (u.Query().Get("vhost") != pushDomain || u.Hostname() != "127.0.0.1") {
			t.Errorf("push by address: %s", u)
		}
	}
	got := f.post("/console/domains/"+pushDomain+"/push-auth", "demand", "1", "key1", "short", "minutes", "30")
	mustContain(t, got.body, "auth_key1", `value="short"`)
	f.mustPost("/console/domains/" + pushDomain + "/push-auth")
	mustContain(t, f.page("/console/domains/"+pushDomain+"/push-auth"), "need no proof")
	mustContain(t, f.page("/console/domains/"+pushDomain+"?app=%22%3E"), "App and stream have 1 to 255")
}

func TestRecordRules(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	rules := "/console/domains/" + playDomain + "/rules"
	mustContain(t, f.page(rules), "Nothing of this domain is recorded.")
	mustContain(t, f.page(rules+"/new"), "record/live/show/2026-11-23-16-00-00_2026-11-23-17-00-00.mp4", "record/live/show/1795420800_1.ts")

	fields := []string{"app", "live", "stream", "*", "bucket", "recordings", "endpoint", "local", "on_demand", "0", "delay", "60",
		"mp4.on", "1", "mp4.cycle", "600", "mp4.object", "a/{AppName}/{EscapedStartTime}_{EscapedEndTime}",
		"m3u8.on", "1", "m3u8.slice", "5", "m3u8.object", "b/{EscapedStartTime}_{EscapedEndTime}", "m3u8.slice_object", "b/{UnixTimestamp}_{Sequence}"}
	got := f.post(rules+"/new", append(fields, "preview", "1")...)
	mustContain(t, got.body, "a/live/2026-11-23-16-00-00_2026-11-23-16-10-00.mp4", `value="600"`)
	got = f.post(rules+"/new", append([]string{"bucket", "A_B"}, fields...)...)
	if got.status != http.StatusBadRequest {
		t.Errorf("a malformed bucket answers %d", got.status)
	}
	mustContain(t, got.body, "InvalidOssBucket.Malformed", `value="a/{AppName}/{EscapedStartTime}_{EscapedEndTime}"`)

	f.mustPost(rules+"/new", fields...)
	mustContain(t, f.page(rules), "The record rule was added.", "a/{AppName}/{EscapedStartTime}_{EscapedEndTime}.mp4", "slices of 0:05", "rules/edit?app=live&amp;stream=%2a")
	edit := rules + "/edit?app=live&stream=*"
	mustContain(t, f.page(edit), `name="mp4.cycle" type="number" min="5" max="21600" value="600"`)
	change := []string{"app", "live", "stream", "*", "endpoint", "local", "on_demand", "7", "delay", "30"}
	got = f.post(rules+"/edit", change...)
	mustContain(t, got.body, "A rule needs a format at least.")
	f.mustPost(rules+"/edit", append(change, "mp4.on", "1", "mp4.cycle", "900")...)
	var config live.RecordConfig
	f.update(func(ctx context.Context, tx store.Tx) (err error) {
		config, err = tx.RecordConfig(ctx, live.StreamKey{Domain: playDomain, App: "live", Stream: "*"})
		return err
	})
	if config.OnDemand != live.OnDemandManual || config.DelayTime != 30*time.Second || len(config.Formats) != 1 || config.Formats[0].CycleDuration != 15*time.Minute {
		t.Errorf("after the change: %+v", config)
	}
	f.mustPost(rules+"/delete", "app", "live", "stream", "*")
	mustContain(t, f.page(rules), "The record rule was deleted.")
	if got := f.get(edit); got.status != http.StatusNotFound {
		t.Errorf("a rule that is gone answers %d", got.status)
	}
}

func TestObjectNamesArePreviewed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	names := "/console/domains/" + playDomain + "/rules/object-names?"
	for query, want := range map[string]string{
		"format=flv&app=*&stream=s&cycle=60&object={StreamName}/{EscapedStartTime}_{EscapedEndTime}": `{"object":"s/2026-11-23-16-00-00_2026-11-23-16-01-00.flv"}`,
		"format=flv&object=plain": `template \"plain\" needs`,
		"format=cmaf&object={EscapedStartTime}_{EscapedEndTime}&slice_object={UnixTimestamp}_{Sequence}&cycle=60": `"slice":"1795420800_1_video.m4s"`,
		"format=m3u8&object={EscapedStartTime}_{EscapedEndTime}&slice_object=..":                                  `"problem":`,
	} {
		if got := f.page(names + query); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestARuleWhoseWindowHasBegunCanBeChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.AddRecordConfig(ctx, live.RecordConfig{Domain: playDomain, App: "live", Stream: "*", OSSEndpoint: "local", OSSBucket: "recordings",
			StartTime: f.now.Add(-30 * 24 * time.Hour), EndTime: f.now.Add(-24 * time.Hour), CreatedAt: f.now.Add(-30 * 24 * time.Hour), DelayTime: time.Minute,
			Formats: []live.RecordFormat{{Format: live.FormatMP4, CycleDuration: time.Hour, ObjectPrefix: "{EscapedStartTime}_{EscapedEndTime}"}}})
	})
	f.signIn(accountKey)
	rules := "/console/domains/" + playDomain + "/rules"
	page := f.page(rules + "/edit?app=live&stream=*")
	mustContain(t, page, `value="2026-10-24T08:00:00"`)
	fields := []string{"app", "live", "stream", "*", "endpoint", "here", "on_demand", "0", "mp4.on", "1",
		"start", "2026-10-24T08:00:00", "end", "2026-11-22T08:00:00"}
	f.mustPost(rules+"/edit", fields...)
	fields[len(fields)-1] = "2026-11-01T08:00:00"
	mustContain(t, f.post(rules+"/edit", fields...).body, "InvalidStartTime.Mismatch")
}

func TestNotifyConfigurations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	notify := "/console/domains/" + playDomain + "/notify"
	mustContain(t, f.page(notify), "Nobody is told yet.")
	got := f.post(notify, "notify_url", "ftp://x/", "key", "testkeyyourkey12")
	mustContain(t, got.body, "InvalidNotifyUrl.Malformed", `value="ftp://x/"`, `value="testkeyyourkey12"`)
	f.mustPost(notify, "notify_url", "https://hooks.example.com/a", "on_demand_url", "https://hooks.example.com/b", "states", "1", "sign", "true", "key", "testkeyyourkey12")
	f.mustPost(notify, "notify_url", "https://hooks.example.com/c", "sign", "")
	var config live.NotifyConfig
	f.update(func(ctx context.Context, tx store.Tx) (err error) {
		config, err = tx.NotifyConfig(ctx, playDomain)
		return err
	})
	if want := (live.NotifyConfig{Domain: playDomain, NotifyURL: "https://hooks.example.com/c"}); config != want {
		t.Errorf("after the change: %+v, want %+v", config, want)
	}
	mustContain(t, f.page(domainsPath), "configured")
	f.mustPost(notify + "/delete")
	mustContain(t, f.page(notify), "was deleted", "Nobody is told yet.")

	notify = "/console/domains/" + pushDomain + "/notify"
	mustContain(t, f.page(notify), "Who is told of pushes")
	f.mustPost(notify, "notify_url", "https://hooks.example.com/p", "sign", "true", "key", "testkeyyourkey12")
	mustContain(t, f.page(notify), `value="https://hooks.example.com/p"`)
	f.mustPost(notify + "/delete")
}

func TestARefusedAddressIsExplained(t *testing.T) {
	t.Parallel()
	f := newFixture(t, guarded(t))
	f.signIn(accountKey)
	notify := "/console/domains/" + playDomain + "/notify"
	for address, want := range map[string][]string{
		"http://10.1.2.3/private":        {"<code>10.1.2.3</code>", "<dd>private</dd>", `allow_networks: ["10.1.2.3/32"]`, "--dev"},
		"http://localhost/private":       {"<code>localhost</code>", "<code>127.0.0.1</code>", "loopback", `allow_hosts: ["localhost"]`},
		"http://169.254.169.254/private": {"link-local, where clouds keep metadata", "Nothing: it stays closed in every mode."},
	} {
		got := f.post(notify, "notify_url", address)
		mustContain(t, got.body, append(want, "InvalidNotifyUrl.Unsafe")...)
	}
	got := f.post("/console/domains/"+playDomain+"/endpoints", "url", "http://10.1.2.3/", "event", "file_created")
	mustContain(t, got.body, "Callbacks may not be sent", "<dd>private</dd>", `value="file_created" checked`)
	got = f.post("/console/domains/"+playDomain+"/endpoints", "url", "http://user@192.0.2.1/")
	mustContain(t, got.body, "absolute http or https URL")
}

func TestOnlyWhoMayKnowIsToldWhereNamesLead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, guarded(t))
	f.grant(allow("live:*LiveRecordNotifyConfig", "*") + "," + allow("live:DescribeLiveDomainDetail", "*"))
	f.signIn(readerKey)
	notify := "/console/domains/" + playDomain + "/notify"
	got := f.post(notify, "notify_url", "http://localhost/private")
	mustContain(t, got.body, "InvalidNotifyUrl.Unsafe")
	mustLack(t, got.body, "127.0.0.1")
	f.grant(allow("live:*LiveRecordNotifyConfig", "*") + "," + allow("live:TallylightExplainURL", "*"))
	mustContain(t, f.post(notify, "notify_url", "http://localhost/private").body, "127.0.0.1")
}

func TestEndpointsAndSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	endpoints := "/console/domains/" + playDomain + "/endpoints"
	mustContain(t, f.page(endpoints), "There are none.")
	got := f.post(endpoints, "url", "https://archive.example.com/hook", "event", "file_created", "body", "rich", "secret", "1")
	secret := codeOf(t, got.body, "new-secret")
	if got.status != http.StatusOK || !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("adding an endpoint answers %d with the secret %q", got.status, secret)
	}
	page := f.page(endpoints)
	mustContain(t, page, "https://archive.example.com/hook", "file_created", "rich")
	mustLack(t, page, secret)
	mustLack(t, f.logged.String(), secret)
	if set := got.header.Values("Set-Cookie"); len(set) > 0 {
		t.Errorf("an answer with a secret sets cookies: %q", set)
	}
	mustContain(t, f.logged.String(), `action="add endpoint"`)

	id := regexp.MustCompile(`end_[0-9a-z]+`).FindString(page)
	version := func() string {
		m := regexp.MustCompile(`name="owner" value="` + id + `"><input type="hidden" name="version" value="([^"]+)"`).FindStringSubmatch(f.page(endpoints))
		if m == nil {
			t.Fatal("the page has no form to rotate the secret")
		}
		return m[1]
	}
	f.now = f.now.Add(time.Minute)
	first := version()
	got = f.post(endpoints+"/rotate", "owner", id, "version", first)
	if again := codeOf(t, got.body, "new-secret"); again == secret {
		t.Error("the new secret is the one before")
	}
	got = f.post(endpoints+"/rotate", "owner", id, "version", first)
	if got.status != http.StatusConflict {
		t.Errorf("a form that is sent twice answers %d", got.status)
	}
	mustContain(t, got.body, "have changed meanwhile")
	f.mustPost(endpoints+"/drop", "owner", id)
	if got := f.post(endpoints+"/drop", "owner", id); got.status != http.StatusConflict {
		t.Errorf("dropping the secret before where there is none answers %d", got.status)
	}
	f.mustPost(endpoints+"/drop", "owner", id, "all", "1")
	got = f.post(endpoints+"/rotate", "owner", playDomain, "version", "none")
	mustContain(t, got.body, "Secret of "+playDomain, "whsec_")
	f.mustPost(endpoints+"/delete", "owner", id)
	mustContain(t, f.page(endpoints), "There are none.")
	for _, owner := range []string{foreignDomain, otherDomain, "end_0"} {
		if got := f.post(endpoints+"/rotate", "owner", owner, "version", "none"); got.status != http.StatusNotFound {
			t.Errorf("rotating the secret of %s answers %d", owner, got.status)
		}
	}
}

func TestAnEndpointHasEventsOfItsDomain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	endpoints := "/console/domains/" + pushDomain + "/endpoints"
	mustLack(t, f.page(endpoints), "file_created")
	got := f.post(endpoints, "url", "https://hooks.example.com/", "event", "file_created")
	mustContain(t, got.body, "An ingest domain has no events of recordings.")
	got = f.post(endpoints, "url", "https://hooks.example.com/", "event", "nonsense")
	mustContain(t, got.body, "nonsense is no type of event.")
	for range live.MaxEndpoints {
		f.now = f.now.Add(time.Second)
		f.mustPost(endpoints, "url", "https://hooks.example.com/", "event", "publish")
	}
	mustLack(t, f.page(endpoints), "Add an endpoint")
	got = f.post(endpoints, "url", "https://hooks.example.com/")
	mustContain(t, got.body, "more are not allowed")
}

func TestAUserSeesAndChangesOfDomainsWhatPoliciesAllow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(readerKey)
	list := f.page(domainsPath)
	mustContain(t, list, playDomain)
	mustLack(t, list, otherDomain, "Add a domain", "Record rules")
	page := f.page("/console/domains/" + playDomain)
	mustLack(t, page, "Stop the domain", "Delete the domain", "Record rules", "Endpoints and secrets")
	for _, path := range []string{otherDomain, foreignDomain, "nothing.example.com", pushDomain} {
		if got := f.get("/console/domains/" + path); got.status != http.StatusNotFound {
			t.Errorf("GET %s answers %d", path, got.status)
		}
	}
	// Operations that stand on "*" are not allowed by a policy about the domain.
	for _, tab := range []string{"/rules", "/rules/new", "/rules/edit?app=a&stream=b", "/notify", "/endpoints"} {
		if got := f.get("/console/domains/" + playDomain + tab); got.status != http.StatusForbidden {
			t.Errorf("GET %s answers %d", tab, got.status)
		}
	}
	f.page("/console/domains/" + playDomain + "/push-auth")
	for path, fields := range map[string][]string{
		"":                  {"name", "evil.example.com", "role", "liveVideo", "region", "x"},
		"/delete":           {"name", playDomain},
		"/status":           {"status", "offline"},
		"/mappings/delete":  {"other", pushDomain},
		"/mappings":         {"other", pushDomain},
		"/rules/new":        {"app", "*", "stream", "*"},
		"/rules/delete":     {"app", "*", "stream", "*"},
		"/notify":           {"notify_url", "https://evil.example.com/"},
		"/notify/delete":    nil,
		"/endpoints":        {"url", "https://evil.example.com/"},
		"/endpoints/rotate": {"owner", playDomain, "version", "none"},
		"/endpoints/drop":   {"owner", playDomain, "all", "1"},
		"/endpoints/delete": {"owner", "end_x"},
		"/push-auth":        nil,
	} {
		to := "/console/domains/" + playDomain + path
		if path == "" {
			to = domainsPath
		}
		got := f.post(to, fields...)
		if got.status == http.StatusSeeOther { // the refusal is told on the next page
			mustContain(t, f.get(got.header.Get("Location")).body, "Forbidden")
		} else if got.status != http.StatusForbidden && !strings.Contains(got.body, "Forbidden: ") {
			t.Errorf("POST %s answers %d:\n%s", path, got.status, got.body)
		}
	}
	f.update(func(ctx context.Context, tx store.Tx) error {
		d, err := tx.Domain(ctx, playDomain)
		if err != nil {
			return err
		}
		if d.Status != live.DomainOnline {
			t.Error("a user who may only read has stopped the domain")
		}
		_, err = tx.DomainMapping(ctx, pushDomain)
		return err
	})
	f.grant(allow("live:DescribeLiveRecordConfig", "*"))
	mustContain(t, f.page("/console/domains/"+playDomain), "Record rules")
	mustLack(t, f.page("/console/domains/"+playDomain+"/rules"), "rules/new")
}

func TestDomainsAreInChinese(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.mustPost("/console/settings", "language", "zh-CN")
	mustContain(t, f.page(domainsPath), "播流域名", "推流域名", "录制规则")
	for tab, want := range map[string]string{"": "删除域名", "/rules": "添加录制规则", "/rules/new": "文件周期", "/notify": "录制回调", "/endpoints": "添加端点", "/push-auth": "推流鉴权"} {
		mustContain(t, f.page("/console/domains/"+playDomain+tab), want)
	}
}
