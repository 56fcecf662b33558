package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var requestIDPattern = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)

func describe() wire.Params { return params("DescribeLiveRecordConfig", "DomainName="+playDomain) }

func TestEveryAnswerHasTheHeadersOfTheGateway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tests := []struct {
		name   string
		r      *http.Request
		status int
	}{
		{"success", httptest.NewRequest("GET", "/?"+f.sign(testKey, "GET", describe()).Encode(), nil), 200},
		{"refusal", httptest.NewRequest("GET", "/?Format=JSON", nil), 404},
		{"another method", httptest.NewRequest("PUT", "/?Format=JSON", nil), 400},
		{"HEAD", httptest.NewRequest("HEAD", "/?Format=JSON", nil), 400},
		{"body that is too large", httptest.NewRequest("POST", "/?Format=JSON", io.LimitReader(zeros{}, maxBody+1)), 413},
		{"OPTIONS", httptest.NewRequest("OPTIONS", "/", nil), 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := f.send(tt.r)
			if a.status != tt.status {
				t.Errorf("status %d, want %d", a.status, tt.status)
			}
			id := a.header.Get("x-acs-request-id")
			if !requestIDPattern.MatchString(id) {
				t.Errorf("x-acs-request-id %q", id)
			}
			if trace := a.header.Get("x-acs-trace-id"); len(trace) != 32 {
				t.Errorf("x-acs-trace-id %q", trace)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Error("no Access-Control-Allow-Origin")
			}
			if tt.name == "OPTIONS" {
				if got := a.header.Get("Access-Control-Allow-Methods"); got != "POST, GET, OPTIONS" {
					t.Errorf("Access-Control-Allow-Methods %q", got)
				}
				return
			}
			if got := a.header.Get("Content-Type"); got != "application/json;charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
			if a.requestID != id {
				t.Errorf("RequestId %q in the body, %q in the header", a.requestID, id)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestABareGetIsAnsweredInXML(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "http://live.example.com:8080/", nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	a := newFixture(t).send(r)
	want := `<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>` + a.header.Get("x-acs-request-id") +
		`</RequestId><HostId>live.example.com</HostId><Code>InvalidAction.NotFound</Code><Message>Specified api is not found, please check your url and method.</Message></Error>`
	if a.status != 404 || a.body != want {
		t.Errorf("got %d %s\nwant %s", a.status, a.body, want)
	}
	if got := a.header.Get("Content-Type"); got != "text/xml;charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestTheAnswerHasTheFormatAskedFor(t *testing.T) {
	t.Parallel()
	const isJSON, isXML = "application/json;charset=utf-8", "text/xml;charset=utf-8"
	tests := []struct {
		name, format, accept, authorization string
		want                                string
	}{
		{"nothing asked for", "", "", "", isXML},
		{"JSON", "JSON", "", "", isJSON},
		{"json", "json", "", "", isJSON},
		{"xml", "xml", "application/json", "", isXML},
		{"unknown", "YAML", "application/json", "", isXML},
		{"by the Accept header", "", "application/json", "", isJSON},
		{"ACS3", "", "", "ACS3-HMAC-SHA256 Credential=a", isJSON},
		{"ACS3 whatever else", "XML", "text/xml", "ACS3-HMAC-SHA256 Credential=a", isJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/?Format="+tt.format, nil)
			r.Header.Set("Accept", tt.accept)
			r.Header.Set("Authorization", tt.authorization)
			if got := newFixture(t).send(r).header.Get("Content-Type"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestPathsOfSlashesAreTheRoot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for path, want := range map[string]string{"": "", "/": "", "//": "", "/v1": "InvalidAction.NotFound", "//favicon.ico": "InvalidAction.NotFound"} {
		r := httptest.NewRequest("GET", "/?"+f.sign(testKey, "GET", describe()).Encode(), nil)
		r.URL.Path = path
		if a := f.send(r); a.code != want {
			t.Errorf("path %q: got %q, want %q", path, a.code, want)
		}
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query, contentType, body string
		want                           string
	}{
		{"repeated parameter", "Format=JSON&a=1&a=2", "", "", "InvalidParameter"},
		{"parameter in query and form", "Format=JSON&a=1", "application/x-www-form-urlencoded", "a=1", "InvalidParameter"},
		{"same, with a charset", "Format=JSON&a=1", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "a=1", "InvalidParameter"},
		{"a body that is no form is not read as one", "Format=JSON&a=1", "application/json", "a=1", "InvalidAction.NotFound"},
		{"torn escape in the query", "Format=JSON&a=%2", "", "", "InvalidParameter"},
		{"torn escape in the form", "Format=JSON", "application/x-www-form-urlencoded", "a=%2", "InvalidParameter"},
		{"too many parameters", "Format=JSON" + strings.Repeat("&", wire.MaxParams), "", "", ""},
		{"too many parameters in the form", "Format=JSON", "application/x-www-form-urlencoded", strings.Repeat("&", wire.MaxParams), "TooManyParameters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("POST", "/", strings.NewReader(tt.body))
			r.URL.RawQuery = tt.query
			r.Header.Set("Content-Type", tt.contentType)
			a := newFixture(t).send(r)
			if a.code != tt.want || a.status < 400 {
				t.Errorf("got %d %s, want %s", a.status, a.body, tt.want)
			}
		})
	}
}

func TestChecksComeInTheirOrder(t *testing.T) {
	t.Parallel()
	// Each step repairs the first fault of the request before.
	steps := []struct {
		repair func(f *fixture, p wire.Params) wire.Params
		want   string
	}{
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Format", "JSON") }, "InvalidAction.NotFound"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Action", "Nothing") }, "MissingVersion"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Version", "2000-01-01") }, "MissingAccessKeyId"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("AccessKeyId", "nobody") }, "MissingSignature"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Signature", "x") }, "MissingTimestamp"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Timestamp", "yesterday") }, "MissingSignatureNonce"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureNonce", "n") }, "MissingSignatureMethod"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureMethod", "HMAC-MD5") }, "MissingSignatureVersion"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureVersion", "9") }, "InvalidAction.NotFound"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Action", "AddLiveRecordNotifyConfig") }, "InvalidVersion"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Version", apiVersion) }, "InvalidTimeStamp.Format"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Timestamp", "2026-11-23T07:44:59Z") }, "InvalidTimeStamp.Expired"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("Timestamp", "2026-11-23T07:45:00Z") }, "InvalidAccessKeyId.NotFound"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("AccessKeyId", testKey.ID) }, "InvalidSignatureMethod"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureMethod", "Hmac-SHA1") }, "InvalidSignatureVersion"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureVersion", "1.0") }, "SignatureDoesNotMatch"},
		{resign, "MissingDomainName"},
		{func(_ *fixture, p wire.Params) wire.Params { return p.With("SignatureNonce", "n") }, "SignatureDoesNotMatch"},
		{func(f *fixture, p wire.Params) wire.Params { return resign(f, p.With("NotifyUrl", "malformed")) }, "MissingDomainName"},
		{func(f *fixture, p wire.Params) wire.Params {
			return resign(f, p.With("DomainName", "nowhere.example.com"))
		}, "InvalidDomain.NotFound"},
		{func(f *fixture, p wire.Params) wire.Params { return resign(f, p.With("DomainName", pushDomain)) }, "IllegalOperation"},
		{func(f *fixture, p wire.Params) wire.Params { return resign(f, p.With("DomainName", playDomain)) }, "InvalidNotifyUrl.Malformed"},
		{func(f *fixture, p wire.Params) wire.Params {
			return resign(f, p.With("NotifyUrl", "http://unsafe/").With("OnDemandUrl", "malformed"))
		}, "InvalidNotifyUrl.Unsafe"},
		{func(f *fixture, p wire.Params) wire.Params {
			return resign(f, p.With("NotifyUrl", "http://cb/").With("NotifyAuthKey", "short"))
		}, "InvalidOnDemandUrl.Malformed"},
		{func(f *fixture, p wire.Params) wire.Params { return resign(f, p.With("OnDemandUrl", "http://od/")) }, "InvalidNotifyAuthKey.Malformed"},
		{func(f *fixture, p wire.Params) wire.Params { return resign(f, p.Without("NotifyAuthKey")) }, "ConfigAlreadyExists"},
	}
	f := newFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", valid["AddLiveRecordNotifyConfig"]...)
	p := wire.Params{}.With("Format", "YAML")
	for i, step := range steps {
		p = step.repair(f, p)
		if a := f.send(httptest.NewRequest("GET", "/?"+p.Encode(), nil)); a.code != step.want {
			t.Errorf("step %d: got %s, want %s", i, a.code, step.want)
		}
	}
}

