package ram

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const (
	readPlay = "live:DescribeLiveRecordConfig"
	play     = "acs:cdn:*:1001:domain/play.example.com"
)

var office = Context{
	CurrentTime:     time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	SecureTransport: true,
	SourceIP:        netip.MustParseAddr("192.0.2.7"),
}

// policy returns the JSON of a policy with these statements.
func policy(statements ...string) string {
	return `{"Version":"1","Statement":[` + strings.Join(statements, ",") + `]}`
}

func mustParse(t testing.TB, document string) Policy {
	t.Helper()
	p, err := Parse([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return p
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	const (
		allowAll  = `{"Effect":"Allow","Action":"*","Resource":"*"}`
		allowRead = `{"Effect":"Allow","Action":["live:Add?","live:Describe*"],"Resource":["acs:oss:*","acs:cdn:*:1001:domain/*.example.com"]}`
		denyPlay  = `{"Effect":"Deny","Action":"live:*","Resource":"acs:cdn:*:*:domain/play.example.com"}`
	)
	for _, tt := range []struct {
		name       string
		statements []string
		want       Decision
	}{
		{"nothing matches", []string{`{"Effect":"Allow","Action":"live:Add*","Resource":"*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"wildcards allow", []string{allowRead}, Decision{Allowed, 0, 0}},
		{"the first that allows is named", []string{allowRead, allowAll}, Decision{Allowed, 0, 0}},
		{"a denial wins whatever the order", []string{allowAll, denyPlay, allowRead}, Decision{ExplicitDeny, 0, 1}},
		{"actions are case-sensitive", []string{`{"Effect":"Allow","Action":"live:describe*","Resource":"*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"resources are case-sensitive", []string{`{"Effect":"Allow","Action":"*","Resource":"acs:CDN:*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"resources of another service do not match", []string{`{"Effect":"Allow","Action":"*","Resource":"acs:live:*:*:domain/*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"a question mark is one character", []string{`{"Effect":"Allow","Action":"*","Resource":"acs:cdn:?:1001:domain/play?example.com"}`}, Decision{Allowed, 0, 0}},
		{"a question mark is not none", []string{`{"Effect":"Allow","Action":"live:DescribeLiveRecordConfig?","Resource":"*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"NotAction allows the rest", []string{`{"Effect":"Allow","NotAction":"live:Add*","Resource":"*"}`}, Decision{Allowed, 0, 0}},
		{"NotAction leaves out what it names", []string{`{"Effect":"Allow","NotAction":["live:Add*","live:Describe*"],"Resource":"*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"NotResource leaves out what it names", []string{`{"Effect":"Allow","Action":"*","NotResource":"acs:cdn:*"}`}, Decision{ImplicitDeny, -1, -1}},
		{"NotResource denies the rest", []string{allowAll, `{"Effect":"Deny","Action":"*","NotResource":"acs:cdn:*:*:domain/other.example.com"}`}, Decision{ExplicitDeny, 0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Evaluate([]Policy{mustParse(t, policy(tt.statements...))}, Request{readPlay, play, office})
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestADenialOfAnotherPolicyWins(t *testing.T) {
	t.Parallel()
	policies := []Policy{
		mustParse(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*"}`)),
		mustParse(t, policy(`{"Effect":"Deny","Action":"*","Resource":"*"}`)),
	}
	if got, want := Evaluate(policies, Request{readPlay, play, office}), (Decision{ExplicitDeny, 1, 0}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := Evaluate(nil, Request{readPlay, play, office}), (Decision{ImplicitDeny, -1, -1}); got != want {
		t.Errorf("without policies: got %+v, want %+v", got, want)
	}
}

// conditionTests are conditions on the request from the office, at 08:00 by
// HTTPS without a second factor, and whether they hold.
var conditionTests = []struct {
	operator, key, values string
	want                  string // yes, no or unknown
}{
	{"StringEquals", "acs:SourceIp", `"192.0.2.7"`, "yes"},
	{"StringEquals", "acs:SecureTransport", `"True"`, "no"},
	{"StringEqualsIgnoreCase", "acs:SecureTransport", `"True"`, "yes"},
	{"StringNotEquals", "acs:SourceIp", `"192.0.2.8"`, "yes"},
	{"StringNotEquals", "acs:SourceIp", `["192.0.2.8","192.0.2.7"]`, "no"},
	{"StringNotEqualsIgnoreCase", "acs:SecureTransport", `"TRUE"`, "no"},
	{"StringLike", "acs:SourceIp", `["10.*","192.0.?.*"]`, "yes"},
	{"StringNotLike", "acs:SourceIp", `"192.*"`, "no"},
	{"IpAddress", "acs:SourceIp", `["10.0.0.0/8","192.0.2.0/24"]`, "yes"},
	{"IpAddress", "acs:SourceIp", `"192.0.2.7"`, "yes"},
	{"IpAddress", "acs:SourceIp", `"192.0.3.0/24"`, "no"},
	{"IpAddress", "acs:SourceIp", `"2001:db8::/32"`, "no"},
	{"IpAddress", "acs:SourceIp", `"office"`, "unknown"},
	{"IpAddress", "acs:SourceIp", `["office","192.0.2.7"]`, "yes"},
	{"IpAddress", "acs:CurrentTime", `"0.0.0.0/0"`, "unknown"},
	{"NotIpAddress", "acs:SourceIp", `["10.0.0.0/8","192.0.2.0/24"]`, "no"},
	{"NotIpAddress", "acs:SourceIp", `["10.0.0.0/8","198.51.100.0/24"]`, "yes"},
	{"NotIpAddress", "acs:SourceIp", `["10.0.0.0/8","office"]`, "unknown"},
	{"Bool", "acs:SecureTransport", `"true"`, "yes"},
	{"Bool", "acs:SecureTransport", `true`, "yes"},
	{"Bool", "acs:SecureTransport", `"FALSE"`, "no"},
	{"Bool", "acs:MFAPresent", `"false"`, "yes"},
	{"Bool", "acs:MFAPresent", `"maybe"`, "unknown"},
	{"DateLessThan", "acs:CurrentTime", `"2026-11-23T16:00:01+08:00"`, "yes"},
	{"DateLessThan", "acs:CurrentTime", `"2026-11-23T08:00:00Z"`, "no"},
	{"DateLessThanEquals", "acs:CurrentTime", `"2026-11-23T08:00Z"`, "yes"},
	{"DateGreaterThan", "acs:CurrentTime", `"2026-11-23"`, "yes"},
	{"DateGreaterThanEquals", "acs:CurrentTime", `"2026-11-24"`, "no"},
	{"DateEquals", "acs:CurrentTime", `"2026-11-23T08:00:00Z"`, "yes"},
	{"DateNotEquals", "acs:CurrentTime", `"2026-11-23T08:00:00Z"`, "no"},
	{"DateEquals", "acs:CurrentTime", `"today"`, "unknown"},
	{"NumericEquals", "acs:CurrentTime", `"1"`, "unknown"},
	{"NumericNotEquals", "acs:SourceIp", `1`, "unknown"},
	{"StringEquals", "acs:UserAgent", `"x"`, "unknown"},
	{"stringequals", "acs:SourceIp", `"192.0.2.7"`, "unknown"},
	{"StringEquals", "acs:sourceip", `"192.0.2.7"`, "unknown"},
	{"BinaryEquals", "acs:SourceIp", `"192.0.2.7"`, "unknown"},
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range conditionTests {
		t.Run(tt.operator+" "+tt.key+" "+tt.values, func(t *testing.T) {
			t.Parallel()
			condition := fmt.Sprintf(`"Condition":{%q:{%q:%s}}`, tt.operator, tt.key, tt.values)
			allow := mustParse(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*",`+condition+`}`))
			deny := mustParse(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Deny","Action":"*","Resource":"*",`+condition+`}`))
			r := Request{readPlay, play, office}
			if got, want := Evaluate([]Policy{allow}, r).Allowed(), tt.want == "yes"; got != want {
				t.Errorf("a statement that allows: got %v, want %v", got, want)
			}
			if got, want := Evaluate([]Policy{deny}, r).Allowed(), tt.want == "no"; got != want {
				t.Errorf("beside a statement that denies: got %v, want %v", got, want)
			}
		})
	}
}

func TestNumbersAreComparedAsSuch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operator, got, want string
		met, known          bool
	}{
		{"NumericEquals", "1.0", "1", true, true},
		{"NumericLessThan", "9", "10", true, true},
		{"NumericLessThanEquals", "10", "10", true, true},
		{"NumericGreaterThan", "-1", "-2.5", true, true},
		{"NumericGreaterThanEquals", "1", "2", false, true},
		{"NumericEquals", "1", "1e9", false, false},
		{"NumericEquals", "1", "1/2", false, false},
		{"NumericEquals", "1", "", false, false},
	} {
		met, known := operators[tt.operator](tt.got, tt.want)
		if met != tt.met || known != tt.known {
			t.Errorf("%s %s %s: got %v, %v", tt.operator, tt.got, tt.want, met, known)
		}
	}
}

func TestAllConditionsHaveToHold(t *testing.T) {
	t.Parallel()
	const yes, no, unknown = `"Bool":{"acs:SecureTransport":"true"}`, `"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}`, `"Mood":{"acs:CurrentTime":"good"}`
	r := Request{readPlay, play, office}
	for _, tt := range []struct {
		conditions  string
		allow, deny bool // whether statements of that effect match
	}{
		{yes, true, true},
		{yes + "," + no, false, false},
		{yes + "," + unknown, false, true},
		{no + "," + unknown, false, false},
		{`"Bool":{"acs:SecureTransport":"true","acs:MFAPresent":"true"}`, false, false},
	} {
		for effect, want := range map[Effect]bool{Allow: tt.allow, Deny: tt.deny} {
			p := mustParse(t, policy(fmt.Sprintf(`{"Effect":%q,"Action":"*","Resource":"*","Condition":{%s}}`, effect, tt.conditions)))
			if got := p.Statements[0].matches(r); got != want {
				t.Errorf("%s with %s: matches %v, want %v", effect, tt.conditions, got, want)
			}
		}
	}
}

func TestAnUnknownAddressMeetsNoCondition(t *testing.T) {
	t.Parallel()
	c := Condition{"NotIpAddress", keySourceIP, []string{"10.0.0.0/8"}}
	if _, known := c.met(Context{}); known {
		t.Error("the address of a request without one counts as known")
	}
	mapped := Context{SourceIP: netip.MustParseAddr("::ffff:10.1.2.3")}
	if met, known := c.met(mapped); met || !known {
		t.Error("an IPv4 address in IPv6 form does not count as what it is")
	}
}

var malformed = map[string]string{
	"no JSON":                  `Allow everything`,
	"torn":                     `{"Version":"1","Statement":[`,
	"text after it":            policy(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + `{}`,
	"a list":                   `[]`,
	"no version":               `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"another version":          `{"Version":"2","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"a numeric version":        `{"Version":1,"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"no statements":            policy(),
	"a statement without list": `{"Version":"1","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"an unknown effect":        policy(`{"Effect":"allow","Action":"*","Resource":"*"}`),
	"no action":                policy(`{"Effect":"Allow","Resource":"*"}`),
	"no resource":              policy(`{"Effect":"Allow","Action":"*"}`),
	"action and not action":    policy(`{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`),
	"an empty list":            policy(`{"Effect":"Allow","Action":[],"Resource":"*"}`),
	"an object for an action":  policy(`{"Effect":"Allow","Action":{},"Resource":"*"}`),
	"null":                     policy(`{"Effect":"Allow","Action":null,"Resource":"*"}`),
	"an unknown member":        policy(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}`),
	"a member in another case": policy(`{"Effect":"Deny","Action":"*","Resource":"*","condition":{}}`),
	"a repeated member":        policy(`{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}`),
	"a condition without key":  policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":"true"}}`),
	"a condition of no object": policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}`),
	"an object for a value":    policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"acs:MFAPresent":{}}}}`),
	"nested too deeply":        strings.Repeat("[", 100) + strings.Repeat("]", 100),
	"too long":                 policy(`{"Effect":"Allow","Action":"*","Resource":"` + strings.Repeat("*", MaxDocument) + `"}`),
}

func TestMalformedPoliciesAreRefused(t *testing.T) {
	t.Parallel()
	for name, document := range malformed {
		if p, err := Parse([]byte(document)); err == nil {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}

func TestDoubtsNameWhatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	for _, tt := range conditionTests {
		p := mustParse(t, policy(fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{%q:%s}}}`, tt.operator, tt.key, tt.values)))
		doubts := p.Doubts()
		// One value of several may be in doubt although another decides.
		if tt.want == "unknown" && len(doubts) == 0 || tt.want != "unknown" && len(doubts) > 0 && !strings.Contains(tt.values, "office") {
			t.Errorf("%s %s %s: doubts %q", tt.operator, tt.key, tt.values, doubts)
		}
	}
}

// naive is the definition of match.
func naive(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return naive(pattern[1:], s) || s != "" && naive(pattern, s[1:])
	case s == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == s[0]) && naive(pattern[1:], s[1:])
}

func TestPatternsMatchAsDefined(t *testing.T) {
	t.Parallel()
	texts := []string{""}
	for range 4 {
		for _, s := range texts[:len(texts):len(texts)] {
			for _, c := range []string{"a", "b", "*", "?"} {
				texts = append(texts, s+c)
			}
		}
	}
	for _, pattern := range texts {
		for _, s := range []string{"", "a", "b", "ab", "ba", "aab", "abab", "aabb", "*", "?a"} {
			if got, want := match(pattern, s), naive(pattern, s); got != want {
				t.Fatalf("match(%q, %q) = %v", pattern, s, got)
			}
		}
	}
	if !match("domain/?.example.com", "domain/ü.example.com") {
		t.Error("a question mark is not one character but one byte")
	}
}

// FuzzPolicy parses any bytes and decides by what comes of them: nothing
// crashes, and adding a policy that denies everything always denies.
func FuzzPolicy(f *testing.F) {
	for _, document := range malformed {
		f.Add([]byte(document), readPlay, play)
	}
	for _, tt := range conditionTests {
		f.Add([]byte(policy(fmt.Sprintf(`{"Effect":"Allow","NotAction":"x","Resource":["*","a?c"],"Condition":{%q:{%q:%s}}}`, tt.operator, tt.key, tt.values))), readPlay, play)
	}
	denyAll := mustParse(f, policy(`{"Effect":"Deny","Action":"*","Resource":"*"}`))
	f.Fuzz(func(t *testing.T, document []byte, action, resource string) {
		p, err := Parse(document)
		if err != nil {
			return // rejecting is fine; crashing is not
		}
		p.Doubts()
		r := Request{action, resource, office}
		d := Evaluate([]Policy{p}, r)
		if (d.Verdict == ImplicitDeny) != (d.Statement == -1) {
			t.Errorf("decision %+v", d)
		}
		if Evaluate([]Policy{p, denyAll}, r).Allowed() {
			t.Error("allowed although a policy denies everything")
		}
	})
}
