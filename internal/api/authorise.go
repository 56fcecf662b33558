package api

import (
	"context"
	"fmt"
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

// authorise reports whether the policies of the caller let him call op. An
// account may do everything; only its users are bound. Beside apierr.Forbidden
// it returns the detail for the answer.
func (s *Server) authorise(ctx context.Context, req *request, op *operation, c caller) (accessDenied, error) {
	if c.user == "" {
		return accessDenied{}, nil
	}
	policies, err := s.policies(ctx, c)
	if err != nil {
		return accessDenied{}, err
	}
	asked := ram.Request{
		Action: "live:" + op.name,
		Context: ram.Context{
			CurrentTime:     s.now(),
			SecureTransport: req.http.TLS != nil,
			SourceIP:        remoteIP(req.http.RemoteAddr),
		},
	}
	for _, asked.Resource = range op.resources(c.account, req.params) {
		decision := ram.Evaluate(policies, asked)
		if decision.Allowed() {
			continue
		}
		return accessDenied{
			AuthAction:               asked.Action,
			AuthPrincipalType:        "SubUser",
			AuthPrincipalDisplayName: c.user,
			AuthPrincipalOwnerID:     string(c.account),
			NoPermissionType:         noPermissionTypes[decision.Verdict],
			PolicyType:               "AccountLevelIdentityBasedPolicy",
		}, apierr.Forbidden
	}
	return accessDenied{}, nil
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
		for name := range strings.SplitSeq(params.Get(parameter), ",") {
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
