package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var userKey = sign.Key{ID: "userid", Secret: "usersecret"}

// addUser gives the account of testKey the user lena, with userKey and policies
// of these statements, one each.
func (f *fixture) addUser(statements ...string) *fixture {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		key := live.AccessKey{ID: userKey.ID, Secret: userKey.Secret, AccountID: "1001", User: "lena", Active: true}
		if err := errors.Join(tx.AddUser(ctx, live.User{AccountID: "1001", Name: "lena"}), tx.PutAccessKey(ctx, key)); err != nil {
			return err
		}
		for i, s := range statements {
			p := live.UserPolicy{AccountID: "1001", User: "lena", Name: fmt.Sprint(i), Document: `{"Version":"1","Statement":[` + s + `]}`}
			if err := tx.PutUserPolicy(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return f
}

func (f *fixture) update(fn func(ctx context.Context, tx store.Tx) error) {
	f.t.Helper()
	ctx := f.t.Context()
	if err := f.store.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

func TestPoliciesBindUsers(t *testing.T) {
	t.Parallel()
	const (
		allowAll = `{"Effect":"Allow","Action":"live:*","Resource":"*"}`
		denyPlay = `{"Effect":"Deny","Action":"live:*","Resource":"acs:cdn:*:1001:domain/play.example.com"}`
	)
	add := params("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=https://cb.example.com/")
	link := params("AddLiveDomainMapping", "PullDomain="+playDomain, "PushDomain="+pushDomain)
	for _, tt := range []struct {
		name       string
		statements []string
		call       wire.Params
		want       string // NoPermissionType, empty where the call is allowed
	}{
		{"without policies nothing is allowed", nil, add, "ImplicitDeny"},
		{"a policy allows everything", []string{allowAll}, add, ""},
		{"a policy allows a domain", []string{`{"Effect":"Allow","Action":"live:Add*","Resource":"acs:cdn:*:*:domain/play.*"}`}, add, ""},
		{"of another account", []string{`{"Effect":"Allow","Action":"live:Add*","Resource":"acs:cdn:*:1002:domain/*"}`}, add, "ImplicitDeny"},
		{"another action", []string{`{"Effect":"Allow","Action":"live:Describe*","Resource":"*"}`}, add, "ImplicitDeny"},
		{"the product's name is no service of resources", []string{`{"Effect":"Allow","Action":"live:*","Resource":"acs:live:*:*:domain/*"}`}, add, "ImplicitDeny"},
		{"a denial wins", []string{allowAll, denyPlay}, add, "ExplicitDeny"},
		{"a denial holds for other spellings of a domain", []string{allowAll, denyPlay}, add.With("DomainName", "PLAY.example.com."), "ExplicitDeny"},
		{"each domain counts, the first", []string{allowAll, denyPlay}, link, "ExplicitDeny"},
		{"each domain counts, the last", []string{allowAll, strings.Replace(denyPlay, "play.", "push.", 1)}, link, "ExplicitDeny"},
		{"each domain of a list counts", []string{allowAll, denyPlay}, add.With("DomainName", "").With("DomainNames", "a.example.com, "+playDomain), "ExplicitDeny"},
		{"a call without domain works on all of them", []string{`{"Effect":"Allow","Action":"live:Add*","Resource":"acs:cdn:*:1001:domain/play.example.com"}`}, add.With("DomainName", ""), "ImplicitDeny"},
		{"the address of the caller counts", []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"192.0.2.0/24"}}}`}, add, ""},
		{"another address does not", []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}}`}, add, "ImplicitDeny"},
		{"the clock counts", []string{allowAll, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThanEquals":{"acs:CurrentTime":"2026-11-23T08:00:00Z"}}}`}, add, "ExplicitDeny"},
		{"HTTP is not secure", []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:SecureTransport":"true"}}}`}, add, "ImplicitDeny"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t).addUser(tt.statements...)
			a := f.callAs(userKey, tt.call)
			if tt.want == "" {
				if a.code != "" {
					t.Errorf("refused: %s", a.body)
				}
				return
			}
			a.wantError(t, apierr.Forbidden)
			var body struct{ AccessDeniedDetail map[string]string }
			if err := json.Unmarshal([]byte(a.body), &body); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{
				"AuthAction": "live:" + tt.call.Get("Action"), "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "lena",
				"AuthPrincipalOwnerId": "1001", "NoPermissionType": tt.want, "PolicyType": "AccountLevelIdentityBasedPolicy",
			}
			if got := body.AccessDeniedDetail; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("AccessDeniedDetail\n got %v\nwant %v", got, want)
			}
		})
	}
}

func TestAListOfDomainsWithoutEndIsNotWork(t *testing.T) {
	t.Parallel()
	list := strings.Repeat(playDomain+",", maxBatchDomains-1) + playDomain
	for names, want := range map[string]int{playDomain: 1, list: maxBatchDomains, strings.Repeat(list+",", 1000): maxBatchDomains + 1} {
		resources := batchSetLiveDomainConfigs.resources("1001", wire.Params{{Name: "DomainNames", Value: names}})
		if len(resources) != want {
			t.Errorf("%d resources of a list of %d bytes, want %d", len(resources), len(names), want)
		}
	}
}