// resign signs p again, with a fresh nonce.
func resign(f *fixture, p wire.Params) wire.Params {
	return f.sign(testKey, "GET", p.Without("Signature"))
}

func TestOtherSignatureTypesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(describe().With("SignatureType", "PRIVATEKEY")).wantError(t, apierr.InvalidSignatureMethod)
	bearer := httptest.NewRequest("POST", "/?Format=JSON", nil)
	bearer.Header.Set("x-acs-bearer-token", "token")
	f.send(bearer).wantError(t, apierr.InvalidSignatureMethod)
}

func TestADisabledKeyIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key := f.memory.state.keys[testKey.ID]
	key.Active = false
	f.memory.state.keys[testKey.ID] = key
	f.call(describe()).wantError(t, apierr.InvalidAccessKeyIDInactive)
}

func TestASignatureHoldsForQuarterOfAnHourEitherWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, tt := range []struct {
		skew time.Duration
		want string
	}{
		{15 * time.Minute, ""},
		{-15 * time.Minute, ""},
		{15*time.Minute + time.Second, "InvalidTimeStamp.Expired"},
		{-15*time.Minute - time.Second, "InvalidTimeStamp.Expired"},
	} {
		signed := f.sign(testKey, "GET", describe())
		f.now = testTime.Add(tt.skew)
		if a := f.send(httptest.NewRequest("GET", "/?"+signed.Encode(), nil)); a.code != tt.want {
			t.Errorf("%v off: got %q, want %q", tt.skew, a.code, tt.want)
		}
		f.now = testTime
	}
}

