package api

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// A scheme is how a request is signed.
type scheme int

const (
	schemeRPC scheme = iota
	schemeACS3
	schemeBearer // recognised in order to be refused
)

// A request is an HTTP request taken apart; nothing in it has been verified.
type request struct {
	http   *http.Request
	body   []byte
	query  wire.Params // of the URL
	params wire.Params // of URL and form body
	format wire.Format // of the answer
	scheme scheme
	claims claims
}

// claims are what a request says of itself, wherever its scheme carries that.
// The fields are named for the common parameters.
type claims struct {
	action, version               string
	accessKeyID, securityToken    string
	signatureMethod, signature    string
	timestamp, nonce, signVersion string
	signedHeaders                 []string // ACS3
}

// readRequest parses r. Beside an error it returns a request whose format is set.
func readRequest(w http.ResponseWriter, r *http.Request) (request, error) {
	req := request{http: r}
	var queryErr, bodyErr, mergeErr error
	req.query, queryErr = wire.ParseParams(r.URL.RawQuery)
	req.params = req.query
	methodKnown := r.Method == http.MethodGet || r.Method == http.MethodPost
	if methodKnown {
		var form wire.Params
		req.body, form, bodyErr = readBody(w, r)
		req.params, mergeErr = req.query.Merge(form)
	}
	req.scheme = schemeOf(r.Header, req.params)
	formatErr := req.setFormat()
	if !methodKnown {
		return req, apierr.UnsupportedHTTPMethod
	}
	for _, err := range []error{queryErr, bodyErr, mergeErr} {
		if err != nil {
			return req, parseError(err)
		}
	}
	if formatErr != nil {
		return req, formatErr
	}
	return req, req.setClaims()
}

// readBody reads the body once, up to maxBody, and the parameters in it if it
// is a form.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, wire.Params, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, nil, err
	}
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
		return body, nil, nil
	}
	form, err := wire.ParseParams(string(body))
	return body, form, err
}

// parseError maps what reading and parsing can end with.
func parseError(err error) *apierr.Error {
	if e, ok := errors.AsType[*wire.ParamError](err); ok {
		return apierr.InvalidParameter(e.Name[:min(len(e.Name), 64)])
	}
	if errors.Is(err, wire.ErrTooMany) {
		return apierr.TooManyParameters
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return apierr.RequestTooLarge
	}
	return apierr.InvalidParameter("body") // torn off
}

// schemeOf decides by the Authorization header and never by x-acs-action, which
// clients of the RPC scheme send, too.
func schemeOf(h http.Header, params wire.Params) scheme {
	switch {
	case strings.HasPrefix(h.Get("Authorization"), sign.ACS3Prefix):
		return schemeACS3
	case h.Get("x-acs-bearer-token") != "" || params.Get("SignatureType") == "BEARERTOKEN":
		return schemeBearer
	default:
		return schemeRPC
	}
}

// setFormat chooses the format of the answer: JSON for ACS3, otherwise the
// parameter Format, otherwise what the client accepts, otherwise XML.
func (req *request) setFormat() error {
	asked := req.params.Get("Format")
	switch {
	case req.scheme == schemeACS3 || strings.EqualFold(asked, "JSON"):
		req.format = wire.JSON
	case asked == "" && strings.HasPrefix(req.http.Header.Get("Accept"), "application/json"):
		req.format = wire.JSON
	case asked != "" && !strings.EqualFold(asked, "XML"):
		return apierr.InvalidFormat
	}
	return nil
}

// setClaims collects the claims.
func (req *request) setClaims() error {
	if req.scheme != schemeACS3 {
		p := req.params
		req.claims = claims{
			action:          p.Get("Action"),
			version:         p.Get("Version"),
			accessKeyID:     p.Get("AccessKeyId"),
			securityToken:   p.Get("SecurityToken"),
			signatureMethod: p.Get("SignatureMethod"),
			signVersion:     p.Get("SignatureVersion"),
			signature:       p.Get("Signature"),
			timestamp:       p.Get("Timestamp"),
			nonce:           p.Get("SignatureNonce"),
		}
		return nil
	}
	h := req.http.Header
	auth, err := sign.ParseAuthorization(h.Get("Authorization"))
	if err != nil {
		return apierr.InvalidParameter("Authorization")
	}
	req.claims = claims{
		action:          h.Get("x-acs-action"),
		version:         h.Get("x-acs-version"),
		accessKeyID:     auth.AccessKeyID,
		securityToken:   h.Get("x-acs-security-token"),
		signatureMethod: string(auth.Algorithm),
		signVersion:     "1.0", // said by the algorithm
		signature:       auth.Signature,
		timestamp:       h.Get("x-acs-date"),
		nonce:           h.Get("x-acs-signature-nonce"),
		signedHeaders:   auth.SignedHeaders,
	}
	return nil
}
