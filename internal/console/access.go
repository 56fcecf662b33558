package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// accessPath is the page of access keys; those of users and the policy tester
// begin with it.
const accessPath = Root + "access"

// identityRoutes are those of access keys, users and policies.
var identityRoutes = slices.Concat(accessKeyRoutes, accessUserRoutes, accessTestRoutes)

// Actions of policies that the pages of access ask for, on every resource: the
// vendor's names for what they do. A user who has them manages users and their
// keys; the keys of the account itself are the account's business alone.
const (
	ramListUsers    = "ram:ListUsers"
	ramCreateUser   = "ram:CreateUser"
	ramDeleteUser   = "ram:DeleteUser"
	ramListKeys     = "ram:ListAccessKeys"
	ramCreateKey    = "ram:CreateAccessKey"
	ramUpdateKey    = "ram:UpdateAccessKey"
	ramDeleteKey    = "ram:DeleteAccessKey"
	ramListPolicies = "ram:ListPoliciesForUser"
	ramAttachPolicy = "ram:AttachPolicyToUser"
	ramDetachPolicy = "ram:DetachPolicyFromUser"
)

// accessTabs are the pages of access, and the action with which one may read each.
var accessTabs = []struct{ title, name, action string }{
	{say("Access keys"), "", ramListKeys},
	{say("Users"), "/users", ramListUsers},
	{say("Policy tester"), "/test", ramListPolicies},
}

// firstAccessTab returns the address of the first page of access that the visitor
// may read, or nothing if he may read none.
func (v *visit) firstAccessTab() (address string, err error) {
	for _, t := range accessTabs {
		if may, err := v.mayManage(t.action); err != nil || may {
			return accessPath + t.name, err
		}
	}
	return "", nil
}

// An accessHead is what the pages of access share.
type accessHead struct {
	Tabs []tab
	May  map[string]bool // by the name of the action without ram:
}

// openAccess returns the head of a page of access, which the visitor may read with
// an action.
func (v *visit) openAccess(current, action string) (h accessHead, err error) {
	h.May = make(map[string]bool)
	for _, a := range []string{ramListUsers, ramCreateUser, ramDeleteUser, ramListKeys, ramCreateKey, ramUpdateKey, ramDeleteKey,
		ramListPolicies, ramAttachPolicy, ramDetachPolicy} {
		ok, err := v.mayManage(a)
		if err != nil {
			return h, err
		}
		h.May[strings.TrimPrefix(a, "ram:")] = ok
	}
	for _, t := range accessTabs {
		if h.May[strings.TrimPrefix(t.action, "ram:")] {
			h.Tabs = append(h.Tabs, tab{Title: v.t(t.title), Address: accessPath + t.name, Current: t.name == current})
		}
	}
	return h, v.mustManage(action)
}

// mayManage reports whether the visitor's policies allow an action about users and
// keys.
func (v *visit) mayManage(action string) (bool, error) {
	decision, err := v.API.Decide(v.r.Context(), v.key, action, "*", v.r)
	if err != nil {
		return false, fmt.Errorf("decide %s: %w", action, err)
	}
	return decision.Allowed(), nil
}

// mustManage refuses the page unless mayManage.
func (v *visit) mustManage(action string) error {
	ok, err := v.mayManage(action)
	if err != nil || ok {
		return err
	}
	return refused(http.StatusForbidden, "Your policies do not allow %s.", action)
}

// notThere turns the errors of what does not exist into what the visitor is told.
func notThere(err error) error {
	switch {
	case errors.Is(err, live.ErrAccessKeyMissing):
		return notFound("There is no such access key.")
	case errors.Is(err, live.ErrUserNotFound):
		return notFound("There is no such user.")
	case errors.Is(err, live.ErrPolicyNotFound):
		return notFound("There is no such policy.")
	case errors.Is(err, identity.ErrLastKey):
		return refused(http.StatusConflict, "This is the last active access key of the account. Create another one first.")
	}
	return err
}

// accessUserNames returns the users of the account, by name.
func (v *visit) accessUserNames() (names []string, err error) {
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		users, err := r.Users(ctx, v.key.AccountID)
		for _, u := range users {
			names = append(names, u.Name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return names, nil
}
