package wire

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxParams bounds the parameters of a request.
const MaxParams = 512

// A Param is one decoded parameter.
type Param struct {
	Name  string
	Value string
}

// Params are the parameters of a request, sorted by the bytes of their names,
// which is the order that signatures need and that the methods rely on. No name
// occurs twice.
type Params []Param

// Errors of ParseParams and Merge; the first two come inside a *ParamError.
var (
	// ErrRepeated means that a name occurs twice. No client sends that, and two
	// readers of one request might each take another value.
	ErrRepeated = errors.New("parameter is repeated")
	// ErrEncoding means that a name or a value is not percent-encoded UTF-8 text.
	ErrEncoding = errors.New("parameter is not well encoded")
	// ErrTooMany means that there are more than MaxParams.
	ErrTooMany = errors.New("too many parameters")
)

// ParseParams decodes a raw query or a form body; "+" stands for a blank. Beside
// an error it returns what it could read, so that even a bad request can be
// answered in the format that it asks for.
func ParseParams(raw string) (Params, error) {
	if raw == "" {
		return nil, nil
	}
	if strings.Count(raw, "&") >= MaxParams {
		return nil, ErrTooMany
	}
	var firstErr error
	params := make(Params, 0, 16)
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p, err := decodeParam(name, value)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		params = append(params, p)
	}
	params, err := sortParams(params)
	if firstErr == nil {
		firstErr = err
	}
	return params, firstErr
}

// decodeParam decodes one pair. A bare semicolon is refused because some
// servers and proxies take it for a separator; NUL because not every database
// can keep it.
func decodeParam(rawName, rawValue string) (Param, error) {
	name, errName := url.QueryUnescape(rawName)
	value, errValue := url.QueryUnescape(rawValue)
	if errName != nil || errValue != nil ||
		strings.Contains(rawName, ";") || strings.Contains(rawValue, ";") ||
		!isText(name) || !isText(value) {
		return Param{}, &ParamError{Name: rawName, Err: ErrEncoding}
	}
	return Param{name, value}, nil
}

// isText reports whether s is UTF-8 without NUL.
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// Merge returns the parameters of p and q together. It fails with ErrRepeated or
// ErrTooMany.
func (p Params) Merge(q Params) (Params, error) {
	switch {
	case len(q) == 0:
		return p, nil
	case len(p) == 0:
		return q, nil
	case len(p)+len(q) > MaxParams:
		return p, ErrTooMany
	}
	return sortParams(slices.Concat(p, q))
}

// Sorted returns a sorted copy of p, for parameters that were put together by
// hand.
func (p Params) Sorted() Params {
	p = slices.Clone(p)
	slices.SortStableFunc(p, compareNames)
	return p
}

func compareNames(a, b Param) int { return strings.Compare(a.Name, b.Name) }

// sortParams sorts in place. Repeated names stay in, beside the error.
func sortParams(p Params) (Params, error) {
	slices.SortStableFunc(p, compareNames)
	for i := 1; i < len(p); i++ {
		if p[i].Name == p[i-1].Name {
			return p, &ParamError{Name: p[i].Name, Err: ErrRepeated}
		}
	}
	return p, nil
}

// Lookup returns the value of name and whether it is there at all: an empty
// value and an absent parameter differ.
func (p Params) Lookup(name string) (value string, ok bool) {
	i, ok := p.search(name)
	if !ok {
		return "", false
	}
	return p[i].Value, true
}

// Get returns the value of name, or "" where it is absent.
func (p Params) Get(name string) string {
	value, _ := p.Lookup(name)
	return value
}

// search returns where name is, or would be.
func (p Params) search(name string) (int, bool) {
	return slices.BinarySearchFunc(p, name, func(q Param, name string) int { return strings.Compare(q.Name, name) })
}

// withPrefix returns the parameters whose names start with prefix.
func (p Params) withPrefix(prefix string) Params {
	from, _ := p.search(prefix)
	to := from
	for to < len(p) && strings.HasPrefix(p[to].Name, prefix) {
		to++
	}
	return p[from:to]
}

// With returns a copy of p in which name has value.
func (p Params) With(name, value string) Params {
	i, found := p.search(name)
	if found {
		p = slices.Clone(p)
		p[i].Value = value
		return p
	}
	return slices.Insert(slices.Clip(p), i, Param{name, value})
}

// Without returns a copy of p that lacks name.
func (p Params) Without(name string) Params {
	i, found := p.search(name)
	if !found {
		return p
	}
	return slices.Delete(slices.Clone(p), i, i+1)
}

// Encode returns p as a query string.
func (p Params) Encode() string {
	var b strings.Builder
	for i, q := range p {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(q.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(q.Value))
	}
	return b.String()
}
