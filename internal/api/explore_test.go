package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tallylight/internal/api/explore"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// exploreCall is a call of the explorer to the fixture, with the parameters of
// valid.
func (f *fixture) exploreCall(action string) explore.Call {
	f.nonce++
	c := explore.Call{
		Action: action, Method: "GET", Format: wire.JSON, Scheme: explore.RPC, Endpoint: "http://127.0.0.1:8080",
		Key: testKey, Nonce: fmt.Sprintf("explorer-%d", f.nonce), Time: f.now,
	}
	for _, pair := range valid[action] {
		name, value, _ := strings.Cut(pair, "=")
		c.Params = append(c.Params, wire.Param{Name: name, Value: value})
	}
	return c
}

// explore makes a call of the explorer.
func (f *fixture) explore(c explore.Call) *explore.Answer {
	f.t.Helper()
	r, err := explore.Build(c)
	if err != nil {
		f.t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v", r); strings.Contains(shown, c.Key.Secret) {
		f.t.Errorf("the secret is in %s", shown)
	}
	a, err := r.Do(httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, "/", nil), f.server)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func TestTheExplorerCallsEveryOperation(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		for _, scheme := range []explore.Scheme{explore.RPC, explore.ACS3} {
			for _, method := range []string{"GET", "POST"} {
				t.Run(fmt.Sprint(op.name, " ", scheme, " ", method), func(t *testing.T) {
					t.Parallel()
					f := newFixture(t).prepare(op.name)
					c := f.exploreCall(op.name)
					c.Scheme, c.Method = scheme, method
					a := f.explore(c)
					if a.Status != 200 || a.RequestID == "" || !strings.Contains(string(a.Body), a.RequestID) || a.Cut {
						t.Errorf("%d %s", a.Status, a.Body)
					}
				})
			}
		}
	}
}

func TestTheExplorerGoesThroughAllChecks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*fixture, *explore.Call)
		want   string
	}{
		{"a wrong secret", func(_ *fixture, c *explore.Call) { c.Key.Secret = "guessed-secret" }, "SignatureDoesNotMatch"},
		{"a nonce that was used", func(f *fixture, c *explore.Call) { f.explore(*c) }, "SignatureNonceUsed"},
		{"an old time", func(_ *fixture, c *explore.Call) { c.Time = c.Time.Add(-clockWindow * 2) }, "InvalidTimeStamp.Expired"},
		{"a parameter that is missing", func(_ *fixture, c *explore.Call) { c.Params = nil }, "MissingDomainName"},
		{"a user without policies", func(f *fixture, c *explore.Call) {
			c.Key = sign.Key{ID: "userid", Secret: "user-secret"}
			err := f.store.Update(t.Context(), func(tx store.Tx) error {
				return tx.PutAccessKey(t.Context(), live.AccessKey{ID: c.Key.ID, Secret: c.Key.Secret, AccountID: "1001", User: "eve", Active: true})
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "Forbidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c := f.exploreCall("DescribeLiveDomainDetail")
			tt.change(f, &c)
			if a := f.explore(c); !strings.Contains(string(a.Body), `"Code":"`+tt.want+`"`) {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
}
