package ram

import (
	"net/netip"
	"time"
)

// A Request is what policies decide about.
type Request struct {
	Action   string // such as live:AddLiveDomain
	Resource string // such as acs:cdn:*:1234567890:domain/play.example.com
	Context  Context
}

// A Context is what conditions can ask for.
type Context struct {
	CurrentTime     time.Time  // acs:CurrentTime
	SecureTransport bool       // acs:SecureTransport: came by HTTPS
	SourceIP        netip.Addr // acs:SourceIp; the zero Addr is not known
	MFAPresent      bool       // acs:MFAPresent
}

// A Verdict is how a decision came about.
type Verdict int

const (
	ImplicitDeny Verdict = iota // no statement allows it
	ExplicitDeny                // a statement denies it
	Allowed                     // a statement allows it and none denies it
)

// A Decision is the answer to a request. Policy and Statement count from 0 and
// name the statement that decided; without one they are -1.
type Decision struct {
	Verdict   Verdict
	Policy    int
	Statement int
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

// Evaluate decides by all policies together: the first statement that denies
// wins, otherwise the first that allows.
func Evaluate(policies []Policy, r Request) Decision {
	decision := Decision{ImplicitDeny, -1, -1}
	for i, p := range policies {
		for j := range p.Statements {
			s := &p.Statements[j]
			if decision.Verdict == Allowed && s.Effect == Allow || !s.matches(r) {
				continue
			}
			if s.Effect == Deny {
				return Decision{ExplicitDeny, i, j}
			}
			decision = Decision{Allowed, i, j}
		}
	}
	return decision
}

// matches reports whether s speaks of r. A condition that cannot be answered
// counts as met where s denies and as not met where it allows.
func (s *Statement) matches(r Request) bool {
	if matchAny(s.Actions, r.Action) == s.NotAction || matchAny(s.Resources, r.Resource) == s.NotResource {
		return false
	}
	for _, c := range s.Conditions {
		met, known := c.met(r.Context)
		if !known {
			met = s.Effect == Deny
		}
		if !met {
			return false
		}
	}
	return true
}

func matchAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if match(p, s) {
			return true
		}
	}
	return false
}

// match reports whether s is what pattern describes: "*" is any text, "?" one
// character. It needs time in proportion to the product of the lengths at worst.
func match(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	star, resume := -1, 0 // the last "*" and where its text may end
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, resume = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0: // let the "*" take one character more
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