func TestHTTPSIsSecureTransport(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t).addUser(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:SecureTransport":"true"}}}`)
	r := httptest.NewRequest("GET", "/?"+f.sign(userKey, "GET", describe()).Encode(), nil)
	r.TLS = &tls.ConnectionState{}
	if a := f.send(r); a.code != "" {
		t.Errorf("refused: %s", a.body)
	}
}

func TestTheOwnerIsNeverRefused(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t).addUser(`{"Effect":"Deny","Action":"*","Resource":"*"}`)
	if a := f.call(describe()); a.code != "" || strings.Contains(a.body, "AccessDeniedDetail") {
		t.Errorf("got %s", a.body)
	}
}

func TestARefusalByPoliciesUsesUpItsNonceAndNoQuota(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.QPSFactor = 0 })
	f.memory.state.keys[userKey.ID] = live.AccessKey{ID: userKey.ID, Secret: userKey.Secret, AccountID: "1001", User: "lena", Active: true}
	for range 120 { // more than the operation may be called in a second
		f.callAs(userKey, describe()).wantError(t, apierr.Forbidden)
	}
	if a := f.call(describe()); a.code != "" {
		t.Errorf("the account itself: %s", a.body)
	}
	p := f.sign(userKey, "GET", describe())
	f.send(httptest.NewRequest("GET", "/?"+p.Encode(), nil)).wantError(t, apierr.Forbidden)
	f.send(httptest.NewRequest("GET", "/?"+p.Encode(), nil)).wantError(t, apierr.SignatureNonceUsed)
}

func TestAUserSharesTheQuotaOfTheAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config) { c.QPSFactor = 0.01 }) // one call a second
	f.memory.state.keys[userKey.ID] = live.AccessKey{ID: userKey.ID, Secret: userKey.Secret, AccountID: "1001", User: "lena", Active: true}
	f.memory.state.policies = []live.UserPolicy{{User: "lena", Document: `{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}}
	if a := f.call(describe()); a.code != "" {
		t.Fatal(a.body)
	}
	f.callAs(userKey, describe()).wantError(t, apierr.ThrottlingUser)
}

func TestAPolicyThatCannotBeReadFailsTheCall(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t).addUser(`{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Maybe"}`)
	f.callAs(userKey, describe()).wantError(t, apierr.InternalError)
}

const testToken = "token+of/a temporary key=="

func TestTemporaryKeysNeedTheirToken(t *testing.T) {
	t.Parallel()
	temporary := sign.Key{ID: "STS.test", Secret: "temporarysecret"}
	for _, tt := range []struct {
		name  string
		key   sign.Key
		token string
		after time.Duration
		want  *apierr.Error
	}{
		{"its token", temporary, testToken, 0, nil},
		{"no token", temporary, "", 0, apierr.MissingSecurityToken},
		{"another token", temporary, testToken + "x", 0, apierr.InvalidSecurityTokenMismatch},
		{"a long token", temporary, strings.Repeat("t", 2049), 0, apierr.InvalidSecurityTokenMalformed},
		{"a token of other characters", temporary, testToken + "ü", 0, apierr.InvalidSecurityTokenMalformed},
		{"just before it expires", temporary, testToken, time.Hour - time.Second, nil},
		{"when it has expired", temporary, testToken, time.Hour, apierr.InvalidSecurityTokenExpired},
		{"a token with a lasting key", testKey, testToken, 0, apierr.InvalidSecurityTokenMismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t)
			f.update(func(ctx context.Context, tx store.Tx) error {
				return tx.PutAccessKey(ctx, live.AccessKey{ID: temporary.ID, Secret: temporary.Secret, AccountID: "1001", Active: true,
					TokenHash: live.TokenHash(testToken), ExpiresAt: testTime.Add(time.Hour)})
			})
			f.now = testTime.Add(tt.after)
			p := describe()
			if tt.token != "" {
				p = p.With("SecurityToken", tt.token)
			}
			rpc := httptest.NewRequest("GET", "/?"+f.sign(tt.key, "GET", p).Encode(), nil)
			rpc.Header.Set("x-acs-security-token", tt.token) // as one client repeats it
			answers := map[string]answer{"RPC": f.send(rpc)}
			if !strings.Contains(tt.token, "ü") { // not for a header
				acs3 := httptest.NewRequest("POST", "/?DomainName="+playDomain, nil)
				if tt.token != "" {
					acs3.Header.Set("x-acs-security-token", tt.token)
				}
				signed := sign.Request{Method: "POST", Host: acs3.Host, Query: wire.Params{{Name: "DomainName", Value: playDomain}}, Header: acs3.Header}
				sign.ACS3(tt.key, sign.ACS3HMACSHA256, &signed, "DescribeLiveRecordConfig", apiVersion, "nonce", f.now)
				answers["ACS3"] = f.send(acs3)
			}
			for scheme, a := range answers {
				switch {
				case tt.want != nil:
					a.wantError(t, tt.want)
				case a.code != "":
					t.Errorf("%s: refused: %s", scheme, a.body)
				}
			}
		})
	}
}

