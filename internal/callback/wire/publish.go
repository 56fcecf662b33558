package wire

import (
	"net/url"
	"strconv"
	"strings"

	"tallylight/internal/live"
)

// IsPublish reports whether events of a type are told by a GET, in its query, and
// not by a POST.
func IsPublish(t live.EventType) bool { return t.OfPushes() }

// PublishQuery returns the query that tells of a push. The order of the
// parameters is the vendor's (spec recording-and-callbacks 4). It depends on the
// event alone.
func PublishQuery(e live.Event) (string, error) {
	p := e.Detail.Publish
	if p == nil {
		return "", errWithout(e, "push")
	}
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + url.QueryEscape(value))
	}
	add("action", string(e.Type))
	add("ip", p.IP)
	add("id", e.Key.Stream)
	add("app", e.Key.Domain)
	add("appname", e.Key.App)
	add("time", strconv.FormatInt(e.OccurredAt.Unix(), 10))
	add("usrargs", userArgs(p.Args))
	add("node", p.Node)
	if e.Type == live.EventPublish && p.Height > 0 {
		add("height", strconv.Itoa(p.Height))
		add("width", strconv.Itoa(p.Width))
	}
	return b.String(), nil
}

// userArgs returns the parameters of a push URL as a query, in their order.
func userArgs(args live.Args) string {
	pairs := make([]string, len(args))
	for i, a := range args {
		pairs[i] = url.QueryEscape(a.Name) + "=" + url.QueryEscape(a.Value)
	}
	return strings.Join(pairs, "&")
}