func TestANonceServesOnceUntilItsRequestExpires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	send := func(key sign.Key, domain string) string {
		p := sign.RPC(key, "GET", params("DescribeLiveRecordConfig", "DomainName="+domain), "the-nonce", f.now)
		return f.send(httptest.NewRequest("GET", "/?"+p.Encode(), nil)).code
	}
	wrong := sign.Key{ID: testKey.ID, Secret: "guess"}
	for _, step := range []struct {
		name string
		key  sign.Key
		dom  string
		at   time.Duration
		want string
	}{
		{"a wrong signature does not use it up", wrong, playDomain, 0, "SignatureDoesNotMatch"},
		{"first use", testKey, playDomain, 0, ""},
		{"second use", testKey, playDomain, 0, "SignatureNonceUsed"},
		{"another key has its own", otherKey, foreignDomain, 0, ""},
		{"newly signed, within the window", testKey, playDomain, 15 * time.Minute, "SignatureNonceUsed"},
		{"long after", testKey, playDomain, 40 * time.Minute, ""},
	} {
		f.now = testTime.Add(step.at)
		if got := send(step.key, step.dom); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

func TestAFullNonceStoreRefusesUntilNoncesExpire(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.server.nonces = newNonceKeeper(f.store, 2, func() time.Time { return f.now })
	for _, want := range []string{"", "", "Throttling"} {
		if a := f.call(describe()); a.code != want {
			t.Errorf("got %q, want %q", a.code, want)
		}
	}
	f.now = f.now.Add(20 * time.Minute)
	if a := f.call(describe()); a.code != "" {
		t.Errorf("after the others have expired: %s", a.body)
	}
}

func TestAnAccountIsThrottledPerOperation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.QPSFactor = 0 })
	for i := range 50 {
		if a := f.call(params("DescribeLiveRecordNotifyConfig", "DomainName="+playDomain)); a.code != "InvalidConfig.NotFound" {
			t.Fatalf("call %d: %s", i+1, a.body)
		}
	}
	throttled := f.call(params("DescribeLiveRecordNotifyConfig", "DomainName="+playDomain))
	throttled.wantError(t, apierr.ThrottlingUser)
	if got := throttled.header.Get("x-acs-retry-after"); got != "20" {
		t.Errorf("x-acs-retry-after %q, want the 20 ms that a token takes", got)
	}
	if a := f.call(describe()); a.code != "" {
		t.Errorf("another operation: %s", a.body)
	}
	if a := f.callAs(otherKey, params("DescribeLiveRecordNotifyConfig", "DomainName="+foreignDomain)); a.code != "InvalidConfig.NotFound" {
		t.Errorf("another account: %s", a.body)
	}
	f.now = f.now.Add(20 * time.Millisecond)
	if a := f.call(params("DescribeLiveRecordNotifyConfig", "DomainName="+playDomain)); a.code != "InvalidConfig.NotFound" {
		t.Errorf("after the time told: %s", a.body)
	}
	if a := f.call(params("AddLiveDomain")); a.header.Get("x-acs-retry-after") != "" {
		t.Error("a refusal that is no throttling has x-acs-retry-after, which makes clients repeat it")
	}
}

func TestTheTimeToWaitIsRoundedUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.QPSFactor = 0.1 }) // 3 a second: a token takes 333.3 ms
	var a answer
	for range 4 {
		a = f.call(params("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain))
	}
	if got := a.header.Get("x-acs-retry-after"); got != "334" {
		t.Errorf("x-acs-retry-after %q, want 334", got)
	}
}

func TestQPSFactorScalesTheLimits(t *testing.T) {
	t.Parallel()
	for factor, want := range map[float64]int{0.1: 3, 2: 60, 0: 30} {
		f := newFixture(t, func(c *Config) { c.QPSFactor = factor })
		allowed := 0
		for f.call(params("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain)).code != "Throttling.User" {
			allowed++
		}
		if allowed != want {
			t.Errorf("factor %v allows %d calls at once, want %d", factor, allowed, want)
		}
	}
}

func TestAnAnswerThatCannotBeEncodedIsAnInternalError(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.server.operations["Odd"] = &operation{name: "Odd", access: accessGet, resource: resourceAny,
		handler: handle(func(*Server, context.Context, caller, *struct{}) (struct {
			F complex64 `rpc:"F"`
		}, error) {
			return struct {
				F complex64 `rpc:"F"`
			}{1}, nil
		})}
	a := f.call(params("Odd"))
	a.wantError(t, apierr.InternalError)
	if a.requestID == "" || a.requestID != a.header.Get("x-acs-request-id") {
		t.Errorf("RequestId %q", a.requestID)
	}
}

func TestAnOversizedBodyIsRefusedWithARequestID(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/?Format=JSON&Action=AddLiveDomain", strings.NewReader(strings.Repeat("x", maxBody+1)))
	a := newFixture(t).send(r)
	a.wantError(t, apierr.RequestTooLarge)
	if a.requestID == "" || a.requestID != a.header.Get("x-acs-request-id") {
		t.Errorf("RequestId %q", a.requestID)
	}
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := newFixture(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	f.memory.fail = func() error { panic("secret detail") }
	a := f.call(describe())
	a.wantError(t, apierr.InternalError)
	if strings.Contains(a.body, "secret detail") {
		t.Error("the answer tells why")
	}
	for _, want := range []string{"secret detail", "level=ERROR", "stack=", "request_id=" + a.requestID} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, log.String())
		}
	}
}

func TestACallIsLoggedWithoutWhatItSent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := newFixture(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	a := f.call(params("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://cb/?token=tokenvalue", "NotifyAuthKey=testkeyyourkey12", "NotifyReqAuth=1"))
	line := log.String()
	for _, want := range []string{"level=INFO", `msg="api call"`, "request_id=" + a.requestID, "action=AddLiveRecordNotifyConfig", "account=1001", "status=200", "elapsed="} {
		if !strings.Contains(line, want) {
			t.Errorf("log lacks %q:\n%s", want, line)
		}
	}
	log.Reset()
	f.call(params("NoSuchThing", "x=tokenvalue"))
	line += log.String()
	if !strings.Contains(line, "code=InvalidAction.NotFound") {
		t.Errorf("log lacks the code:\n%s", line)
	}
	for _, secret := range []string{"tokenvalue", "testkeyyourkey12", testKey.Secret, testKey.ID, "NoSuchThing"} {
		if strings.Contains(line, secret) {
			t.Errorf("log holds %q:\n%s", secret, line)
		}
	}
	if n := strings.Count(line, "\n"); n != 2 {
		t.Errorf("%d lines for 2 calls", n)
	}
}

func TestErrorsPointToAPageIfThereIsOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.RecommendURL = "https://docs.example.com/errors" })
	a := f.send(httptest.NewRequest("GET", "/", nil))
	want := "<Recommend><![CDATA[https://docs.example.com/errors?product=live&q=InvalidAction.NotFound&requestId=" + a.header.Get("x-acs-request-id") + "]]></Recommend>"
	if !strings.Contains(a.body, want) {
		t.Errorf("got %s\nwant %s", a.body, want)
	}
}

func TestTheStoreTimesOutBeforeClientsDo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.server.store = hangingStore{f.memory}
	f.call(describe()).wantError(t, apierr.ServiceUnavailable)
}

// hangingStore lets transactions wait for the end of their context, which the
// test brings about at once.
type hangingStore struct{ *memoryStore }

