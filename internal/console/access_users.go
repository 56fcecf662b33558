package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// accessUserRoutes are those of users and their policies.
var accessUserRoutes = []route{
	{pattern: "GET " + accessPath + "/users", handle: (*visit).usersPage},
	{pattern: "POST " + accessPath + "/users", handle: (*visit).createUser},
	{pattern: "POST " + accessPath + "/users/delete", handle: (*visit).deleteUser},
	{pattern: "GET " + accessPath + "/users/{user}", handle: (*visit).userPage},
	{pattern: "POST " + accessPath + "/users/{user}/policies", handle: (*visit).attachPolicy},
	{pattern: "POST " + accessPath + "/users/{user}/policies/detach", handle: (*visit).detachPolicy},
}

// A userList is the page of users.
type userList struct {
	accessHead
	Rows           []userRow
	Before, Behind string
	Name           string // of the form
	Problem        flash
}

// A userRow is a user in the list.
type userRow struct {
	Name      string
	CreatedAt time.Time
	Keys      int
	Policies  []string
}

// Address returns that of the user's page.
func (r userRow) Address() string { return userAddress(r.Name) }

func userAddress(name string) string { return accessPath + "/users/" + url.PathEscape(name) }

func (v *visit) usersPage() error { return v.showUsers("", flash{}) }

// showUsers answers with the list, and the form as it was filled in.
func (v *visit) showUsers(name string, problem flash) error {
	h, err := v.openAccess("/users", ramListUsers)
	if err != nil {
		return err
	}
	list := userList{accessHead: h, Name: name, Problem: problem}
	number := v.pageNumber()
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		users, err := r.Users(ctx, v.key.AccountID)
		if err != nil {
			return err
		}
		keys, err := r.AccessKeys(ctx, v.key.AccountID)
		if err != nil {
			return err
		}
		count := make(map[string]int)
		for _, k := range keys {
			count[k.User]++
		}
		first := min((number-1)*accessPageSize, len(users))
		last := min(first+accessPageSize, len(users))
		list.Before, list.Behind = v.pageAddresses(number, last < len(users))
		for _, u := range users[first:last] {
			row := userRow{Name: u.Name, CreatedAt: u.CreatedAt, Keys: count[u.Name]}
			policies, err := r.UserPolicies(ctx, v.key.AccountID, u.Name)
			if err != nil {
				return err
			}
			for _, p := range policies {
				row.Policies = append(row.Policies, p.Name)
			}
			list.Rows = append(list.Rows, row)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	return v.render("access_users.html", "Users", list)
}

func (v *visit) createUser() error {
	if err := v.mustManage(ramCreateUser); err != nil {
		return err
	}
	name := strings.TrimSpace(v.r.PostFormValue("name"))
	var err error
	if live.ValidateUserName(name) != nil {
		err = badRequest("A name has 1 to 64 letters, digits, dots, underscores and hyphens.")
	} else {
		ctx := v.r.Context()
		err = v.Store.Update(ctx, func(tx store.Tx) error {
			return tx.AddUser(ctx, live.User{AccountID: v.key.AccountID, Name: name, CreatedAt: v.Now()})
		})
		if errors.Is(err, live.ErrUserExists) {
			err = refused(http.StatusConflict, "There is a user %s already.", name)
		}
	}
	if err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return fmt.Errorf("create user: %w", err)
		}
		return v.showUsers(name, problem)
	}
	v.audit("create user", name)
	v.done("User %s was created, and may do nothing until policies are attached.", name)
	v.redirect(userAddress(name))
	return nil
}

func (v *visit) deleteUser() error {
	if err := v.mustManage(ramDeleteUser); err != nil {
		return err
	}
	name := v.r.PostFormValue("user")
	if name == v.key.User {
		sure, err := v.confirmed(v.t("You have signed in as this user. Deleting it ends your session, and deletes all its keys and policies."), userAddress(name))
		if err != nil || !sure {
			return err
		}
	}
	ctx := v.r.Context()
	if err := v.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteUser(ctx, v.key.AccountID, name) }); err != nil {
		return notThere(fmt.Errorf("delete user %s: %w", name, err))
	}
	v.audit("delete user", name)
	v.done("User %s was deleted with all keys and policies.", name)
	v.redirect(accessPath + "/users")
	return nil
}

// A userView is the page of one user.
type userView struct {
	accessHead
	Name     string
	Own      bool // the visitor is the user
	Policies []live.UserPolicy
	Form     policyForm
	Problem  flash
	Examples []policyExample
}

// A policyForm attaches a policy or replaces the one of its name.
type policyForm struct{ Name, Document string }

// A policyExample is a policy that one can begin with.
type policyExample struct{ Title, Name, Document string }

// policyExamples returns some for a domain.
func (v *visit) policyExamples(domain string) []policyExample {
	return []policyExample{
		{v.t("Everything"), "everything", "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"live:*\", \"Resource\": \"*\"}\n  ]\n}"},
		{v.t("Read only"), "read-only", "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"live:Describe*\", \"Resource\": \"*\"}\n  ]\n}"},
		{v.t("One domain"), "one-domain", "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"live:*\", \"Resource\": \"acs:cdn:*:" + string(v.key.AccountID) + ":domain/" + domain + "\"}\n  ]\n}"},
	}
}

