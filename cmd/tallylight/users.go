package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tallylight/internal/api"
	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

type usersCommand struct {
	List         usersListCommand         `cmd:"" help:"List the users, their policies and how many keys they have."`
	Create       usersCreateCommand       `cmd:"" help:"Make a user, who may do nothing until policies are attached."`
	Delete       usersDeleteCommand       `cmd:"" help:"Delete a user with all policies and keys."`
	AttachPolicy usersAttachPolicyCommand `cmd:"" help:"Give a user a policy, or replace the one of that name."`
	DetachPolicy usersDetachPolicyCommand `cmd:"" help:"Take a policy from a user."`
	ShowPolicy   usersShowPolicyCommand   `cmd:"" help:"Print a policy of a user."`
	Check        usersCheckCommand        `cmd:"" help:"Tell whether a user may do something, and which statement decides."`
}

func (usersCommand) Help() string {
	return `A user of the account has keys of its own and may do what its policies allow.
These commands work on the data folder, beside a running server or without one;
the server follows at once.

Examples:

    tallylight users create lena
    tallylight users attach-policy lena read-only policy.json
    tallylight keys create --user lena
    tallylight users check lena AddLiveDomain play.example.com`
}

type usersListCommand struct {
	dataFlags
}

func (c *usersListCommand) Run(ctx context.Context, s *streams) error {
	var rows []string
	err := c.view(ctx, func(r store.Reader, account live.AccountID) error {
		rows = []string{"USER\tKEYS\tPOLICIES"}
		users, err := r.Users(ctx, account)
		if err != nil {
			return err
		}
		keys, err := r.AccessKeys(ctx, account)
		if err != nil {
			return err
		}
		count := make(map[string]int)
		for _, k := range keys {
			count[k.User]++
		}
		for _, u := range users {
			policies, err := r.UserPolicies(ctx, account, u.Name)
			if err != nil {
				return err
			}
			names := make([]string, len(policies))
			for i, p := range policies {
				names[i] = p.Name
			}
			if len(names) == 0 {
				names = []string{"-"}
			}
			rows = append(rows, fmt.Sprintf("%s\t%d\t%s", u.Name, count[u.Name], strings.Join(names, ", ")))
		}
		return nil
	})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, row)
	}
	return w.Flush()
}

// userFlags name a user.
type userFlags struct {
	dataFlags
	User string `arg:"" help:"Name of the user."`
}

type usersCreateCommand struct{ userFlags }

func (c *usersCreateCommand) Run(ctx context.Context) error {
	if err := live.ValidateUserName(c.User); err != nil {
		return usageError{err}
	}
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		return tx.AddUser(ctx, live.User{AccountID: account, Name: c.User, CreatedAt: time.Now()})
	})
}

type usersDeleteCommand struct{ userFlags }

func (c *usersDeleteCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error { return tx.DeleteUser(ctx, account, c.User) })
}

// policyFlags name a policy of a user.
type policyFlags struct {
	userFlags
	Policy string `arg:"" help:"Name of the policy."`
}

type usersAttachPolicyCommand struct {
	policyFlags
	File string `arg:"" help:"JSON of the policy; - reads standard input."`
}

func (c *usersAttachPolicyCommand) Run(ctx context.Context, s *streams) error {
	if err := live.ValidateUserName(c.Policy); err != nil {
		return usageError{err}
	}
	document, err := readPolicy(c.File)
	if err != nil {
		return err
	}
	policy, err := ram.Parse(document)
	if err != nil {
		return usageError{err}
	}
	for _, doubt := range policy.Doubts() {
		fmt.Fprintf(s.err, "warning: %s: such a condition never allows, and always denies\n", doubt)
	}
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		return tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: account, User: c.User, Name: c.Policy, Document: string(document), CreatedAt: time.Now()})
	})
}

// readPolicy reads a file, "-" being standard input, little further than a
// policy may be long.
func readPolicy(file string) ([]byte, error) {
	f := os.Stdin
	if file != "-" {
		var err error
		if f, err = os.Open(file); err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		defer f.Close()
	}
	document, err := io.ReadAll(io.LimitReader(f, ram.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return document, nil
}

type usersDetachPolicyCommand struct{ policyFlags }

func (c *usersDetachPolicyCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		return tx.DeleteUserPolicy(ctx, account, c.User, c.Policy)
	})
}

type usersShowPolicyCommand struct{ policyFlags }

func (c *usersShowPolicyCommand) Run(ctx context.Context, s *streams) error {
	return c.view(ctx, func(r store.Reader, account live.AccountID) error {
		policy, err := identity.Policy(ctx, r, account, c.User, c.Policy)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.out, strings.TrimSpace(policy.Document))
		return err
	})
}

type usersCheckCommand struct {
	userFlags
	Action   string    `arg:"" help:"An operation, such as AddLiveDomain or live:AddLiveDomain."`
	Resource string    `arg:"" help:"A domain, or a resource such as acs:cdn:*:1234:domain/play.example.com or *."`
	SourceIP string    `name:"source-ip" help:"Address of the caller (acs:SourceIp)." default:"127.0.0.1" placeholder:"IP"`
	HTTPS    bool      `name:"https" help:"The call comes by HTTPS (acs:SecureTransport)."`
	Time     time.Time `help:"Time of the call (acs:CurrentTime), now by default." placeholder:"2006-01-02T15:04:05Z"`
}

func (usersCheckCommand) Help() string {
	return `The decision is that which a call would meet: of an operation that policies know by the
resource *, only statements about * count, whatever domain is given. Exit status 0 means
allowed, 1 denied.`
}

func (c *usersCheckCommand) Run(ctx context.Context, s *streams) error {
	addr, err := netip.ParseAddr(c.SourceIP)
	if err != nil {
		return usageError{fmt.Errorf("--source-ip: %w", err)}
	}
	request := ram.Request{Action: identity.Action(c.Action), Context: ram.Context{CurrentTime: c.Time, SecureTransport: c.HTTPS, SourceIP: addr}}
	if c.Time.IsZero() {
		request.Context.CurrentTime = time.Now()
	}
	var verdict identity.Verdict
	err = c.view(ctx, func(r store.Reader, account live.AccountID) (err error) {
		request.Resource = checkedResource(account, c.Action, c.Resource)
		verdict, err = identity.Check(ctx, r, account, c.User, request)
		return err
	})
	if err != nil {
		return err
	}
	reason := "no statement allows " + request.Action + " on " + request.Resource
	if verdict.Policy.Name != "" {
		reason = fmt.Sprintf("statement %d of policy %s", verdict.Statement+1, verdict.Policy.Name)
	}
	if !verdict.Allowed() {
		return fmt.Errorf("denied: %s", reason)
	}
	_, err = fmt.Fprintf(s.out, "allowed: %s\n", reason)
	return err
}

// checkedResource returns what a call of an action works on, in the words of policies:
// its operation says whether that is the domain.
func checkedResource(account live.AccountID, action, object string) string {
	if op := api.Reference().Operation(strings.TrimPrefix(action, "live:")); op != nil {
		switch {
		case op.Resource == "*":
			return "*"
		case object == "*":
			return api.DomainResource(account, "*")
		}
	}
	return identity.Resource(account, object)
}
