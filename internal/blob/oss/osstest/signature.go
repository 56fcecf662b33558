package osstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far the clocks of client and service may be apart.
const maxSkew = 15 * time.Minute

// checkSignature checks the Authorization header of signature version 4 ("Include
// V4 signatures in headers").
func checkSignature(r *http.Request) *apiError {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OSS4-HMAC-SHA256 ")
	if !ok {
		return errAccessDenied
	}
	authorization := make(map[string]string)
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(field, "=")
		authorization[name] = value
	}
	date := r.Header.Get("X-Oss-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil {
		return errAccessDenied
	}
	if skew := time.Since(at); skew.Abs() > maxSkew {
		return errRequestTimeTooSkewed
	}
	keyID, scope, _ := strings.Cut(authorization["Credential"], "/")
	if scope != date[:8]+"/"+Region+"/oss/aliyun_v4_request" {
		return errSignatureDoesNotMatch
	}
	if keyID != AccessKeyID {
		return errInvalidAccessKeyID
	}
	canonical := sha256.Sum256([]byte(canonicalRequest(r, authorization["AdditionalHeaders"])))
	toSign := "OSS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex.EncodeToString(canonical[:])
	key := []byte("aliyun_v4" + AccessKeySecret)
	for _, part := range append(strings.Split(scope, "/"), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if authorization["Signature"] != hex.EncodeToString(key) {
		return errSignatureDoesNotMatch
	}
	return nil
}

// canonicalRequest returns what is signed of a request.
func canonicalRequest(r *http.Request, additional string) string {
	parameters := r.URL.Query()
	var query []string
	for _, name := range slices.SortedFunc(maps.Keys(parameters), compareEscaped) {
		parameter := escape(name)
		if value := parameters.Get(name); value != "" {
			parameter += "=" + escape(value)
		}
		query = append(query, parameter)
	}

	signed := make(map[string]string)
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if name == "content-type" || name == "content-md5" || strings.HasPrefix(name, "x-oss-") ||
			slices.Contains(strings.Split(additional, ";"), name) {
			signed[name] = strings.TrimSpace(strings.Join(values, ","))
		}
	}
	var headers strings.Builder
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		headers.WriteString(name + ":" + signed[name] + "\n")
	}

	return strings.Join([]string{
		r.Method,
		strings.ReplaceAll(escape(r.URL.Path), "%2F", "/"),
		strings.Join(query, "&"),
		headers.String(),
		additional,
		r.Header.Get("X-Oss-Content-Sha256"),
	}, "\n")
}

func compareEscaped(x, y string) int { return strings.Compare(escape(x), escape(y)) }

// escape escapes everything but letters, digits, "-", "_", "." and "~".
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