func TestAWrongSignatureTellsNothingOfTheToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.memory.state.keys["STS.test"] = live.AccessKey{ID: "STS.test", Secret: "right", AccountID: "1001", Active: true, TokenHash: live.TokenHash(testToken)}
	a := f.callAs(sign.Key{ID: "STS.test", Secret: "wrong"}, describe())
	if a.code != "SignatureDoesNotMatch" {
		t.Errorf("got %s", a.body)
	}
}

// restart returns a fixture on the same store whose server has been started anew.
func (f *fixture) restart() *fixture {
	f.t.Helper()
	again := &fixture{t: f.t, store: f.store, now: f.now}
	again.server = New(Config{Store: f.store, URLs: fakeGuard{}, Buckets: fakeBuckets{}, QPSFactor: -1, Now: func() time.Time { return again.now }})
	if err := again.server.Restore(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return again
}

func TestACallThatChangesSomethingIsNotRepeatedAfterACrash(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	p := f.sign(testKey, "GET", params("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain))
	request := "/?" + p.Encode()
	f.send(httptest.NewRequest("GET", request, nil)).wantError(t, apierr.InvalidConfigNotFound)
	crashed := f.restart()
	crashed.send(httptest.NewRequest("GET", request, nil)).wantError(t, apierr.SignatureNonceUsed)
	crashed.now = testTime.Add(15 * time.Minute)
	crashed.send(httptest.NewRequest("GET", request, nil)).wantError(t, apierr.SignatureNonceUsed)
}

func TestOperationsThatReadChangeNothing(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		if !op.reads() {
			continue
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t).prepare(op.name)
			f.server.store = readOnly{f.store}
			if a := f.call(params(op.name, valid[op.name]...)); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// readOnly refuses Updates.
type readOnly struct{ configStore }

func (readOnly) Update(context.Context, func(store.Tx) error) error { return store.ErrUnavailable }

func TestACallThatReadsIsNotRepeatedAfterAnOrderlyEnd(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	request := "/?" + f.sign(testKey, "GET", describe()).Encode()
	if a := f.send(httptest.NewRequest("GET", request, nil)); a.code != "" {
		t.Fatal(a.body)
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	f.server.Run(ctx)
	f.restart().send(httptest.NewRequest("GET", request, nil)).wantError(t, apierr.SignatureNonceUsed)
}

func TestNoncesOfReadsAreKeptWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		ctx, end := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { f.server.Run(ctx) })
		for range 3 {
			if a := f.call(describe()); a.code != "" {
				t.Fatal(a.body)
			}
		}
		time.Sleep(keepInterval)
		synctest.Wait()
		if got := f.memory.state.nonces; len(got) != 1 || len(got[0].Digests) != 3 {
			t.Errorf("kept %+v, want one row of three", got)
		}
		time.Sleep(keepInterval)
		synctest.Wait()
		if got := f.memory.state.nonces; len(got) != 1 {
			t.Errorf("%d rows after a second without calls, want 1", len(got))
		}
		end()
		running.Wait()
	})
}

func TestAFailingStoreHoldsUpOnlyCallsThatChangeSomething(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	failing := &failingUpdates{memoryStore: f.memory, err: store.ErrUnavailable}
	f.server.keeper.store = failing
	if a := f.call(describe()); a.code != "" {
		t.Errorf("a read: %s", a.body)
	}
	change := f.sign(testKey, "GET", params("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain))
	f.send(httptest.NewRequest("GET", "/?"+change.Encode(), nil)).wantError(t, apierr.ServiceUnavailable)

	failing.err = nil
	f.send(httptest.NewRequest("GET", "/?"+change.Encode(), nil)).wantError(t, apierr.SignatureNonceUsed)
	f.call(params("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain)).wantError(t, apierr.InvalidConfigNotFound)
	kept := 0
	for _, n := range f.memory.state.nonces {
		kept += len(n.Digests)
	}
	if kept != 3 {
		t.Errorf("%d nonces are kept, want the 3 that were used", kept)
	}
}

// failingUpdates fails Updates, written or not.
type failingUpdates struct {
	*memoryStore
	err error
}

func (s *failingUpdates) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.err != nil {
		return s.err
	}
	return s.memoryStore.Update(ctx, fn)
}

func TestConcurrentNoncesShareCommits(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	k := newNonceKeeper(st, 1000, func() time.Time { return testTime })
	expires := testTime.Add(clockWindow)
	var calls sync.WaitGroup
	for i := range 64 {
		calls.Go(func() {
			if err := k.Use(t.Context(), "key", fmt.Sprint(i), testTime, expires, true); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	again := newNonceKeeper(st, 1000, k.now)
	if err := again.restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		if err := again.Use(t.Context(), "key", fmt.Sprint(i), testTime, expires, false); !errors.Is(err, apierr.SignatureNonceUsed) {
			t.Errorf("nonce %d after a restart: %v", i, err)
		}
	}
}
