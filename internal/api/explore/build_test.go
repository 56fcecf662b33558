package explore

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

func testCall() Call {
	return Call{
		Action:   "AddLiveDomain",
		Params:   wire.Params{{Name: "Region", Value: "cn-shanghai"}, {Name: "DomainName", Value: "a b.example.com"}},
		Method:   http.MethodGet,
		Format:   wire.JSON,
		Scheme:   RPC,
		Endpoint: "http://127.0.0.1:8080",
		Key:      sign.Key{ID: "testid", Secret: "testsecret"},
		Nonce:    "nonce",
		Time:     time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	const query = "AccessKeyId=testid&Action=AddLiveDomain&DomainName=a%20b.example.com&Format=JSON&Region=cn-shanghai" +
		"&SignatureMethod=HMAC-SHA1&SignatureNonce=nonce&SignatureVersion=1.0&Timestamp=2026-11-23T08%3A00%3A00Z&Version=2016-11-01"
	for _, tt := range []struct {
		name      string
		change    func(*Call)
		url, body string
		canonical string // beginning
		toSign    string // beginning
	}{
		{"RPC by GET", func(*Call) {}, "http://127.0.0.1:8080/?AccessKeyId=testid&", "", query, "GET&%2F&AccessKeyId%3Dtestid%26Action%3D"},
		{"RPC by POST", func(c *Call) { c.Method = "POST" }, "http://127.0.0.1:8080/", "AccessKeyId=testid&Action=AddLiveDomain&DomainName=a+b", query, "POST&%2F&AccessKeyId%3D"},
		{"RPC for XML", func(c *Call) { c.Format = wire.XML }, "http://127.0.0.1:8080/?AccessKeyId=testid&", "", strings.Replace(query, "JSON", "XML", 1), "GET&%2F&"},
		{"RPC with a token", func(c *Call) { c.SecurityToken = "t" }, "http://127.0.0.1:8080/?AccessKeyId=testid&", "", strings.Replace(query, "&SignatureM", "&SecurityToken=t&SignatureM", 1), "GET&%2F&"},
		{"ACS3 by GET", func(c *Call) { c.Scheme = ACS3 }, "http://127.0.0.1:8080/?DomainName=a+b.example.com&Region=cn-shanghai", "",
			"GET\n/\nDomainName=a%20b.example.com&Region=cn-shanghai\nhost:127.0.0.1:8080\nx-acs-action:AddLiveDomain\n", "ACS3-HMAC-SHA256\n"},
		{"ACS3 by POST", func(c *Call) { c.Scheme, c.Method = ACS3, "POST" }, "http://127.0.0.1:8080/", "DomainName=a+b.example.com&Region=cn-shanghai",
			"POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:127.0.0.1:8080\n", "ACS3-HMAC-SHA256\n"},
		{"a host without a port", func(c *Call) { c.Endpoint = "https://live.example.com/"; c.Scheme = ACS3 }, "https://live.example.com/?DomainName", "",
			"GET\n/\nDomainName=a%20b.example.com&Region=cn-shanghai\nhost:live.example.com\n", "ACS3-HMAC-SHA256\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			tt.change(&c)
			r, err := Build(c)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(r.URL, tt.url) || !strings.HasPrefix(r.Body, tt.body) || (r.Body == "") != (tt.body == "") {
				t.Errorf("%s %q", r.URL, r.Body)
			}
			if !strings.HasPrefix(r.Canonical, tt.canonical) || !strings.HasPrefix(r.StringToSign, tt.toSign) {
				t.Errorf("canonical %s\nto sign %s", r.Canonical, r.StringToSign)
			}
			sent := r.URL + r.Body + r.Header.Get("Authorization")
			if r.Signature == "" || !strings.Contains(sent, wire.Params{{Name: "Signature", Value: r.Signature}}.Encode()) {
				t.Errorf("signature %q is not in %s", r.Signature, sent)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Call)
		want   error
	}{
		{"another method", func(c *Call) { c.Method = "PUT" }, ErrMethod},
		{"another scheme", func(c *Call) { c.Scheme = "basic" }, ErrScheme},
		{"XML under ACS3", func(c *Call) { c.Scheme, c.Format = ACS3, wire.XML }, ErrFormat},
		{"no endpoint", func(c *Call) { c.Endpoint = "" }, ErrEndpoint},
		{"an endpoint of another protocol", func(c *Call) { c.Endpoint = "ftp://example.com" }, ErrEndpoint},
		{"an endpoint with a path", func(c *Call) { c.Endpoint = "http://example.com/api" }, ErrEndpoint},
		{"a common parameter", func(c *Call) { c.Params = c.Params.With("Signature", "x") }, ErrParam},
		{"a parameter twice", func(c *Call) { c.Params = append(c.Params, wire.Param{Name: "Region"}) }, ErrRepeated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			tt.change(&c)
			if _, err := Build(c); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
