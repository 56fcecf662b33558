package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type endpointsListCommand struct {
	dataFlags
	Domain string `help:"Those of this domain." placeholder:"DOMAIN"`
}

func (endpointsListCommand) Help() string {
	return `An endpoint without ID is the URL that the API has configured; one without domain is
told of nothing new, but parked or still owed something. STATE is one of

    untried   no attempt is known
    ok        its server took the last callback
    failing   its server refused the last callback, or did not answer
    open      its server does not answer and is only probed
    parked    nothing is sent until it is resumed

SUCCESS and FAILURE are the last ones at its server, which all URLs of the same scheme,
host and port share. A running server writes them down twice a minute. WAITING are
callbacks that are still due, DEAD those that were given up.`
}

func (c *endpointsListCommand) Run(ctx context.Context, s *streams) error {
	var list []callback.EndpointStatus
	err := c.view(ctx, func(r store.Reader, account live.AccountID) (err error) {
		list, err = callback.Endpoints(ctx, r, account)
		return err
	})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDOMAIN\tEVENTS\tBODY\tURL\tSTATE\tWAITING\tDEAD\tSUCCESS\tFAILURE")
	for _, e := range list {
		if c.Domain == "" || e.Domain == live.NormalizeDomainName(c.Domain) {
			printEndpoint(w, e)
		}
	}
	return w.Flush()
}

func printEndpoint(w io.Writer, e callback.EndpointStatus) {
	events := eventNames(e.Events)
	if e.Domain == "" {
		events = "-"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n",
		orDash(string(e.ID)), orDash(e.Domain), events, bodyName(e.Rich), e.URL, stateText(e),
		e.Backlog.Pending, e.Backlog.Dead, timeText(e.Health.SucceededAt), failureText(e.Health))
}

// stateText returns the state, and of a parked endpoint since when and why.
func stateText(e callback.EndpointStatus) string {
	if e.Parked == nil {
		return string(e.State)
	}
	why := "by an operator"
	if e.Parked.Status != 0 {
		why = fmt.Sprintf("by answer %d", e.Parked.Status)
	}
	return fmt.Sprintf("%s %s %s", e.State, timeText(e.Parked.ParkedAt), why)
}

func failureText(h live.ReceiverHealth) string {
	switch {
	case h.FailedAt.IsZero():
		return "-"
	case h.FailedStatus != 0:
		return fmt.Sprintf("%s status %d", timeText(h.FailedAt), h.FailedStatus)
	}
	return fmt.Sprintf("%s %s", timeText(h.FailedAt), h.FailedErr)
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func eventNames(types []live.EventType) string {
	if types == nil {
		return "all"
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ",")
}

func bodyName(rich bool) string {
	if rich {
		return "rich"
	}
	return "vendor"
}
