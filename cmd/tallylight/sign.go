package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/identity"
)

type signCommand struct {
	Method    string   `arg:"" help:"GET or POST." enum:"GET,POST"`
	URL       string   `arg:"" name:"url" help:"URL of the request, with its parameters."`
	Header    []string `short:"H" sep:"none" help:"With acs3, a header of the request; repeat it for more." placeholder:"'NAME: VALUE'"`
	Body      string   `name:"data" short:"d" help:"Body of the request; with rpc, a form." placeholder:"BODY"`
	Scheme    string   `help:"Scheme of the signature: rpc (V1) or acs3 (V3)." enum:"rpc,acs3" default:"rpc"`
	KeyID     string   `name:"key-id" help:"AccessKeyId." env:"TALLYLIGHT_ACCESS_KEY_ID" required:"" placeholder:"ID"`
	KeySecret string   `name:"key-secret" help:"AccessKeySecret; better given by the environment." env:"TALLYLIGHT_ACCESS_KEY_SECRET" required:"" placeholder:"SECRET"`
}

func (signCommand) Help() string {
	return `Shows how a request is signed, step by step, to compare with a client of your own.
What the request lacks of timestamp, nonce and the other common parameters is
added; what it has is used as it is, so that a request that was refused can be
signed again exactly.

Examples:

    tallylight sign GET 'http://127.0.0.1:8080/?Action=DescribeLiveUserDomains&Version=2016-11-01&Format=JSON'
    tallylight sign POST 'http://127.0.0.1:8080/?DomainName=play.example.com' --scheme acs3 \
        -H 'x-acs-action: DescribeLiveRecordConfig' -H 'x-acs-version: 2016-11-01'`
}

func (c *signCommand) Run(s *streams) error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return usageError{err}
	}
	query, err := wire.ParseParams(u.RawQuery)
	if err != nil {
		return usageError{fmt.Errorf("query: %w", err)}
	}
	var steps []signStep
	if c.Scheme == "acs3" {
		steps, err = c.acs3(u, query, time.Now())
	} else {
		steps, err = c.rpc(u, query, time.Now())
	}
	if err != nil {
		return usageError{err}
	}
	for i, step := range steps {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		fmt.Fprintf(s.out, "%s:\n%s\n", step.name, step.text)
	}
	return nil
}

// A signStep is what one step of signing yields.
type signStep struct{ name, text string }

// rpc signs query and form with a parameter more.
func (c *signCommand) rpc(u *url.URL, query wire.Params, now time.Time) ([]signStep, error) {
	if len(c.Header) > 0 {
		return nil, errors.New("--header: the rpc scheme signs no headers")
	}
	query = query.Without("Signature")
	for _, p := range []wire.Param{
		{Name: "AccessKeyId", Value: c.KeyID},
		{Name: "SignatureMethod", Value: sign.MethodHMACSHA1},
		{Name: "SignatureVersion", Value: "1.0"},
		{Name: "SignatureNonce", Value: identity.RandomText(32)},
		{Name: "Timestamp", Value: wire.FormatTime(now)},
	} {
		if _, ok := query.Lookup(p.Name); !ok {
			query = query.With(p.Name, p.Value)
		}
	}
	form, err := wire.ParseParams(c.Body)
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	all, err := query.Merge(form)
	if err != nil {
		return nil, err
	}
	stringToSign := sign.RPCStringToSign(c.Method, all)
	signature := sign.RPCSignature(c.KeySecret, stringToSign)
	signed := *u
	signed.RawQuery = query.With("Signature", signature).Encode()
	return []signStep{{"String to sign", stringToSign}, {"Signature", signature}, {"URL", signed.String()}}, nil
}

// acs3 signs query, headers and body with a header more.
func (c *signCommand) acs3(u *url.URL, query wire.Params, now time.Time) ([]signStep, error) {
	header := http.Header{}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("--header %q: give NAME: VALUE", h)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if header.Get("x-acs-action") == "" || header.Get("x-acs-version") == "" {
		return nil, errors.New("acs3 needs the headers x-acs-action and x-acs-version")
	}
	host := u.Host
	if h := header.Get("Host"); h != "" {
		host = h
	}
	header.Del("Host")
	header.Del("Authorization")
	r := sign.Request{Method: c.Method, Host: host, Query: query, Header: header, Body: []byte(c.Body)}
	const algorithm = sign.ACS3HMACSHA256
	for name, value := range map[string]string{
		"x-acs-date":            wire.FormatTime(now),
		"x-acs-signature-nonce": identity.RandomText(32),
		"x-acs-content-sha256":  r.ContentHash(algorithm),
	} {
		if header.Get(name) == "" {
			header.Set(name, value)
		}
	}
	names := r.SignedHeaders(nil)
	canonical := r.CanonicalRequest(names, r.ContentHash(algorithm))
	stringToSign := sign.ACS3StringToSign(algorithm, canonical)
	authorization := sign.Authorization{Algorithm: algorithm, AccessKeyID: c.KeyID, SignedHeaders: names,
		Signature: sign.ACS3Signature(algorithm, c.KeySecret, stringToSign)}
	var headers strings.Builder
	for _, name := range names {
		if name != "host" {
			fmt.Fprintf(&headers, "%s: %s\n", name, header.Get(name))
		}
	}
	fmt.Fprintf(&headers, "Authorization: %s", authorization)
	return []signStep{{"Canonical request", canonical}, {"String to sign", stringToSign},
		{"Signature", authorization.Signature}, {"Headers", headers.String()}}, nil
}
