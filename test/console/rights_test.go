package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A user may look at one domain and replay its callbacks, and nothing else.
func TestAUserSeesAndDoesWhatThePoliciesAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newTab(t, w.server)
	b.signIn(w.lena)
	session := b.session().Value

	for _, path := range []string{"/console/", "/console/live", "/console/live/" + streamingDomain + "/live/concert",
		"/console/recordings", "/console/callbacks", "/console/callbacks/deliveries", "/console/domains"} {
		b.open(path)
		if strings.Contains(b.text("main"), otherDomain) {
			t.Errorf("%s shows what the user may not see", path)
		}
	}
	b.open("/console/live")
	if !strings.Contains(b.text("#streams"), "live/concert") {
		t.Error("the user does not see the stream that the policy lets be seen")
	}
	b.open("/console/live/" + streamingDomain + "/live/concert")
	for _, selector := range []string{"form[action$='/record']", "form[action$='/forbid']"} {
		if b.has(selector) {
			t.Errorf("the page of the stream offers %s", selector)
		}
	}

	// What is allowed works.
	b.open(w.firstLink(t, session, "/console/callbacks?status=success&domain="+streamingDomain, "/console/callbacks/deliveries/[^/]+"))
	b.load(click("#replay"))
	if !b.has(".notice.good") {
		t.Errorf("replaying is answered with %q", b.text(".notice"))
	}

	// What is not offered is refused, too, to whoever sends the form all the same.
	b.events.expect("status of 403")
	b.events.expect("status of 404")
	for path, fields := range map[string]url.Values{
		"/console/live/" + streamingDomain + "/live/concert/record": {"command": {"stop"}},
		"/console/live/" + streamingDomain + "/live/concert/forbid": {"for": {"once"}},
		"/console/domains": {"name": {"lena.example.com"}, "role": {"liveVideo"}, "region": {"cn-shanghai"}},
		"/console/domains/" + streamingDomain + "/delete":        {"name": {streamingDomain}},
		"/console/domains/" + streamingDomain + "/notify/delete": {},
		"/console/callbacks/endpoints/park":                      {"url": {w.receiver.URL + "/hook"}},
		"/console/callbacks/test?domain=" + streamingDomain:      {"url": {w.receiver.URL + "/hook"}},
		"/console/access/keys":                                   {"user": {"lena"}},
		"/console/access/users":                                  {"name": {"mallory"}},
		"/console/access/users/lena/policies":                    {"name": {"all"}, "document": {lenasPolicy}},
	} {
		if status, told := b.send(path, fields); status != http.StatusForbidden && !strings.HasPrefix(told, "Forbidden:") {
			t.Errorf("the form of %s is answered with %d %q, want a refusal", path, status, told)
		}
	}
	for _, path := range []string{"/console/domains/" + otherDomain, "/console/live/" + otherDomain + "/live/show",
		"/console/recordings?domain=" + otherDomain, "/console/callbacks?domain=" + otherDomain, "/console/access"} {
		if status, _ := w.get(t, session, path); status != http.StatusForbidden && status != http.StatusNotFound {
			t.Errorf("%s is answered with %d, want a refusal", path, status)
		}
	}

	owner := newTab(t, w.server)
	owner.signIn(w.key)
	owner.open("/console/domains")
	if !owner.has("a[href='/console/domains/"+streamingDomain+"']") || owner.has("a[href='/console/domains/lena.example.com']") {
		t.Error("the user's forms have changed the domains")
	}
	owner.open("/console/access/users")
	if users := owner.text("main tbody"); strings.Contains(users, "mallory") || strings.Contains(users, "all") {
		t.Errorf("the user's forms have changed the users: %s", users)
	}
	owner.open("/console/live/" + streamingDomain + "/live/concert")
	if !owner.has("#command-stop") {
		t.Error("the user's forms have stopped the recording")
	}
}
