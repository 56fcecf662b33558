package config

import (
	"fmt"
	"net/url"
	"strings"

	"tallylight/internal/live"
)

// A CallbackLimit bounds the attempts at each receiver that it matches. Of several
// that match one, the most specific counts.
type CallbackLimit struct {
	// Match is a host, an origin such as https://example.com:8443, or * for all that
	// have no limit of their own.
	Match string `yaml:"match"`
	// Concurrency bounds the attempts that run at a time; 0 leaves it at the default.
	Concurrency int `yaml:"concurrency"`
	// Rate bounds the attempts that start a second; 0 does not. Burst is how many may
	// start at once after a pause; 0: a tenth of what Rate allows in a second, one at
	// least.
	Rate  float64 `yaml:"rate"`
	Burst int     `yaml:"burst"`
}

// Bounds on limits of callbacks. The lowest rate is one attempt in 100 seconds.
const (
	maxCallbackConcurrency = 256
	minCallbackRate        = 0.01
	maxCallbackRate        = 10_000
	maxCallbackBurst       = 10_000
)

// validateCallbackLimits returns what is wrong with the limits.
func validateCallbackLimits(limits []CallbackLimit) []error {
	var errs []error
	seen := make(map[string]bool)
	for i, l := range limits {
		refuse := func(ok bool, key string, value any, rule string) {
			if !ok {
				errs = append(errs, fmt.Errorf("callbacks.limits[%d].%s: %v is not allowed: %s", i, key, value, rule))
			}
		}
		refuse(isReceiver(l.Match), "match", fmt.Sprintf("%q", l.Match),
			`give a host such as example.com, an origin such as https://example.com:8443, both without path, or "*"`)
		same := strings.ToLower(l.Match)
		if strings.Contains(same, "://") {
			same = live.Origin(same)
		}
		refuse(!seen[same], "match", l.Match, "it has a limit already")
		seen[same] = true
		refuse(l.Concurrency >= 0 && l.Concurrency <= maxCallbackConcurrency, "concurrency", l.Concurrency,
			fmt.Sprintf("give 1 to %d, or nothing", maxCallbackConcurrency))
		refuse(l.Rate == 0 || l.Rate >= minCallbackRate && l.Rate <= maxCallbackRate, "rate", l.Rate,
			fmt.Sprintf("give %v to %d attempts a second, or nothing", minCallbackRate, maxCallbackRate))
		refuse(l.Burst >= 0 && l.Burst <= maxCallbackBurst, "burst", l.Burst, fmt.Sprintf("give 1 to %d, or nothing", maxCallbackBurst))
		refuse(l.Burst == 0 || l.Rate != 0, "burst", l.Burst, "it needs a rate")
		refuse(l.Concurrency != 0 || l.Rate != 0, "match", l.Match, "give a concurrency or a rate with it")
	}
	return errs
}

// isReceiver reports whether match names what a limit can be of.
func isReceiver(match string) bool {
	if match == live.Any {
		return true
	}
	isOrigin := strings.Contains(match, "://")
	rawURL := match
	if !isOrigin {
		rawURL = "http://" + match
	}
	u, err := url.Parse(rawURL)
	if err != nil || !oneOf(u.Scheme, "http", "https") || u.Hostname() == "" || strings.Contains(u.Host, "*") {
		return false
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return false
	}
	return isOrigin || u.Host == match && u.Hostname() == strings.Trim(match, "[]")
}
