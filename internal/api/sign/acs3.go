package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"tallylight/internal/api/wire"
)

// An Algorithm is the first word of an ACS3 Authorization header.
type Algorithm string

const (
	ACS3HMACSHA256 Algorithm = "ACS3-HMAC-SHA256"
	ACS3HMACSM3    Algorithm = "ACS3-HMAC-SM3"
	// ACS3RSASHA256 has a string to sign like the others, but no shared secret:
	// ACS3Signature and VerifyACS3 do not know it.
	ACS3RSASHA256 Algorithm = "ACS3-RSA-SHA256"
)

// Supported reports whether VerifyACS3 can check signatures of a.
func (a Algorithm) Supported() bool { return a == ACS3HMACSHA256 || a == ACS3HMACSM3 }

// newHash returns the hash of bodies, canonical requests and HMACs.
func (a Algorithm) newHash() hash.Hash {
	if a == ACS3HMACSM3 {
		return newSM3()
	}
	return sha256.New()
}

func (a Algorithm) hexSum(b []byte) string {
	h := a.newHash()
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// A Request is what the ACS3 scheme signs.
type Request struct {
	Method string
	Host   string      // exactly as in the Host header, port included
	Query  wire.Params // of the URL alone
	Header http.Header
	Body   []byte
}

// ContentHash returns what x-acs-content-sha256 has to be under a; the name of
// the header stays the same whatever the hash.
func (r *Request) ContentHash(a Algorithm) string { return a.hexSum(r.Body) }

// SignedHeaders returns the names of the headers that r's signature has to
// cover, sorted: host, content-type where present, each x-acs-* header, and the
// ones listed by the client. A client that leaves one of the former out thus
// cannot match.
func (r *Request) SignedHeaders(listed []string) []string {
	names := make([]string, 0, 16)
	names = append(names, "host")
	names = append(names, listed...)
	for name := range r.Header {
		name = strings.ToLower(name)
		if name == "content-type" || strings.HasPrefix(name, "x-acs-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CanonicalRequest returns the text whose hash is signed. signed holds the names
// of the headers as SignedHeaders returns them, contentHash is ContentHash.
func (r *Request) CanonicalRequest(signed []string, contentHash string) string {
	b := make([]byte, 0, 1024)
	b = append(b, r.Method...)
	b = append(b, "\n/\n"...)
	b = appendCanonicalQuery(b, r.Query, "")
	b = append(b, '\n')
	for _, name := range signed {
		b = append(b, name...)
		b = append(b, ':')
		b = append(b, r.headerValue(name)...)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range signed {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	b = append(b, contentHash...)
	return string(b)
}

// headerValue returns the trimmed value of a header; several values are sorted
// and joined by commas.
func (r *Request) headerValue(name string) string {
	if name == "host" {
		return r.Host
	}
	values := r.Header.Values(name)
	if len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	slices.Sort(trimmed)
	return strings.Join(trimmed, ",")
}

// ACS3StringToSign returns what the ACS3 scheme signs of a canonical request.
func ACS3StringToSign(a Algorithm, canonicalRequest string) string {
	return string(a) + "\n" + a.hexSum([]byte(canonicalRequest))
}

// ACS3Signature returns the signature of a string to sign.
func ACS3Signature(a Algorithm, secret, stringToSign string) string {
	mac := hmac.New(a.newHash, []byte(secret))
	mac.Write([]byte(stringToSign))
	return hex.EncodeToString(mac.Sum(nil))
}

// VerifyACS3 reports, in constant time, whether signature is that of the string
// under a supported algorithm.
func VerifyACS3(a Algorithm, secret, stringToSign, signature string) bool {
	return a.Supported() && hmac.Equal([]byte(ACS3Signature(a, secret, stringToSign)), []byte(signature))
}

// ACS3 adds the headers of the scheme to r.Header, Authorization among them.
func ACS3(key Key, a Algorithm, r *Request, action, version, nonce string, now time.Time) {
	r.Header.Set("x-acs-action", action)
	r.Header.Set("x-acs-version", version)
	r.Header.Set("x-acs-date", wire.FormatTime(now))
	r.Header.Set("x-acs-signature-nonce", nonce)
	contentHash := r.ContentHash(a)
	r.Header.Set("x-acs-content-sha256", contentHash)
	signed := r.SignedHeaders(nil)
	auth := Authorization{
		Algorithm:     a,
		AccessKeyID:   key.ID,
		SignedHeaders: signed,
		Signature:     ACS3Signature(a, key.Secret, ACS3StringToSign(a, r.CanonicalRequest(signed, contentHash))),
	}
	r.Header.Set("Authorization", auth.String())
}
