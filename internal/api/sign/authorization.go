package sign

import (
	"errors"
	"strings"
)

// ACS3Prefix starts the Authorization headers of the ACS3 scheme.
const ACS3Prefix = "ACS3-"

// maxSignedHeaders bounds what an Authorization header may list.
const maxSignedHeaders = 64

var errAuthorization = errors.New("malformed Authorization header")

// An Authorization is the Authorization header of an ACS3 request. Members that
// the header lacks are empty.
type Authorization struct {
	Algorithm     Algorithm
	AccessKeyID   string
	SignedHeaders []string
	Signature     string
}

// ParseAuthorization takes the header apart: an algorithm, a blank, then
// Credential, SignedHeaders and Signature in any order, with or without blanks
// after the commas. Repeated and unknown members are refused.
func ParseAuthorization(header string) (Authorization, error) {
	algorithm, rest, _ := strings.Cut(header, " ")
	a := Authorization{Algorithm: Algorithm(algorithm)}
	var signedHeaders string
	for member := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
		var dst *string
		switch name {
		case "Credential":
			dst = &a.AccessKeyID
		case "SignedHeaders":
			dst = &signedHeaders
		case "Signature":
			dst = &a.Signature
		case "":
			continue
		}
		if dst == nil || *dst != "" {
			return Authorization{}, errAuthorization
		}
		*dst = value
	}
	if strings.Count(signedHeaders, ";") >= maxSignedHeaders {
		return Authorization{}, errAuthorization
	}
	if signedHeaders != "" {
		a.SignedHeaders = strings.Split(signedHeaders, ";")
	}
	return a, nil
}

// String returns the header as the official clients write it.
func (a Authorization) String() string {
	return string(a.Algorithm) + " Credential=" + a.AccessKeyID +
		",SignedHeaders=" + strings.Join(a.SignedHeaders, ";") + ",Signature=" + a.Signature
}
