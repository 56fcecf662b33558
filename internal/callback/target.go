package callback

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"tallylight/internal/live"
)

// maxURLLength bounds callback URLs, in bytes.
const maxURLLength = 2048

// A target is what a callback URL leads to: a name or an address, and a port.
type target struct {
	name string     // lower case, in ASCII, without trailing dot; "" for an address
	addr netip.Addr // invalid for a name
	port uint16
}

// parseURL returns the target of a callback URL. Its errors wrap
// live.ErrURLMalformed and say what is wrong.
func parseURL(rawURL string) (target, error) {
	host, port, err := hostOf(rawURL)
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", live.ErrURLMalformed, err)
	}
	t, err := parseHost(host)
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", live.ErrURLMalformed, err)
	}
	t.port = port
	return t, nil
}

// parseAddress returns the target of a host and port as net/http dials it. Its
// errors wrap live.ErrURLMalformed.
func parseAddress(address string) (target, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", live.ErrURLMalformed, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return target{}, fmt.Errorf("%w: its port %q is not a number", live.ErrURLMalformed, port)
	}
	t, err := parseHost(host)
	if err != nil {
		return target{}, fmt.Errorf("%w: %w", live.ErrURLMalformed, err)
	}
	t.port = uint16(number)
	return t, nil
}

// hostOf checks the form of a callback URL and returns its host and its port,
// which the scheme implies where it is not written.
func hostOf(rawURL string) (host string, port uint16, err error) {
	if rawURL == "" || len(rawURL) > maxURLLength {
		return "", 0, fmt.Errorf("it has %d bytes, 1 to %d are allowed", len(rawURL), maxURLLength)
	}
	if !utf8.ValidString(rawURL) {
		return "", 0, errors.New("it is not UTF-8")
	}
	if strings.ContainsFunc(rawURL, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return "", 0, errors.New("it has blanks or control characters, which have to be percent-encoded")
	}
	if strings.Contains(rawURL, "#") {
		return "", 0, errors.New("it has a fragment")
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		var reason *url.Error // its text would repeat the whole URL
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return "", 0, err
	}
	switch {
	case defaultPorts[u.Scheme] == 0:
		return "", 0, errors.New("it does not start with http:// or https://")
	case u.User != nil:
		return "", 0, errors.New("it has a user name or password")
	case u.Hostname() == "":
		return "", 0, errors.New("it has no host")
	}
	port, err = portOf(u)
	return u.Hostname(), port, err
}

// portOf returns the port of u, which, if any, has to be written plainly: a
// decimal number from 1 to 65535.
func portOf(u *url.URL) (uint16, error) {
	name := u.Hostname()
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
		if !strings.HasPrefix(u.Host, name) {
			return 0, errors.New("an IPv6 address needs brackets and has no zone")
		}
	}
	if u.Host == name {
		return defaultPorts[u.Scheme], nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || u.Host != name+":"+strconv.FormatUint(port, 10) {
		return 0, fmt.Errorf("its port %q is not a number from 1 to 65535", u.Port())
	}
	return uint16(port), nil
}

// defaultPorts are those of the schemes of callback URLs.
var defaultPorts = map[string]uint16{"http": 80, "https": 443}

// parseHost returns the target that a host names, without port. Of addresses only the usual
// form is one: four decimal numbers, or IPv6 without zone. The short, decimal,
// octal and hexadecimal forms that some resolvers take for an address
// (127.1, 2130706433, 0177.0.0.1, 0x7f.1) are refused, because what they lead to
// depends on who reads them.
func parseHost(host string) (target, error) {
	if strings.ContainsAny(host, ":%") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return target{}, fmt.Errorf("its host %q is not an IPv6 address without zone", host)
		}
		return target{addr: addr}, nil
	}
	name := strings.ToLower(host)
	if !isASCII(name) {
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return target{}, fmt.Errorf("its host %q is not a host name", host)
		}
		name = ascii
	}
	name = strings.TrimSuffix(name, ".")
	if addr, err := netip.ParseAddr(name); err == nil {
		return target{addr: addr}, nil
	}
	if err := checkHostName(name); err != nil {
		return target{}, err
	}
	return target{name: name}, nil
}

// checkHostName reports whether name consists of labels of 1 to 63 letters,
// digits, hyphens and underscores, 253 bytes at most, and does not end in a
// number as an address would.
func checkHostName(name string) error {
	if len(name) > 253 {
		return fmt.Errorf("its host has %d bytes, at most 253 are allowed", len(name))
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("its host %q has a label of %d bytes, 1 to 63 are allowed", name, len(label))
		}
		if i := strings.IndexFunc(label, func(r rune) bool { return !strings.ContainsRune(hostNameChars, r) }); i >= 0 {
			return fmt.Errorf("its host %q has the invalid character %q", name, label[i])
		}
	}
	if isNumber(labels[len(labels)-1]) {
		return fmt.Errorf("its host %q ends in a number but is not an address of four decimal numbers", name)
	}
	return nil
}

const hostNameChars = "abcdefghijklmnopqrstuvwxyz0123456789-_"

// isNumber reports whether a resolver may take label for a number: decimal,
// octal or, after 0x, hexadecimal.
func isNumber(label string) bool {
	digits := "0123456789"
	label, hex := strings.CutPrefix(label, "0x")
	if hex {
		digits += "abcdef"
	}
	return strings.Trim(label, digits) == ""
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
