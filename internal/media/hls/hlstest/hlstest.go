// Package hlstest gives tests a second opinion on HTTP Live Streaming playlists:
// a check against RFC 8216 that shares no code with their writer. Comments cite
// its sections.
package hlstest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Validate returns what is wrong with a media playlist or a multivariant
// playlist: its text, its tags and their order, its version, that its URIs are
// some, and the rules for durations. It knows the tags that recordings need;
// another is an error.
func Validate(playlist []byte) error {
	lines, err := split(playlist)
	if err != nil {
		return err
	}
	v := &validator{version: 1, seen: make(map[string]bool)}
	for i, line := range lines[1:] {
		if err := v.line(line); err != nil {
			return fmt.Errorf("line %d: %q: %w", i+2, line, err)
		}
	}
	return v.end()
}

// split cuts a playlist into lines (section 4.1).
func split(playlist []byte) ([]string, error) {
	text := string(playlist)
	switch {
	case !strings.HasPrefix(text, "#EXTM3U\n"):
		return nil, errors.New("does not begin with #EXTM3U")
	case !strings.HasSuffix(text, "\n"):
		return nil, errors.New("last line is torn")
	case strings.ContainsFunc(text, isControl):
		return nil, errors.New("has a control character")
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n"), nil
}

func isControl(r rune) bool {
	return r < ' ' && r != '\n' || r == 0x7f || r == '\ufeff' || r == '\ufffd'
}

// checkURI checks a URI of a line or an attribute: one that is relative may not
// look absolute, and none may hold what must be escaped.
func checkURI(s string) error {
	for _, c := range s {
		if c <= ' ' || c > '~' || strings.ContainsRune("\"<>\\^`{|}", c) {
			return fmt.Errorf("URI holds %q", c)
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return err
	}
	if s == "" || u.Scheme != "" && u.Host == "" {
		return errors.New("URI of no object")
	}
	return nil
}
