package api

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A vector is a request as a client sent it, or as a server has to refuse it.
type vector struct {
	Name             string
	Clock            time.Time
	AccessKeyID      string            `json:"access_key_id"`
	AccessKeySecret  string            `json:"access_key_secret"`
	SentParams       map[string]string `json:"sent_params"`
	ServerAccessKeys map[string]struct {
		Secret string
		Active bool
	} `json:"server_access_keys"`
	Request *struct {
		Method  string
		Target  string
		Headers [][2]string
		Body    string
	}
	Expect struct {
		Status  int
		Code    string
		Message string
	}
	SendTwice bool `json:"send_twice"`
}

func readVectors(t testing.TB, file string) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Vectors []vector }
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Vectors
}

// httpRequest builds the request as a server gets to see it.
func (v vector) httpRequest() *http.Request {
	r := httptest.NewRequest(v.Request.Method, v.Request.Target, strings.NewReader(v.Request.Body))
	for _, h := range v.Request.Headers {
		if strings.EqualFold(h[0], "Host") {
			r.Host = h[1]
			continue
		}
		r.Header.Add(h[0], h[1])
	}
	return r
}

// vectorFixture has the clock and the keys of a vector and live.example.com,
// with a notify config if that is not what the vector adds.
func vectorFixture(t *testing.T, v vector) *fixture {
	f := newFixture(t)
	f.now = v.Clock
	ctx := t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		for id, k := range v.ServerAccessKeys {
			tx.PutAccessKey(ctx, live.AccessKey{ID: id, Secret: k.Secret, Active: k.Active, AccountID: "1001"})
		}
		if v.AccessKeyID != "" {
			key := live.AccessKey{ID: v.AccessKeyID, Secret: v.AccessKeySecret, Active: true, AccountID: "1001"}
			if strings.Contains(v.Name, "-sts") {
				r := v.httpRequest()
				token := cmp.Or(r.URL.Query().Get("SecurityToken"), r.Header.Get("x-acs-security-token"))
				if token == "" {
					token = r.PostFormValue("SecurityToken")
				}
				key.TokenHash, key.ExpiresAt = live.TokenHash(token), v.Clock.Add(time.Hour)
			}
			tx.PutAccessKey(ctx, key)
		}
		if !strings.Contains(v.Name, "/Add") {
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: "live.example.com", NotifyURL: "http://cb.example.com/"})
		}
		return tx.AddDomain(ctx, live.Domain{Name: "live.example.com", AccountID: "1001", Type: live.StreamingDomain})
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNegativeRequestsAreRefused(t *testing.T) {
	t.Parallel()
	vectors := readVectors(t, "negative-requests.json")
	if len(vectors) != 25 {
		t.Errorf("%d vectors, want 25", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			f := vectorFixture(t, v)
			if v.SendTwice {
				if a := f.send(v.httpRequest()); a.status != http.StatusOK {
					t.Fatalf("first time: %d %s", a.status, a.body)
				}
			}
			a := f.send(v.httpRequest())
			if a.header.Get("Content-Type") == "text/xml;charset=utf-8" {
				a.code, a.message = xmlError(t, a.body)
			}
			if a.status != v.Expect.Status || a.code != v.Expect.Code {
				t.Errorf("got %d %s, want %d %s", a.status, a.code, v.Expect.Status, v.Expect.Code)
			}
			if v.Expect.Message != "" && a.message != v.Expect.Message {
				t.Errorf("message\n got %q\nwant %q", a.message, v.Expect.Message)
			}
		})
	}
}

func xmlError(t *testing.T, body string) (code, message string) {
	t.Helper()
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	if err := xml.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("answer is no XML error: %v\n%s", err, body)
	}
	return e.Code, e.Message
}

