package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// clockWindow is how far the clocks of client and server may differ, in either
// direction.
const clockWindow = 15 * time.Minute

// identify finds the operation that req asks for and sees that nothing is
// missing for authentication. An absent Action comes before all that is missing,
// an unknown one after it, as with the service.
func (s *Server) identify(req *request) (*operation, error) {
	c := &req.claims
	if req.scheme == schemeBearer {
		return nil, apierr.InvalidSignatureMethod
	}
	// The URL may be "" or "//", but no other path exists.
	if c.action == "" || strings.Trim(req.http.URL.Path, "/") != "" {
		return nil, apierr.InvalidActionNotFound
	}
	for _, mandatory := range [...]struct{ name, value string }{
		{"Version", c.version},
		{"AccessKeyId", c.accessKeyID},
		{"Signature", c.signature},
		{"Timestamp", c.timestamp},
		{"SignatureNonce", c.nonce},
		{"SignatureMethod", c.signatureMethod},
		{"SignatureVersion", c.signVersion},
	} {
		if mandatory.value == "" {
			return nil, apierr.Missing(mandatory.name)
		}
	}
	op, ok := s.operations[c.action]
	if !ok {
		return nil, apierr.InvalidActionNotFound
	}
	if c.version != apiVersion {
		return op, apierr.InvalidVersion
	}
	return op, nil
}

// authenticate finds out who signed req. The nonce is recorded last, so that
// nobody can use up the nonces of others.
//
// A nonce of a call that changes something is durable before the call goes on,
// so that not even a crash lets it be sent again; one of a call that only reads
// is so within a second.
func (s *Server) authenticate(ctx context.Context, req *request, op *operation) (caller, error) {
	c := &req.claims
	now := s.now()
	signedAt, err := wire.ParseTime(c.timestamp)
	if err != nil {
		return caller{}, apierr.InvalidTimeStampFormat
	}
	if now.Sub(signedAt).Abs() > clockWindow {
		return caller{}, apierr.InvalidTimeStampExpired
	}
	key, err := s.accessKey(ctx, c.accessKeyID)
	if err != nil {
		return caller{}, err
	}
	if !key.Active {
		return caller{}, apierr.InvalidAccessKeyIDInactive
	}
	if err := req.verify(key.Secret); err != nil {
		return caller{}, err
	}
	if err := checkToken(key, c.securityToken, now); err != nil {
		return caller{}, err
	}
	if err := s.nonces.Use(ctx, c.accessKeyID, c.nonce, now, signedAt.Add(clockWindow), !op.reads()); err != nil {
		return caller{}, err
	}
	return caller{account: key.AccountID, user: key.User}, nil
}

// maxToken bounds security tokens, in bytes.
const maxToken = 2048

// checkToken checks that token is the one of a temporary key, and that there is
// none with another key. It comes after the signature, so that it tells nothing
// to a caller who does not have the key.
func checkToken(key live.AccessKey, token string, now time.Time) error {
	switch {
	case !key.Temporary() && token == "":
		return nil
	case !key.Temporary():
		return apierr.InvalidSecurityTokenMismatch
	case token == "":
		return apierr.MissingSecurityToken
	case len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }):
		return apierr.InvalidSecurityTokenMalformed
	case subtle.ConstantTimeCompare([]byte(live.TokenHash(token)), []byte(key.TokenHash)) != 1:
		return apierr.InvalidSecurityTokenMismatch
	case !now.Before(key.ExpiresAt):
		return apierr.InvalidSecurityTokenExpired
	}
	return nil
}

func (s *Server) accessKey(ctx context.Context, id string) (key live.AccessKey, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		key, err = r.AccessKey(ctx, id)
		return err
	})
	if errors.Is(err, live.ErrAccessKeyMissing) {
		return key, apierr.InvalidAccessKeyIDNotFound
	}
	if err != nil {
		return key, fmt.Errorf("read access key: %w", err)
	}
	return key, nil
}

// verify checks the signature.
func (req *request) verify(secret string) error {
	if req.scheme == schemeACS3 {
		return req.verifyACS3(secret)
	}
	return req.verifyRPC(secret)
}

func (req *request) verifyRPC(secret string) error {
	c := &req.claims
	if !strings.EqualFold(c.signatureMethod, sign.MethodHMACSHA1) || req.params.Get("SignatureType") != "" {
		return apierr.InvalidSignatureMethod
	}
	if c.signVersion != "1.0" {
		return apierr.Invalid("SignatureVersion")
	}
	stringToSign := sign.RPCStringToSign(req.http.Method, req.params)
	if !sign.VerifyRPC(secret, stringToSign, c.signature) {
		return apierr.SignatureDoesNotMatchRPC(stringToSign)
	}
	return nil
}

func (req *request) verifyACS3(secret string) error {
	c := &req.claims
	algorithm := sign.Algorithm(c.signatureMethod)
	if !algorithm.Supported() {
		return apierr.InvalidSignatureMethod
	}
	r := sign.Request{
		Method: req.http.Method,
		Host:   req.http.Host,
		Query:  req.query,
		Header: req.http.Header,
		Body:   req.body,
	}
	contentHash := r.ContentHash(algorithm)
	canonical := r.CanonicalRequest(r.SignedHeaders(c.signedHeaders), contentHash)
	stringToSign := sign.ACS3StringToSign(algorithm, canonical)
	claimed := r.Header.Get("X-Acs-Content-Sha256")
	if claimed != "" && claimed != contentHash || !sign.VerifyACS3(algorithm, secret, stringToSign, c.signature) {
		return apierr.SignatureDoesNotMatchACS3(stringToSign)
	}
	return nil
}