func (s hangingStore) View(ctx context.Context, fn func(store.Reader) error) error {
	deadline, ok := ctx.Deadline()
	if !ok || time.Until(deadline) > 3*time.Second {
		return errors.New("no deadline, or one that clients do not wait for")
	}
	ended, cancel := context.WithDeadline(ctx, time.Now())
	defer cancel()
	<-ended.Done()
	return ended.Err()
}

func TestURLsAreNeverCheckedInsideATransaction(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tracking := &trackingStore{memoryStore: f.memory}
	f.server.store = tracking
	checked := 0
	f.server.urls = guardFunc(func() {
		checked++
		if tracking.open > 0 {
			t.Error("checked while a transaction is open")
		}
	})
	f.mustCall("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://a/", "OnDemandUrl=http://b/")
	f.mustCall("UpdateLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://a/", "OnDemandUrl=http://b/")
	if checked != 4 {
		t.Errorf("%d URLs checked, want 4", checked)
	}
}

func TestADomainThatGoesDuringTheCallIsMissed(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"AddLiveRecordNotifyConfig", "UpdateLiveRecordNotifyConfig"} {
		f := newFixture(t).prepare(action)
		f.server.urls = guardFunc(func() { delete(f.memory.state.domains, playDomain) })
		f.call(params(action, valid[action]...)).wantError(t, apierr.InvalidDomainNotFound)
	}
}

func TestAnUndeclaredErrorIsNoticed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	op := describeLiveRecordConfig
	op.run = func(*Server, context.Context, caller, wire.Params) (any, error) {
		return nil, live.ErrMappingExists
	}
	f.server.operations = map[string]*operation{op.name: &op}
	noticed := ""
	f.server.undeclared = func(op *operation, err *apierr.Error) { noticed = op.name + " " + err.Code }
	f.call(describe())
	if noticed != "DescribeLiveRecordConfig ConfigAlreadyExists" {
		t.Errorf("noticed %q", noticed)
	}
}

func TestASlowNameServerDoesNotHoldUpTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.urls = hangingGuard{}
		started := time.Now()
		f.mustCall("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://a/", "OnDemandUrl=http://b/")
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("took %v; clients hang up after 3 seconds", took)
		}
	})
}

// hangingGuard waits for a name server that does not answer.
type hangingGuard struct{}

func (hangingGuard) CheckURL(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

type guardFunc func()

func (g guardFunc) CheckURL(context.Context, string) error { g(); return nil }

type trackingStore struct {
	*memoryStore
	open int
}

func (s *trackingStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.open++
	defer func() { s.open-- }()
	return s.memoryStore.Update(ctx, fn)
}

func (s *trackingStore) View(ctx context.Context, fn func(store.Reader) error) error {
	s.open++
	defer func() { s.open-- }()
	return s.memoryStore.View(ctx, fn)
}

// TestHoweverParametersTravelTheyVerify sends one signed call in random orders,
// encodings and places.
func TestHoweverParametersTravelTheyVerify(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		method := []string{"GET", "POST"}[rnd.IntN(2)]
		p := f.sign(testKey, method, params("UpdateLiveRecordNotifyConfig", "DomainName="+playDomain,
			"NotifyUrl=http://cb/a b?x=1&y=%2B+*~!'()中;:@", "OnDemandUrl=", "Extra.1=é", "_="))
		rnd.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
		var query, form []string
		for _, q := range p {
			pair := encodeSomehow(rnd, q.Name) + "=" + encodeSomehow(rnd, q.Value)
			if method == "POST" && rnd.IntN(2) == 0 {
				form = append(form, pair)
			} else {
				query = append(query, pair)
			}
		}
		r := httptest.NewRequest(method, "/?"+strings.Join(query, "&"), strings.NewReader(strings.Join(form, "&")))
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if a := f.send(r); a.code != "InvalidConfig.NotFound" {
			t.Fatalf("request %d, %s %s with body %s: %s", i, method, r.URL, strings.Join(form, "&"), a.body)
		}
	}
}

// encodeSomehow percent-encodes what has to be, and at random more, in either
// case.
func encodeSomehow(rnd *rand.Rand, s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		safe := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~!*'()", c) >= 0
		switch {
		case c == ' ' && rnd.IntN(2) == 0:
			b.WriteByte('+')
		case safe && rnd.IntN(4) > 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEFabcdef"
			low := func(n byte) byte {
				if n > 9 && rnd.IntN(2) == 0 {
					n += 6
				}
				return digits[n]
			}
			b.Write([]byte{'%', low(c >> 4), low(c & 15)})
		}
	}
	return b.String()
}

