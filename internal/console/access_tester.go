package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"tallylight/internal/api"
	"tallylight/internal/identity"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// accessTestRoutes are those of the policy tester.
var accessTestRoutes = []route{
	{pattern: "GET " + accessPath + "/test", handle: (*visit).policyTester},
}

// A policyTest is the page of the tester. Its fields are the parameters of the
// address.
type policyTest struct {
	accessHead
	Users      []string
	Operations []string
	User       string
	Action     string
	Object     string // a domain, or a resource in the words of policies
	SourceIP   string
	Time       string // in UTC; empty: now
	HTTPS      bool
	Problem    string
	Answer     *policyAnswer // nil: nothing was asked
}

// A policyAnswer is the verdict.
type policyAnswer struct {
	Allowed   bool
	Explicit  bool // a statement denies it
	Action    string
	Resource  string
	Policy    string // that decided; empty: no statement speaks of it
	Number    int    // of the statement, from 1
	Statement string // its JSON
	Link      string // to the policy
}

// Read reports whether there is somebody to test.
func (p policyTest) Read() bool { return len(p.Users) > 0 }

// policyTester tells what the policies of a user say, by the code that decides
// about calls.
func (v *visit) policyTester() error {
	h, err := v.openAccess("/test", ramListPolicies)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	p := policyTest{accessHead: h, Operations: testableOperations(),
		User: q.Get("user"), Action: cmp.Or(strings.TrimSpace(q.Get("action")), "DescribeLiveDomainDetail"), Object: strings.TrimSpace(q.Get("object")),
		SourceIP: strings.TrimSpace(q.Get("ip")), Time: strings.TrimSpace(q.Get("time")), HTTPS: q.Get("https") != ""}
	if p.Users, err = v.accessUserNames(); err != nil {
		return err
	}
	if q.Has("user") {
		err = v.testPolicies(&p)
	} else {
		if from, err := netip.ParseAddrPort(v.r.RemoteAddr); err == nil {
			p.SourceIP = from.Addr().Unmap().WithZone("").String()
		}
	}
	if err != nil {
		problem, err := v.problem(err)
		if err != nil {
			return err
		}
		p.Problem = problem.Text
	}
	return v.render("access_test.html", "Policy tester", p)
}

// testableOperations returns those of the API and the console's own actions.
func testableOperations() []string {
	names := []string{
		listEndpoints, addEndpoint, deleteEndpoint, changeSecrets, explainAddress,
		ramListUsers, ramCreateUser, ramDeleteUser, ramListKeys, ramCreateKey, ramUpdateKey, ramDeleteKey,
		ramListPolicies, ramAttachPolicy, ramDetachPolicy,
	}
	for _, g := range api.Reference().Groups {
		for _, op := range g.Operations {
			names = append(names, op.Name)
		}
	}
	slices.Sort(names)
	return names
}

// testPolicies answers what the page was asked.
func (v *visit) testPolicies(p *policyTest) error {
	request := ram.Request{Action: identity.Action(p.Action), Resource: v.testedResource(p.Action, p.Object)}
	request.Context = ram.Context{CurrentTime: v.Now(), SecureTransport: p.HTTPS}
	var err error
	if p.SourceIP != "" {
		if request.Context.SourceIP, err = netip.ParseAddr(p.SourceIP); err != nil {
			return badRequest("%s is no address.", p.SourceIP)
		}
	}
	if p.Time != "" {
		if request.Context.CurrentTime, err = parseMoment(p.Time); err != nil {
			return badRequest("%s is no time: give one such as 2026-11-23T08:00, in UTC.", p.Time)
		}
	}
	var verdict identity.Verdict
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		verdict, err = identity.Check(ctx, r, v.key.AccountID, p.User, request)
		return err
	})
	if err != nil {
		return notThere(fmt.Errorf("test policies of user %s: %w", p.User, err))
	}
	p.Answer = &policyAnswer{Allowed: verdict.Allowed(), Explicit: verdict.Verdict == ram.ExplicitDeny, Action: request.Action, Resource: request.Resource}
	if verdict.Policy.Name != "" {
		p.Answer.Policy, p.Answer.Number = verdict.Policy.Name, verdict.Statement+1
		p.Answer.Statement = statementJSON(verdict.Policy.Document, verdict.Statement)
		p.Answer.Link = userAddress(p.User) + "?policy=" + queryEscape(verdict.Policy.Name)
	}
	return nil
}

// testedResource returns what a call of an operation works on, in the words of
// policies: the operation says whether that is the domain.
func (v *visit) testedResource(action, object string) string {
	if op := api.Reference().Operation(strings.TrimPrefix(action, "live:")); op != nil {
		if op.Resource == "*" {
			return "*"
		}
		if object == "" || object == "*" {
			return api.DomainResource(v.key.AccountID, "*")
		}
	}
	return identity.Resource(v.key.AccountID, cmp.Or(object, "*"))
}

// statementJSON returns a statement of a policy that has been read.
func statementJSON(document string, statement int) string {
	var policy struct{ Statement []json.RawMessage }
	if json.Unmarshal([]byte(document), &policy) != nil || statement >= len(policy.Statement) {
		return ""
	}
	var b bytes.Buffer
	if json.Indent(&b, policy.Statement[statement], "", "  ") != nil {
		return ""
	}
	return b.String()
}
