package hls

import (
	"net/url"
	"strings"
)

// RelativeURI returns the URI of one object key relative to another (RFC 3986,
// section 4.2): that of the playlist which names it. Characters that a URI must
// escape are escaped. No part of either key may be empty, "." or "..".
func RelativeURI(from, to string) string {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	same := 0
	for same < len(a)-1 && same < len(b)-1 && a[same] == b[same] {
		same++
	}
	u := url.URL{Path: strings.Repeat("../", len(a)-1-same) + strings.Join(b[same:], "/")}
	return u.String() // which puts "./" before a colon that would end a scheme
}
