package rtmp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"tallylight/internal/live"
)

// maxArgs bounds the parameters of a push URL.
const maxArgs = 256

// vhost is the parameter that names the domain of a push, where the host of the
// URL does not.
const vhost = "vhost"

// A target is what a connect command addresses: the part of a push URL before
// the stream's name.
type target struct {
	host string // "" if the client named none
	app  string
	args live.Args
}

// parseTarget reads the app and tcUrl of a connect command. Either may hold
// parameters, which encoders mostly repeat in the other.
func parseTarget(app, tcURL string) (target, error) {
	authority, urlPath, urlQuery := splitURL(tcURL)
	path, query, _ := strings.Cut(app, "?")
	if path = strings.Trim(path, "/"); path == "" {
		path = strings.Trim(urlPath, "/")
	}
	if path == "" {
		return target{}, errors.New("the URL names no app; push to rtmp://HOST/APP/STREAM")
	}
	if strings.Contains(path, "/") {
		return target{}, fmt.Errorf("app %q has more than one part; push to rtmp://HOST/APP/STREAM", path)
	}
	if err := live.ValidateName(path); err != nil {
		return target{}, fmt.Errorf("app: %w", err)
	}
	args := parseArgs(nil, query)
	for _, arg := range parseArgs(nil, urlQuery) {
		if !slices.Contains(args, arg) {
			args = append(args, arg)
		}
	}
	return target{host: hostOf(authority), app: path, args: args}, nil
}

// parseStream splits the name of a publish command into the stream and its
// parameters.
func parseStream(name string) (stream string, args live.Args) {
	stream, query, _ := strings.Cut(name, "?")
	return strings.Trim(stream, "/"), parseArgs(nil, query)
}

// domain returns the host name that a push is for: parameter vhost, or else the
// host of the URL. args are the parameters of the stream, which win, followed by
// those of the target.
func (t target) domain(args live.Args) string {
	if name := args.Get(vhost); name != "" {
		return hostOf(name)
	}
	return t.host
}

// splitURL splits a tcUrl. It takes whatever encoders send, so that no push
// fails for a character that net/url refuses.
func splitURL(raw string) (authority, path, query string) {
	_, rest, found := strings.Cut(raw, "://")
	if !found {
		return "", "", ""
	}
	rest, query, _ = strings.Cut(rest, "?")
	authority, path, _ = strings.Cut(rest, "/")
	return authority, path, query
}

// hostOf returns the host of an authority: without user and port, and without
// the brackets of an IPv6 address.
func hostOf(authority string) string {
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

// parseArgs appends the parameters of a query, decoded. A parameter whose
// escapes are wrong is taken as it stands.
func parseArgs(args live.Args, query string) live.Args {
	for field := range strings.SplitSeq(query, "&") {
		if field == "" || len(args) == maxArgs {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		args = append(args, live.Arg{Name: unescape(name), Value: unescape(value)})
	}
	return args
}

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}
