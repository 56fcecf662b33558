package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type endpointsCommand struct {
	Add    endpointsAddCommand    `cmd:"" help:"Have a URL told of a domain's events."`
	List   endpointsListCommand   `cmd:"" help:"List the endpoints."`
	Remove endpointsRemoveCommand `cmd:"" help:"Owe an endpoint nothing more."`
}

func (endpointsCommand) Help() string {
	return `Endpoints are told of events beside the URL that the API has configured: each has
callbacks, retries and a log of its own. They carry the signature of Standard Webhooks
if there is a secret, not that of the vendor. A running server follows at once, with
the next event.

A streaming domain has the events record_started, record_paused, record_resumed,
record_error and file_created. Pushes are told of, by publish and publish_done, under
the domain that they name: an ingest domain, or the streaming domain itself.

Examples:

    tallylight endpoints add play.example.com https://archive.example.com/hook --events file_created
    tallylight endpoints add play.example.com https://audit.example.com/ --body rich --secret new
    tallylight endpoints list
    tallylight endpoints remove end_01k9vq3c5x8j2m4n6p7r9s1t3v`
}

type endpointsAddCommand struct {
	dataFlags
	Domain string   `arg:"" help:"Streaming or ingest domain."`
	URL    string   `arg:"" name:"url" help:"Absolute http or https URL."`
	Events []string `help:"Tell it of these events only." placeholder:"TYPE,…"`
	Body   string   `help:"What it is sent: vendor, as the API documents it, or rich, by POST and with more members." enum:"vendor,rich" default:"vendor"`
	Secret string   `help:"Sign with a secret of its own: whsec_…, or new for a random one, which is printed." placeholder:"SECRET"`
	Dev    bool     `help:"Allow loopback and private addresses, for a server that runs with --dev."`
}

func (c *endpointsAddCommand) Run(ctx context.Context, s *streams) error {
	now := time.Now()
	e := live.Endpoint{ID: live.NewEndpointID(now), URL: c.URL, Rich: c.Body == "rich", CreatedAt: now}
	var secret wire.Secret
	var err error
	switch c.Secret {
	case "":
	case "new":
		secret = wire.NewSecret()
	default:
		if secret, err = wire.ParseSecret(c.Secret); err != nil {
			return usageError{fmt.Errorf("--secret: %w", err)}
		}
	}
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	cfg.Dev = cfg.Dev || c.Dev
	guard, err := newGuard(cfg)
	if err != nil {
		return usageError{err}
	}
	if err := guard.CheckURL(ctx, c.URL); err != nil {
		return err
	}
	err = c.update(ctx, func(tx store.Tx, _ live.AccountID) error {
		d, err := tx.Domain(ctx, live.NormalizeDomainName(c.Domain))
		if err != nil {
			return err
		}
		e.Domain = d.Name
		if e.Events, err = parseEvents(c.Events, d); err != nil {
			return usageError{err}
		}
		others, err := tx.Endpoints(ctx, d.Name)
		if err != nil {
			return err
		}
		if len(others) >= live.MaxEndpoints {
			return fmt.Errorf("domain %s has %d endpoints, more are not allowed", d.Name, len(others))
		}
		if err := tx.AddEndpoint(ctx, e); err != nil {
			return err
		}
		if secret == nil {
			return nil
		}
		return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: string(e.ID), Secret: secret.Text(), CreatedAt: now})
	})
	if err != nil {
		return err
	}
	if c.Secret == "new" {
		err = printf(s, "%s\n%s\n", e.ID, secret.Text())
	} else {
		err = printf(s, "%s\n", e.ID)
	}
	return err
}

// parseEvents returns the types of these names, which have to be of events that
// the domain has; nil for none.
func parseEvents(names []string, d live.Domain) (list []live.EventType, err error) {
	for _, name := range names {
		t, err := live.ParseEventType(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("--events: %w", err)
		}
		if !t.OfPushes() && d.Type == live.IngestDomain {
			return nil, fmt.Errorf("--events: %s is an ingest domain, which has no events %s", d.Name, t)
		}
		list = append(list, t)
	}
	return list, nil
}

type endpointsListCommand struct {
	dataFlags
	Domain string `help:"Those of this domain." placeholder:"DOMAIN"`
}

func (c *endpointsListCommand) Run(ctx context.Context, s *streams) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDOMAIN\tEVENTS\tBODY\tURL")
	err := c.view(ctx, func(r store.Reader, account live.AccountID) error {
		domains, err := r.Domains(ctx, account)
		if err != nil {
			return err
		}
		for _, d := range domains {
			if c.Domain != "" && d.Name != live.NormalizeDomainName(c.Domain) {
				continue
			}
			endpoints, err := r.Endpoints(ctx, d.Name)
			if err != nil {
				return err
			}
			for _, e := range endpoints {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.ID, e.Domain, eventNames(e.Events), bodyName(e.Rich), e.URL)
			}
		}
		return nil
	})
	return errors.Join(err, w.Flush())
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

type endpointsRemoveCommand struct {
	dataFlags
	ID string `arg:"" name:"id" help:"Id of the endpoint."`
}

func (c *endpointsRemoveCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, _ live.AccountID) error { return tx.DeleteEndpoint(ctx, live.EndpointID(c.ID)) })
}
