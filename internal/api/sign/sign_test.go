package sign

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"tallylight/internal/api/wire"
)

var (
	testKey = Key{ID: "testid", Secret: "testsecret"}
	testNow = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
)

func TestRPCSignsWhatVerifyAccepts(t *testing.T) {
	t.Parallel()
	unsorted := wire.Params{{Name: "b", Value: "é ~*"}, {Name: "Version", Value: "2016-11-01"}, {Name: "Empty"}, {Name: "Action", Value: "X"}}
	params := RPC(testKey, "POST", unsorted, "nonce", testNow)
	sent := mustParams(t, params.Encode())
	if !slices.Equal(sent, params) {
		t.Fatalf("sent %v, want %v", sent, params)
	}
	if !VerifyRPC(testKey.Secret, RPCStringToSign("POST", sent), sent.Get("Signature")) {
		t.Error("own signature does not verify")
	}
	if VerifyRPC(testKey.Secret, RPCStringToSign("GET", sent), sent.Get("Signature")) {
		t.Error("signature of a POST verifies for a GET")
	}
}

func TestACS3SignsWhatVerifyAccepts(t *testing.T) {
	t.Parallel()
	for _, a := range []Algorithm{ACS3HMACSHA256, ACS3HMACSM3} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			r := &Request{
				Method: "POST", Host: "127.0.0.1:8080", Query: mustParams(t, "DomainName=play.example.com&E="),
				Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
				Body:   []byte("a=b"),
			}
			ACS3(testKey, a, r, "X", "2016-11-01", "nonce", testNow)
			verify := func() bool {
				auth, err := ParseAuthorization(r.Header.Get("Authorization"))
				if err != nil {
					t.Fatal(err)
				}
				sts := ACS3StringToSign(auth.Algorithm, r.CanonicalRequest(r.SignedHeaders(auth.SignedHeaders), r.ContentHash(auth.Algorithm)))
				return VerifyACS3(auth.Algorithm, testKey.Secret, sts, auth.Signature)
			}
			if !verify() {
				t.Fatal("own signature does not verify")
			}
			tampered := map[string]func(){
				"another method":         func() { r.Method = "GET" },
				"another host":           func() { r.Host = "127.0.0.1:8081" },
				"another query":          func() { r.Query = r.Query.With("DomainName", "evil.example.com") },
				"another body":           func() { r.Body = []byte("a=c") },
				"another action":         func() { r.Header.Set("x-acs-action", "Y") },
				"another content type":   func() { r.Header.Set("Content-Type", "text/plain") },
				"an added x-acs- header": func() { r.Header.Set("x-acs-security-token", "smuggled") },
			}
			for name, tamper := range tampered {
				kept := *r
				r.Header = r.Header.Clone()
				tamper()
				if verify() {
					t.Errorf("verifies with %s", name)
				}
				*r = kept
			}
			r.Header.Set("Accept", "text/xml")
			if !verify() {
				t.Error("does not verify with another Accept, which is not signed")
			}
		})
	}
}

func TestSeveralValuesOfAHeaderAreSortedAndJoined(t *testing.T) {
	t.Parallel()
	r := Request{Header: http.Header{"X-Acs-Tag": {" b ", "a"}}}
	if got := r.headerValue("x-acs-tag"); got != "a,b" {
		t.Errorf("got %q", got)
	}
}

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	full := Authorization{ACS3HMACSHA256, "id", []string{"host", "x-acs-date"}, "ab12"}
	tests := []struct {
		name   string
		header string
		want   Authorization
		bad    bool
	}{
		{"the usual order", "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host;x-acs-date,Signature=ab12", full, false},
		{"signature before signed headers", "ACS3-HMAC-SHA256 Credential=id,Signature=ab12,SignedHeaders=host;x-acs-date", full, false},
		{"blanks after commas", "ACS3-HMAC-SHA256 Credential=id, SignedHeaders=host;x-acs-date, Signature=ab12", full, false},
		{"algorithm alone", "ACS3-HMAC-SHA256", Authorization{Algorithm: ACS3HMACSHA256}, false},
		{"no signature", "ACS3-HMAC-SHA256 Credential=id", Authorization{Algorithm: ACS3HMACSHA256, AccessKeyID: "id"}, false},
		{"a member twice", "ACS3-HMAC-SHA256 Credential=id,Credential=other", Authorization{}, true},
		{"an unknown member", "ACS3-HMAC-SHA256 Credential=id,Realm=x", Authorization{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAuthorization(tt.header)
			if (err != nil) != tt.bad {
				t.Fatalf("error %v, want one: %t", err, tt.bad)
			}
			if got.String() != tt.want.String() {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, v := range readVectors(f, "signed-acs3.json") {
		for _, h := range v.Request.Headers {
			if http.CanonicalHeaderKey(h[0]) == "Authorization" {
				f.Add(h[1])
			}
		}
	}
	f.Add("ACS3-HMAC-SHA256 Credential==,;Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := ParseAuthorization(header)
		if err != nil {
			return
		}
		again, err := ParseAuthorization(a.String())
		if err != nil || again.String() != a.String() {
			t.Errorf("ParseAuthorization(%q) = %+v, %v; want %+v", a.String(), again, err, a)
		}
	})
}

func FuzzRPCStringToSign(f *testing.F) {
	for _, v := range readVectors(f, "signed-rpc-v1.json") {
		f.Add(v.Request.RawQuery)
	}
	f.Add("a=%2")
	f.Fuzz(func(t *testing.T, raw string) {
		params, err := wire.ParseParams(raw)
		if err != nil {
			return
		}
		signed := RPC(testKey, "GET", params, "nonce", testNow)
		sent, err := wire.ParseParams(signed.Encode())
		if err != nil {
			if len(signed) <= wire.MaxParams {
				t.Fatalf("ParseParams(%q): %v", signed.Encode(), err)
			}
			return
		}
		if !VerifyRPC(testKey.Secret, RPCStringToSign("GET", sent), sent.Get("Signature")) {
			t.Errorf("%q does not verify", signed.Encode())
		}
	})
}
