package identity

import (
	"context"
	"fmt"
	"strings"

	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// A Verdict is what the policies of a user say of a request.
type Verdict struct {
	ram.Decision
	// Policy is the one that decided, its statement being Decision.Statement; the
	// zero policy if none did.
	Policy live.UserPolicy
}

// Check returns what the policies of a user say of a request. It fails with
// live.ErrUserNotFound, and if a policy cannot be read.
func Check(ctx context.Context, r store.Reader, account live.AccountID, user string, request ram.Request) (v Verdict, err error) {
	if _, err := r.User(ctx, account, user); err != nil {
		return v, err
	}
	attached, err := r.UserPolicies(ctx, account, user)
	if err != nil {
		return v, err
	}
	policies := make([]ram.Policy, len(attached))
	for i, p := range attached {
		if policies[i], err = ram.Parse([]byte(p.Document)); err != nil {
			return v, fmt.Errorf("policy %s: %w", p.Name, err)
		}
	}
	v.Decision = ram.Evaluate(policies, request)
	if v.Decision.Policy >= 0 {
		v.Policy = attached[v.Decision.Policy]
	}
	return v, nil
}

// Policy returns a policy of a user, or live.ErrPolicyNotFound.
func Policy(ctx context.Context, r store.Reader, account live.AccountID, user, name string) (live.UserPolicy, error) {
	policies, err := r.UserPolicies(ctx, account, user)
	if err != nil {
		return live.UserPolicy{}, err
	}
	for _, p := range policies {
		if p.Name == name {
			return p, nil
		}
	}
	return live.UserPolicy{}, fmt.Errorf("policy %s of user %s: %w", name, user, live.ErrPolicyNotFound)
}

// Action returns an action in the words of policies: an operation of the API may
// be given without the service before it.
func Action(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return "live:" + name
}

// Resource returns a resource in the words of policies: a domain of the account
// may be given by its name.
func Resource(account live.AccountID, name string) string {
	if domain := live.NormalizeDomainName(name); live.ValidateDomainName(domain) == nil {
		return fmt.Sprintf("acs:cdn:*:%s:domain/%s", account, domain)
	}
	return name
}