// TestNoChangedByteVerifies replaces each byte of each value of a signed call.
func TestNoChangedByteVerifies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	signed := f.sign(testKey, "GET", describe())
	for _, p := range signed {
		if p.Name == "Format" {
			continue // its other values are refused before the signature
		}
		for i := range len(p.Value) {
			changed := []byte(p.Value)
			changed[i] ^= 1
			q := signed.With(p.Name, string(changed))
			if a := f.send(httptest.NewRequest("GET", "/?"+q.Encode(), nil)); a.status == http.StatusOK {
				t.Errorf("%s=%s passes for %s", p.Name, changed, p.Value)
			}
		}
		if a := f.send(httptest.NewRequest("GET", "/?"+signed.Without(p.Name).Encode(), nil)); a.status == http.StatusOK {
			t.Errorf("passes without %s", p.Name)
		}
	}
	if a := f.send(httptest.NewRequest("GET", "/?"+signed.With("Added", "").Encode(), nil)); a.status == http.StatusOK {
		t.Error("passes with a parameter added")
	}
	if a := f.send(httptest.NewRequest("POST", "/?"+signed.Encode(), nil)); a.status == http.StatusOK {
		t.Error("passes with another method")
	}
	if a := f.send(httptest.NewRequest("GET", "/?"+signed.Encode(), nil)); a.status != http.StatusOK {
		t.Errorf("unchanged: %s", a.body)
	}
}

func FuzzGateway(f *testing.F) {
	for _, file := range []string{"signed-rpc-v1.json", "signed-acs3.json", "negative-requests.json", "bearer.json"} {
		for _, v := range readVectors(f, file) {
			if v.Request == nil {
				continue
			}
			r := v.httpRequest()
			f.Add(r.Method, r.URL.Path, r.URL.RawQuery, r.Host, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), v.Request.Body)
		}
	}
	f.Add("GET", "//", "Format=JSON&Action=%ff", "[::1]:80", "", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, host, authorization, contentType, body string) {
		fx := newFixture(t)
		h := http.Header{"Authorization": {authorization}, "Content-Type": {contentType}, "X-Acs-Action": {"AddLiveDomain"}}
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: host, Header: h, Body: io.NopCloser(strings.NewReader(body))}
		a := fx.send(r.WithContext(t.Context()))
		if a.status == http.StatusOK && method != http.MethodOptions || a.status == http.StatusInternalServerError {
			t.Errorf("status %d for an unsigned request: %s", a.status, a.body)
		}
		if method == http.MethodOptions {
			return
		}
		if a.header.Get("Content-Type") == "text/xml;charset=utf-8" {
			a.code, a.message = xmlError(t, a.body)
		}
		if a.code == "" || a.message == "" {
			t.Errorf("envelope without code or message: %s", a.body)
		}
	})
}

func BenchmarkDescribe(b *testing.B) {
	f := newFixture(b)
	f.mustCall("AddLiveRecordNotifyConfig", valid["AddLiveRecordNotifyConfig"]...)
	f.server.nonces = discardNonces{} // what is sent is the same each time
	p := params("DescribeLiveRecordNotifyConfig", "DomainName="+playDomain)
	rpc := httptest.NewRequest("GET", "/?"+f.sign(testKey, "GET", p).Encode(), nil)
	acs3 := httptest.NewRequest("POST", "/?DomainName="+playDomain, nil)
	signed := sign.Request{Method: "POST", Host: acs3.Host, Query: wire.Params{{Name: "DomainName", Value: playDomain}}, Header: acs3.Header}
	sign.ACS3(testKey, sign.ACS3HMACSHA256, &signed, "DescribeLiveRecordNotifyConfig", apiVersion, "nonce", f.now)
	for name, r := range map[string]*http.Request{"RPC": rpc, "ACS3": acs3} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			w := &discardResponse{header: http.Header{}}
			for b.Loop() {
				clear(w.header)
				f.server.ServeHTTP(w, r)
			}
			if w.status != http.StatusOK {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

type discardNonces struct{}

func (discardNonces) Use(context.Context, string, string, time.Time, time.Time, bool) error {
	return nil
}

type discardResponse struct {
	header http.Header
	status int
}

func (w *discardResponse) Header() http.Header         { return w.header }
func (w *discardResponse) Write(b []byte) (int, error) { return len(b), nil }
func (w *discardResponse) WriteHeader(status int)      { w.status = status }
