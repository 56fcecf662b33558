package hlstest

import (
	"fmt"
	"regexp"
	"strings"
)

// attributes are an attribute list (section 4.2): quotes belong to the values.
type attributes map[string]string

var attribute = regexp.MustCompile(`^([A-Z0-9-]+)=("[^"]*"|[^",\s]+)(,|$)`)

func parseAttributes(s string) (attributes, error) {
	a := make(attributes)
	for s != "" {
		m := attribute.FindStringSubmatch(s)
		if m == nil || strings.HasSuffix(s, ",") {
			return nil, fmt.Errorf("malformed attribute at %q", s)
		}
		if _, ok := a[m[1]]; ok {
			return nil, fmt.Errorf("attribute %s is there twice", m[1])
		}
		a[m[1]] = m[2]
		s = s[len(m[0]):]
	}
	return a, nil
}

// quoted returns the text of an attribute in quotes, or "".
func (a attributes) quoted(name string) string {
	s := a[name]
	if len(s) < 2 || s[0] != '"' {
		return ""
	}
	return s[1 : len(s)-1]
}

// uri checks an attribute that is a URI in quotes.
func (a attributes) uri(name string) error { return checkURI(a.quoted(name)) }
