package explore

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// A Scheme is a way to sign.
type Scheme string

const (
	// RPC is the older scheme, HMAC-SHA1 over all parameters.
	RPC Scheme = "RPC"
	// ACS3 is the newer scheme, ACS3-HMAC-SHA256 over query, headers and body. Its
	// answers are JSON.
	ACS3 Scheme = "ACS3"
)

const (
	apiVersion      = "2016-11-01"
	formContentType = "application/x-www-form-urlencoded"
)

// A Call is what shall be requested.
type Call struct {
	Action string
	// Params are those of the operation, in any order. Common parameters among them
	// are refused: the scheme sets them.
	Params   wire.Params
	Method   string // GET, with the parameters in the URL, or POST, with a form
	Format   wire.Format
	Scheme   Scheme
	Endpoint string // scheme, host and port of the server: https://live.example.com
	Key      sign.Key
	// SecurityToken belongs to a temporary key; empty for others.
	SecurityToken string
	Nonce         string // different for each request
	Time          time.Time
}

// A Request is a signed request and what its signature was made of.
type Request struct {
	Method string
	URL    string
	Header http.Header // without Host and Content-Length
	Body   string
	// Canonical is what the string to sign is derived from: the canonical query of
	// RPC, the canonical request of ACS3.
	Canonical    string
	StringToSign string
	Signature    string
}

// Errors of Build, which wraps them where there is more to say.
var (
	ErrMethod   = errors.New("explore: method is neither GET nor POST")
	ErrScheme   = errors.New("explore: unknown signature scheme")
	ErrFormat   = errors.New("explore: answers to the ACS3 scheme are JSON")
	ErrEndpoint = errors.New("explore: endpoint is not scheme, host and port")
	ErrParam    = errors.New("explore: parameter is set by the signature")
	ErrRepeated = errors.New("explore: parameter is repeated")
)

// commonParams are set by Build, or mean something to every call.
var commonParams = []string{
	"AccessKeyId", "Action", "Format", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce",
	"SignatureType", "SignatureVersion", "Timestamp", "Version",
}

// Build returns the request that makes the call.
func Build(c Call) (*Request, error) {
	scheme, host, err := ParseEndpoint(c.Endpoint)
	if err != nil {
		return nil, err
	}
	if c.Method != http.MethodGet && c.Method != http.MethodPost {
		return nil, ErrMethod
	}
	params := c.Params.Sorted()
	for i, p := range params {
		if slices.Contains(commonParams, p.Name) {
			return nil, fmt.Errorf("%w: %s", ErrParam, p.Name)
		}
		if i > 0 && p.Name == params[i-1].Name {
			return nil, fmt.Errorf("%w: %s", ErrRepeated, p.Name)
		}
	}
	base := scheme + "://" + host + "/"
	switch c.Scheme {
	case RPC:
		return buildRPC(c, base, params), nil
	case ACS3:
		if c.Format != wire.JSON {
			return nil, ErrFormat
		}
		return buildACS3(c, base, host, params), nil
	}
	return nil, ErrScheme
}

// ParseEndpoint takes an endpoint apart: http or https, and HOST or HOST:PORT.
func ParseEndpoint(endpoint string) (scheme, host string, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", "", ErrEndpoint
	}
	return u.Scheme, u.Host, nil
}

func buildRPC(c Call, base string, params wire.Params) *Request {
	format := "XML"
	if c.Format == wire.JSON {
		format = "JSON"
	}
	params = params.With("Action", c.Action).With("Version", apiVersion).With("Format", format)
	if c.SecurityToken != "" {
		params = params.With("SecurityToken", c.SecurityToken)
	}
	params = sign.RPC(c.Key, c.Method, params, c.Nonce, c.Time)
	r := newRequest(c.Method, base, params)
	r.Canonical = sign.CanonicalQuery(params)
	r.StringToSign = sign.RPCStringToSign(c.Method, params)
	r.Signature = params.Get("Signature")
	return r
}

func buildACS3(c Call, base, host string, params wire.Params) *Request {
	r := newRequest(c.Method, base, params)
	r.Header.Set("Accept", "application/json")
	if c.SecurityToken != "" {
		r.Header.Set("x-acs-security-token", c.SecurityToken)
	}
	signed := &sign.Request{Method: c.Method, Host: host, Header: r.Header, Body: []byte(r.Body)}
	if c.Method == http.MethodGet {
		signed.Query = params
	}
	sign.ACS3(c.Key, sign.ACS3HMACSHA256, signed, c.Action, apiVersion, c.Nonce, c.Time)
	r.Canonical = signed.CanonicalRequest(signed.SignedHeaders(nil), signed.ContentHash(sign.ACS3HMACSHA256))
	r.StringToSign = sign.ACS3StringToSign(sign.ACS3HMACSHA256, r.Canonical)
	r.Signature = sign.ACS3Signature(sign.ACS3HMACSHA256, c.Key.Secret, r.StringToSign)
	return r
}

// newRequest returns a request that sends params as its method does.
func newRequest(method, base string, params wire.Params) *Request {
	r := &Request{Method: method, URL: base, Header: http.Header{}}
	switch {
	case method == http.MethodPost:
		r.Header.Set("Content-Type", formContentType)
		r.Body = params.Encode()
	case len(params) > 0:
		r.URL += "?" + params.Encode()
	}
	return r
}
