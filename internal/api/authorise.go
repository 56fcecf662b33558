package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// An accessDenied says in a refusal what was refused, to whom and why.
type accessDenied struct {
	AuthAction               string `rpc:"AuthAction"`
	AuthPrincipalType        string `rpc:"AuthPrincipalType"`
	AuthPrincipalDisplayName string `rpc:"AuthPrincipalDisplayName"`
	AuthPrincipalOwnerID     string `rpc:"AuthPrincipalOwnerId"`
	NoPermissionType         string `rpc:"NoPermissionType"`
	PolicyType               string `rpc:"PolicyType"`
}

// noPermissionTypes are the names of verdicts that refuse.
var noPermissionTypes = map[ram.Verdict]string{
	ram.ImplicitDeny: "ImplicitDeny",
	ram.ExplicitDeny: "ExplicitDeny",
}

// authorise reports whether the policies of the caller let him call op. Beside
// apierr.Forbidden it returns the detail for the answer.
func (s *Server) authorise(ctx context.Context, req *request, op *operation, c caller) (accessDenied, error) {
	action := "live:" + op.name
	decision, err := s.decide(ctx, c, action, op.resources(c.account, req.params), req.http)
	if err != nil || decision.Allowed() {
		return accessDenied{}, err
	}
	return accessDenied{
		AuthAction:               action,
		AuthPrincipalType:        "SubUser",
		AuthPrincipalDisplayName: c.user,
		AuthPrincipalOwnerID:     string(c.account),
		NoPermissionType:         noPermissionTypes[decision.Verdict],
		PolicyType:               "AccountLevelIdentityBasedPolicy",
	}, apierr.Forbidden
}

// Decide returns what the policies of a key's owner say of an action, such as
// live:DescribeLiveStreamsOnlineList, on a resource, such as DomainResource
// returns, when a request comes as r did. It is the decision that a call of the
// action would meet.
func (s *Server) Decide(ctx context.Context, key live.AccessKey, action, resource string, r *http.Request) (ram.Decision, error) {
	return s.decide(ctx, caller{account: key.AccountID, user: key.User}, action, []string{resource}, r)
}

// DomainResource returns a domain in the words of policies; "*" stands for calls
// that name none.
func DomainResource(account live.AccountID, domain string) string {
	return resourceDomain.of(account, domain)
}

// decide returns the first decision that refuses one of the resources, or else
// one that allows them. An account may do everything; only its users are bound.
func (s *Server) decide(ctx context.Context, c caller, action string, resources []string, r *http.Request) (ram.Decision, error) {
	decision := ram.Decision{Verdict: ram.Allowed, Policy: -1, Statement: -1}
	if c.user == "" {
		return decision, nil
	}
	policies, err := s.policies(ctx, c)
	if err != nil {
		return ram.Decision{}, err
	}
	asked := ram.Request{
		Action: action,
		Context: ram.Context{
			CurrentTime:     s.now(),
			SecureTransport: r.TLS != nil,
			SourceIP:        remoteIP(r.RemoteAddr),
		},
	}
	for _, asked.Resource = range resources {
		if decision = ram.Evaluate(policies, asked); !decision.Allowed() {
			break
		}
	}
	return decision, nil
}

// policies returns the policies of the user who calls. One that cannot be read
// could be one that denies, so it fails the call.
func (s *Server) policies(ctx context.Context, c caller) ([]ram.Policy, error) {
	var attached []live.UserPolicy
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		attached, err = r.UserPolicies(ctx, c.account, c.user)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	policies := make([]ram.Policy, len(attached))
	for i, p := range attached {
		if policies[i], err = ram.Parse([]byte(p.Document)); err != nil {
			return nil, fmt.Errorf("policy %s of user %s: %w", p.Name, p.User, err)
		}
	}
	return policies, nil
}

// domainParameters name the domains that an operation works on; the values of
// DomainNames are separated by commas.
var domainParameters = []string{"DomainName", "DomainNames", "PullDomain", "PushDomain"}

// resources returns what a call of op works on, in the words of policies. All of
// it has to be allowed. A call that names no domain works on "domain/*".
func (op *operation) resources(account live.AccountID, params wire.Params) []string {
	if op.resource != resourceDomain {
		return []string{string(op.resource)}
	}
	var list []string
	for _, parameter := range domainParameters {
		// What a list has beyond the names that operations take counts as one more, that
		// of no domain: to evaluate policies for all would be work for nothing.
		for _, name := range strings.SplitN(params.Get(parameter), ",", maxBatchDomains+1) {
			if name = live.NormalizeDomainName(strings.TrimSpace(name)); name != "" {
				list = append(list, op.resource.of(account, name))
			}
		}
	}
	if list == nil {
		list = []string{op.resource.of(account, "*")}
	}
	return list
}

// of fills the pattern.
func (k resourceKind) of(account live.AccountID, domain string) string {
	return strings.NewReplacer("{#accountId}", string(account), "{#DomainName}", domain).Replace(string(k))
}

// remoteIP returns the address that a connection comes from.
func remoteIP(remoteAddr string) netip.Addr {
	addr, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().WithZone("")
}
