package samples

import (
	"strings"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// writeCLI writes for the command line of the service, which reads the key pair
// from the environment by itself.
func writeCLI(s *sample) string {
	words := []string{"aliyun live " + s.op.Name}
	if s.op.Own {
		words = append(words, "--force", "--version 2016-11-01")
	}
	words = append(words, "--region cn-shanghai", "--endpoint "+shellQuote(s.host))
	if s.scheme == "https" {
		words = append(words, "--secure")
	} else {
		words = append(words, "--insecure")
	}
	for _, p := range s.params {
		separator := " "
		if strings.HasPrefix(p.Value, "-") { // it would be taken for a flag
			separator = "="
		}
		words = append(words, "--"+p.Name+separator+shellQuote(p.Value))
	}
	return strings.Join(words, " \\\n  ") + "\n"
}

// writeCurl writes a script that signs by the RPC scheme, with openssl, so that
// it can be run again. What differs from run to run stands in the query as a
// variable of the shell.
func writeCurl(s *sample) string {
	variables := map[string]string{
		"AccessKeyId":    "$" + envID,
		"SignatureNonce": "$nonce",
		"Timestamp":      "$timestamp",
	}
	params := s.params.
		With("Action", s.op.Name).
		With("Format", "JSON").
		With("SignatureMethod", sign.MethodHMACSHA1).
		With("SignatureVersion", "1.0").
		With("Version", "2016-11-01")
	for name := range variables {
		params = params.With(name, "")
	}
	pairs := make([]string, len(params))
	for i, p := range params {
		pairs[i] = sign.CanonicalQuery(wire.Params{p})
		if variable, ok := variables[p.Name]; ok {
			pairs[i] = p.Name + "=" + variable
		}
	}
	c := &code{}
	c.line("#!/bin/sh")
	c.line("set -eu\n")
	c.line("nonce=$(openssl rand -hex 16)")
	c.line("timestamp=$(date -u +%%Y-%%m-%%dT%%H%%%%3A%%M%%%%3A%%SZ)")
	c.line("# The parameters are sorted by name and percent-encoded.")
	c.line("query=\"%s\"", strings.Join(pairs, "&"))
	c.line("string_to_sign='POST&%%2F&'$(printf %%s \"$query\" | sed 's/%%/%%25/g; s/&/%%26/g; s/=/%%3D/g')")
	c.line("signature=$(printf %%s \"$string_to_sign\" | openssl dgst -sha1 -hmac \"$%s&\" -binary | openssl base64)", envSecret)
	options := "--silent --show-error"
	if s.op.Streams {
		options += " --no-buffer"
	}
	c.line("curl %s --data \"$query\" --data-urlencode \"Signature=$signature\" %s", options, shellQuote(s.scheme+"://"+s.host+"/"))
	return c.String()
}