func (v *visit) userPage() error { return v.showUser(policyForm{}, flash{}) }

// showUser answers with a user's page. An empty form is filled with the policy or
// the example that the address names.
func (v *visit) showUser(form policyForm, problem flash) error {
	h, err := v.openAccess("/users", ramListUsers)
	if err != nil {
		return err
	}
	u := userView{accessHead: h, Name: v.r.PathValue("user"), Form: form, Problem: problem}
	u.Own = u.Name == v.key.User
	example := "play.example.com"
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		if _, err := r.User(ctx, v.key.AccountID, u.Name); err != nil {
			return err
		}
		if h.May["ListPoliciesForUser"] {
			if u.Policies, err = r.UserPolicies(ctx, v.key.AccountID, u.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return notThere(fmt.Errorf("read user %s: %w", u.Name, err))
	}
	domains, err := v.domains("DescribeLiveDomainDetail", live.StreamingDomain)
	if err != nil {
		return err
	}
	if len(domains) > 0 {
		example = domains[0].Name
	}
	u.Examples = v.policyExamples(example)
	if u.Form == (policyForm{}) {
		u.Form = v.chosenPolicy(u)
	}
	return v.render("access_user.html", u.Name, u)
}

// chosenPolicy returns the policy or the example that the address names.
func (v *visit) chosenPolicy(u userView) policyForm {
	q := v.r.URL.Query()
	for _, p := range u.Policies {
		if p.Name == q.Get("policy") {
			return policyForm{p.Name, p.Document}
		}
	}
	for _, e := range u.Examples {
		if e.Name == q.Get("example") {
			return policyForm{e.Name, e.Document}
		}
	}
	return policyForm{}
}

// attachPolicy gives a user a policy, or replaces the one of that name.
func (v *visit) attachPolicy() error {
	if err := v.mustManage(ramAttachPolicy); err != nil {
		return err
	}
	user := v.r.PathValue("user")
	form := policyForm{strings.TrimSpace(v.r.PostFormValue("name")), strings.ReplaceAll(v.r.PostFormValue("document"), "\r\n", "\n")}
	policy, err := v.checkPolicy(form)
	if err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return err
		}
		return v.showUser(form, problem)
	}
	if user == v.key.User {
		sure, err := v.confirmed(v.t("This changes your own rights. If the policy no longer allows what you do here, you cannot undo it."), userAddress(user))
		if err != nil || !sure {
			return err
		}
	}
	ctx := v.r.Context()
	err = v.Store.Update(ctx, func(tx store.Tx) error {
		return tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: v.key.AccountID, User: user, Name: form.Name, Document: form.Document, CreatedAt: v.Now()})
	})
	if err != nil {
		return notThere(fmt.Errorf("attach policy %s to user %s: %w", form.Name, user, err))
	}
	v.audit("attach policy", form.Name, "to_user", user)
	if doubts := policy.Doubts(); len(doubts) > 0 {
		v.setFlash(flash{Kind: "warn", Text: v.t("The policy was attached. Such a condition never allows, and always denies: %s.", strings.Join(doubts, "; "))})
	} else {
		v.done("Policy %s was attached.", form.Name)
	}
	v.redirect(userAddress(user))
	return nil
}

// checkPolicy reads the policy of a form; what is wrong is said with its place.
func (v *visit) checkPolicy(form policyForm) (ram.Policy, error) {
	if live.ValidateUserName(form.Name) != nil {
		return ram.Policy{}, badRequest("A name has 1 to 64 letters, digits, dots, underscores and hyphens.")
	}
	policy, err := ram.Parse([]byte(form.Document))
	if wrong, ok := errors.AsType[*ram.SyntaxError](err); ok {
		return policy, badRequest("Line %d, column %d: %s.", wrong.Line, wrong.Column, wrong.Problem)
	}
	if err != nil {
		return policy, badRequest("The policy has %d bytes; at most %d are allowed.", len(form.Document), ram.MaxDocument)
	}
	return policy, nil
}

func (v *visit) detachPolicy() error {
	if err := v.mustManage(ramDetachPolicy); err != nil {
		return err
	}
	user, name := v.r.PathValue("user"), v.r.PostFormValue("name")
	if user == v.key.User {
		sure, err := v.confirmed(v.t("This changes your own rights. If no other policy allows what you do here, you cannot undo it."), userAddress(user))
		if err != nil || !sure {
			return err
		}
	}
	ctx := v.r.Context()
	if err := v.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteUserPolicy(ctx, v.key.AccountID, user, name) }); err != nil {
		return notThere(fmt.Errorf("detach policy %s from user %s: %w", name, user, err))
	}
	v.audit("detach policy", name, "from_user", user)
	v.done("Policy %s was detached.", name)
	v.redirect(userAddress(user))
	return nil
}
