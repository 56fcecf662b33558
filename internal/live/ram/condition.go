package ram

import (
	"cmp"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
)

// Keys that conditions can ask for.
const (
	keyCurrentTime     = "acs:CurrentTime"
	keySecureTransport = "acs:SecureTransport"
	keySourceIP        = "acs:SourceIp"
	keyMFAPresent      = "acs:MFAPresent"
)

// value returns a key of the request as text.
func (c Context) value(key string) (text string, known bool) {
	switch key {
	case keyCurrentTime:
		return c.CurrentTime.UTC().Format(time.RFC3339Nano), true
	case keySecureTransport:
		return fmt.Sprint(c.SecureTransport), true
	case keySourceIP:
		return c.SourceIP.Unmap().String(), c.SourceIP.IsValid()
	case keyMFAPresent:
		return fmt.Sprint(c.MFAPresent), true
	}
	return "", false
}

// A comparison compares the request's text with one of the condition's; known is
// false where one of them is not of the operator's type.
type comparison func(got, want string) (met, known bool)

// operators are those of the grammar. The negated ones, whose names have a Not,
// hold where no value is met.
var operators = map[string]comparison{
	"StringEquals":           func(got, want string) (bool, bool) { return got == want, true },
	"StringEqualsIgnoreCase": func(got, want string) (bool, bool) { return strings.EqualFold(got, want), true },
	"StringLike":             func(got, want string) (bool, bool) { return match(want, got), true },

	"NumericEquals":            ordered(compareNumbers, func(n int) bool { return n == 0 }),
	"NumericLessThan":          ordered(compareNumbers, func(n int) bool { return n < 0 }),
	"NumericLessThanEquals":    ordered(compareNumbers, func(n int) bool { return n <= 0 }),
	"NumericGreaterThan":       ordered(compareNumbers, func(n int) bool { return n > 0 }),
	"NumericGreaterThanEquals": ordered(compareNumbers, func(n int) bool { return n >= 0 }),

	"DateEquals":            ordered(compareDates, func(n int) bool { return n == 0 }),
	"DateLessThan":          ordered(compareDates, func(n int) bool { return n < 0 }),
	"DateLessThanEquals":    ordered(compareDates, func(n int) bool { return n <= 0 }),
	"DateGreaterThan":       ordered(compareDates, func(n int) bool { return n > 0 }),
	"DateGreaterThanEquals": ordered(compareDates, func(n int) bool { return n >= 0 }),

	"Bool":      compareBooleans,
	"IpAddress": compareAddresses,
}

// negated are the operators that hold where the other one meets no value.
var negated = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"NumericNotEquals":          "NumericEquals",
	"DateNotEquals":             "DateEquals",
	"NotIpAddress":              "IpAddress",
}

// met reports whether the condition holds: one of its values is met, or none
// where the operator is negated. known is false where that cannot be told.
func (c Condition) met(ctx Context) (met, known bool) {
	name, not := negated[c.Operator]
	if !not {
		name = c.Operator
	}
	compare, ok := operators[name]
	got, haveKey := ctx.value(c.Key)
	if !ok || !haveKey {
		return false, false
	}
	known = true
	for _, want := range c.Values {
		one, comparable := compare(got, want)
		if one && comparable {
			return !not, true
		}
		known = known && comparable
	}
	return not, known
}

// Doubts returns what in a policy can never be answered here and therefore never
// allows and always denies, in words for its author.
func (p Policy) Doubts() (list []string) {
	example := Context{SourceIP: netip.IPv4Unspecified()}
	for i, s := range p.Statements {
		for _, c := range s.Conditions {
			if got, ok := example.value(c.Key); !ok {
				list = append(list, fmt.Sprintf("statement %d: condition key %q is not known", i+1, c.Key))
			} else if compare, ok := operators[cmp.Or(negated[c.Operator], c.Operator)]; !ok {
				list = append(list, fmt.Sprintf("statement %d: condition operator %q is not known", i+1, c.Operator))
			} else {
				for _, want := range c.Values {
					if _, ok := compare(got, want); !ok {
						list = append(list, fmt.Sprintf("statement %d: %s cannot compare %s with %q", i+1, c.Operator, c.Key, want))
					}
				}
			}
		}
	}
	return list
}

// ordered makes a comparison of an order and what is asked of it.
func ordered(compare func(a, b string) (int, bool), holds func(int) bool) comparison {
	return func(got, want string) (bool, bool) {
		n, ok := compare(got, want)
		return ok && holds(n), ok
	}
}

func compareNumbers(a, b string) (int, bool) {
	x, okA := parseNumber(a)
	y, okB := parseNumber(b)
	if !okA || !okB {
		return 0, false
	}
	return x.Cmp(y), true
}

// parseNumber reads a decimal number without exponent, which bounds its size by
// that of the policy.
func parseNumber(s string) (*big.Rat, bool) {
	if s == "" || strings.Trim(s, "0123456789.+-") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func compareDates(a, b string) (int, bool) {
	x, okA := parseDate(a)
	y, okB := parseDate(b)
	return x.Compare(y), okA && okB
}

// parseDate reads ISO 8601: a time with its zone, or a day, which begins at
// midnight UTC.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func compareBooleans(got, want string) (bool, bool) {
	want = strings.ToLower(want)
	ok := (want == "true" || want == "false") && (got == "true" || got == "false")
	return ok && got == want, ok
}

// compareAddresses takes want for a network, or for a single address.
func compareAddresses(got, want string) (bool, bool) {
	addr, err := netip.ParseAddr(got)
	if err != nil {
		return false, false
	}
	if single, err := netip.ParseAddr(want); err == nil {
		return single.Unmap() == addr, true
	}
	network, err := netip.ParsePrefix(want)
	return err == nil && network.Contains(addr), err == nil
}
