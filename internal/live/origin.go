package live

import (
	"net/url"
	"strings"
)

// Origin returns which server a callback URL leads to: scheme, host and port in
// lower case, the scheme's own port left out (RFC 6454, section 6.2). All URLs
// of one origin share the fate of its server. Text that is no absolute URL is
// its own origin.
func Origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return rawURL
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}
