package sign

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"time"

	"tallylight/internal/api/wire"
)

// MethodHMACSHA1 is the SignatureMethod of the RPC scheme.
const MethodHMACSHA1 = "HMAC-SHA1"

// A Key is a pair with which a client signs.
type Key struct {
	ID     string
	Secret string
}

// RPCStringToSign returns what the RPC scheme signs: the method and all
// parameters, of query and form alike, but for Signature.
func RPCStringToSign(method string, params wire.Params) string {
	query := appendCanonicalQuery(make([]byte, 0, 512), params, "Signature")
	b := make([]byte, 0, len(method)+2*len(query))
	b = append(b, method...)
	b = append(b, "&%2F&"...)
	b = appendEncoded(b, string(query))
	return string(b)
}

// RPCSignature returns the signature of a string to sign.
func RPCSignature(secret, stringToSign string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(stringToSign))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// VerifyRPC reports, in constant time, whether signature is that of the string.
// It compares texts, so that base64 has no second spelling of a signature.
func VerifyRPC(secret, stringToSign, signature string) bool {
	return hmac.Equal([]byte(RPCSignature(secret, stringToSign)), []byte(signature))
}

// RPC returns params, which may come in any order, with the common parameters
// and the signature added, ready to be sent by method as a query or as a form.
// Params must hold Action, Version and, if the answer shall not be XML, Format.
func RPC(key Key, method string, params wire.Params, nonce string, now time.Time) wire.Params {
	params = params.Sorted().
		With("AccessKeyId", key.ID).
		With("SignatureMethod", MethodHMACSHA1).
		With("SignatureVersion", "1.0").
		With("SignatureNonce", nonce).
		With("Timestamp", wire.FormatTime(now))
	return params.With("Signature", RPCSignature(key.Secret, RPCStringToSign(method, params)))
}
