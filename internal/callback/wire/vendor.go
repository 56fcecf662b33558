package wire

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Headers of the vendor's signature (spec recording-and-callbacks 1.4).
const (
	HeaderLiveTimestamp = "ALI-LIVE-TIMESTAMP" // Unix seconds of the request
	HeaderLiveSignature = "ALI-LIVE-SIGNATURE" // lower-case hex
)

// Hostname returns the host that a signature covers: without port, and without
// the brackets of an IPv6 address.
func Hostname(hostport string) string { return (&url.URL{Host: hostport}).Hostname() }

// LiveSignature returns the vendor's signature of a recording callback to host:
// MD5 over host|timestamp|key. It covers neither body nor path, which is why the
// Standard Webhooks signature exists beside it.
func LiveSignature(host, timestamp, key string) string {
	sum := md5.Sum([]byte(host + "|" + timestamp + "|" + key))
	return hex.EncodeToString(sum[:])
}

// SignLive adds the vendor's headers for a request to host, which may have a
// port. A receiver refuses old timestamps, so every attempt is signed anew.
func SignLive(h http.Header, host, key string, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	// Spelt as documented, not as net/http would: some receivers compare the
	// names of headers byte for byte.
	h[HeaderLiveTimestamp] = []string{timestamp}
	h[HeaderLiveSignature] = []string{LiveSignature(Hostname(host), timestamp, key)}
}

// VerifyLive reports whether a received request to host carries a fresh vendor
// signature made with key. It returns nil, ErrUnsigned, or an error that wraps
// ErrSignature.
func VerifyLive(h http.Header, host, key string, now time.Time) error {
	timestamp, signature := h.Get(HeaderLiveTimestamp), h.Get(HeaderLiveSignature)
	if timestamp == "" && signature == "" {
		return ErrUnsigned
	}
	if err := checkTimestamp(timestamp, now); err != nil {
		return err
	}
	want := LiveSignature(Hostname(host), timestamp, key)
	switch {
	case subtle.ConstantTimeCompare([]byte(signature), []byte(want)) == 1:
		return nil
	case strings.EqualFold(signature, want):
		return fmt.Errorf("%w: %s is not in lower case", ErrSignature, HeaderLiveSignature)
	}
	return fmt.Errorf("%w: %s does not match host %s and the key", ErrSignature, HeaderLiveSignature, Hostname(host))
}
