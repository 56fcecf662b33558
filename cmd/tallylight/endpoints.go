package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type endpointsCommand struct {
	Add    endpointsAddCommand    `cmd:"" help:"Have a URL told of a domain's events."`
	List   endpointsListCommand   `cmd:"" help:"List who is told of events, and how they do."`
	Remove endpointsRemoveCommand `cmd:"" help:"Owe an endpoint nothing more."`
	Park   endpointsParkCommand   `cmd:"" help:"Send nothing to a URL until it is resumed."`
	Resume endpointsResumeCommand `cmd:"" help:"Send to a URL again that is parked."`
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
    tallylight endpoints remove end_01k9vq3c5x8j2m4n6p7r9s1t3v
    tallylight endpoints park https://archive.example.com/hook
    tallylight endpoints resume https://archive.example.com/hook`
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
	events, err := parseEvents(c.Events)
	if err != nil {
		return usageError{err}
	}
	e := callback.NewEndpoint(live.NormalizeDomainName(c.Domain), c.URL, events, c.Body == "rich", time.Now())
	var secret wire.Secret
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
		return callback.AddEndpoint(ctx, tx, e, secret)
	})
	if errors.Is(err, callback.ErrEventOfDomain) {
		return usageError{err}
	}
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

// parseEvents returns the types of these names; nil for none.
func parseEvents(names []string) (list []live.EventType, err error) {
	for _, name := range names {
		t, err := live.ParseEventType(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("--events: %w", err)
		}
		list = append(list, t)
	}
	return list, nil
}

type endpointsRemoveCommand struct {
	dataFlags
	ID string `arg:"" name:"id" help:"Id of the endpoint."`
}

func (c *endpointsRemoveCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, _ live.AccountID) error { return tx.DeleteEndpoint(ctx, live.EndpointID(c.ID)) })
}