// TestClientVectorsAreUnderstood sends what the clients sent, and looks for it
// in the store.
func TestClientVectorsAreUnderstood(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"-rsa":        "InvalidSignatureMethod",
		"no-params":   "MissingDomainName",
		"auth-fields": "InvalidNotifyAuthKey.Malformed",
	}
	for _, file := range []string{"signed-rpc-v1.json", "signed-acs3.json"} {
		for _, v := range readVectors(t, file) {
			if strings.HasPrefix(v.Name, "documented/") {
				continue // of another product; package sign checks it
			}
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				f := vectorFixture(t, v)
				a := f.send(v.httpRequest())
				for part, code := range refused {
					if strings.Contains(v.Name, part) {
						if a.code != code {
							t.Errorf("got %s, want %s", a.body, code)
						}
						return
					}
				}
				if a.status != http.StatusOK {
					t.Fatalf("refused: %s", a.body)
				}
				config, stored := f.memory.state.notify["live.example.com"]
				if stored == strings.Contains(v.Name, "/Delete") {
					t.Errorf("config stored: %t", stored)
				}
				if url := v.SentParams["NotifyUrl"]; url != "" && config.NotifyURL != url {
					t.Errorf("stored NotifyUrl %q, sent %q", config.NotifyURL, url)
				}
				if url, sent := v.SentParams["OnDemandUrl"]; sent && config.OnDemandURL != url {
					t.Errorf("stored OnDemandUrl %q, sent %q", config.OnDemandURL, url)
				}
				if flag, sent := v.SentParams["NeedStatusNotify"]; sent && config.NeedStatusNotify != (flag == "true") {
					t.Errorf("stored NeedStatusNotify %t, sent %q", config.NeedStatusNotify, flag)
				}
			})
		}
	}
}

func TestBearerTokensAreRefused(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "bearer.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			a := vectorFixture(t, v).send(v.httpRequest())
			if a.code != "InvalidSignatureMethod" {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
}

func TestAContentHashOfAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for claimed, want := range map[string]string{"": "", "0000": "SignatureDoesNotMatch"} {
		r := httptest.NewRequest("POST", "/?DomainName="+playDomain, nil)
		signed := sign.Request{Method: "POST", Host: r.Host, Query: wire.Params{{Name: "DomainName", Value: playDomain}}, Header: r.Header}
		sign.ACS3(testKey, sign.ACS3HMACSHA256, &signed, "DescribeLiveRecordConfig", apiVersion, "nonce"+claimed, testTime)
		// Signed once more, well, with another claim or none.
		r.Header.Del("x-acs-content-sha256")
		if claimed != "" {
			r.Header.Set("x-acs-content-sha256", claimed)
		}
		names := signed.SignedHeaders(nil)
		canonical := signed.CanonicalRequest(names, signed.ContentHash(sign.ACS3HMACSHA256))
		auth := sign.Authorization{Algorithm: sign.ACS3HMACSHA256, AccessKeyID: testKey.ID, SignedHeaders: names}
		auth.Signature = sign.ACS3Signature(auth.Algorithm, testKey.Secret, sign.ACS3StringToSign(auth.Algorithm, canonical))
		r.Header.Set("Authorization", auth.String())
		if a := f.send(r); a.code != want {
			t.Errorf("claim %q: got %q, want %q", claimed, a.code, want)
		}
	}
}

func TestACS3SignaturesCoverWhatTheServerReads(t *testing.T) {
	t.Parallel()
	newRequest := func() *http.Request {
		r := httptest.NewRequest("POST", "/?DomainName="+playDomain, nil)
		signed := sign.Request{Method: "POST", Host: r.Host, Query: wire.Params{{Name: "DomainName", Value: playDomain}}, Header: r.Header}
		sign.ACS3(testKey, sign.ACS3HMACSM3, &signed, "DescribeLiveRecordConfig", apiVersion, "nonce", testTime)
		return r
	}
	tests := []struct {
		name   string
		tamper func(r *http.Request)
		want   string
	}{
		{"as signed", func(*http.Request) {}, ""},
		{"another action", func(r *http.Request) { r.Header.Set("x-acs-action", "DeleteLiveRecordNotifyConfig") }, "SignatureDoesNotMatch"},
		{"a second action", func(r *http.Request) { r.Header.Add("x-acs-action", "DeleteLiveRecordNotifyConfig") }, "SignatureDoesNotMatch"},
		{"another host", func(r *http.Request) { r.Host = "evil.example.com" }, "SignatureDoesNotMatch"},
		{"another query", func(r *http.Request) { r.URL.RawQuery = "DomainName=" + foreignDomain }, "SignatureDoesNotMatch"},
		{"a content type that was not there", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, "SignatureDoesNotMatch"},
		{"broken Authorization", func(r *http.Request) { r.Header.Set("Authorization", "ACS3-HMAC-SM3 Credential=a,Credential=b") }, "InvalidParameter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRequest()
			tt.tamper(r)
			if a := newFixture(t).send(r); a.code != tt.want {
				t.Errorf("got %q, want %q: %s", a.code, tt.want, a.body)
			}
		})
	}
}
