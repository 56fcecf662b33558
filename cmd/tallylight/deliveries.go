package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type deliveriesCommand struct {
	List   deliveriesListCommand   `cmd:"" help:"List deliveries: events and the URLs that they are owed to."`
	Show   deliveriesShowCommand   `cmd:"" help:"Show a delivery, or those of an event, with every attempt."`
	Replay deliveriesReplayCommand `cmd:"" help:"Have deliveries made once more."`
	Forget deliveriesForgetCommand `cmd:"" help:"Delete deliveries that were given up."`
}

func (deliveriesCommand) Help() string {
	return `These commands work on the data folder, beside a running server or without one;
a running server takes up replays within half a minute.

A replay keeps the id of its event (webhook-id), counts its attempts on, is signed
with the key and the secrets of today and carries the header X-Live-Replay: 1. Its
schedule begins anew. It overtakes no other callback and holds up none.

Examples:

    tallylight deliveries list --failed
    tallylight deliveries show evt_01k9vq3c5x8j2m4n6p7r9s1t3v
    tallylight deliveries replay --id evt_01k9vq3c5x8j2m4n6p7r9s1t3v
    tallylight deliveries replay --failed --endpoint https://example.com --yes
    tallylight deliveries replay --domain play.example.com --app live --stream show
    tallylight deliveries replay --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z
    tallylight deliveries forget --failed --to 2026-01-01T00:00:00Z`
}

// deliveryFlags select deliveries.
type deliveryFlags struct {
	dataFlags
	ID       string    `name:"id" help:"The delivery of this id, or those of the event of this id." placeholder:"ID"`
	Domain   string    `help:"Those of this domain's events." placeholder:"DOMAIN"`
	App      string    `help:"Those of this app's events." placeholder:"APP"`
	Stream   string    `help:"Those of this stream's events." placeholder:"STREAM"`
	From     time.Time `help:"Those of events at this time or later." placeholder:"2006-01-02T15:04:05Z"`
	To       time.Time `help:"Those of events before this time." placeholder:"2006-01-02T15:04:05Z"`
	Failed   bool      `help:"Those that were given up."`
	Endpoint string    `help:"Those to this server: scheme, host and port of a URL." placeholder:"ORIGIN"`
}

func (f *deliveryFlags) query() (live.DeliveryQuery, error) {
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return live.DeliveryQuery{}, usageError{fmt.Errorf("--from %s is not before --to %s", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))}
	}
	q := live.DeliveryQuery{
		ID: f.ID, Domain: live.NormalizeDomainName(f.Domain), App: f.App, Stream: f.Stream, From: f.From, To: f.To,
	}
	if f.Failed {
		q.State = live.DeliveryDead
	}
	if f.Endpoint != "" {
		q.Origin = live.Origin(f.Endpoint)
		if !strings.Contains(q.Origin, "://") {
			return q, usageError{fmt.Errorf("--endpoint: %q is no server: give one such as https://example.com", f.Endpoint)}
		}
	}
	return q, nil
}

// selection returns the query of a command that changes what it selects, which
// must not be everything by mistake.
func (f *deliveryFlags) selection() (live.DeliveryQuery, error) {
	q, err := f.query()
	if err == nil && q == (live.DeliveryQuery{}) {
		err = usageError{errors.New("say which deliveries: --id, --domain, --from, --to, --failed, --endpoint")}
	}
	return q, err
}

// deliveryPage is how many deliveries are read at a time.
const deliveryPage = 500

// eachDelivery calls fn for every page of what q selects.
func eachDelivery(ctx context.Context, st store.Store, q live.DeliveryQuery, fn func(page []live.Delivery) error) error {
	q.Limit = deliveryPage
	for {
		var page []live.Delivery
		err := st.View(ctx, func(r store.Reader) (err error) {
			page, err = r.Deliveries(ctx, q)
			return err
		})
		if err == nil {
			err = fn(page)
		}
		if err != nil || len(page) < deliveryPage {
			return err
		}
		q.After = &page[len(page)-1]
	}
}

// countDeliveries returns how many deliveries q selects.
func countDeliveries(ctx context.Context, st store.Store, q live.DeliveryQuery) (total int, err error) {
	err = eachDelivery(ctx, st, q, func(page []live.Delivery) error {
		total += len(page)
		return nil
	})
	return total, err
}

type deliveriesReplayCommand struct {
	deliveryFlags
	Yes bool `help:"Do not ask."`
}

func (c *deliveriesReplayCommand) Run(ctx context.Context, s *streams) error {
	q, err := c.selection()
	if err != nil {
		return err
	}
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		if q.Limit, err = countDeliveries(ctx, st, q); err != nil {
			return err
		}
		if q.Limit == 0 {
			return printf(s, "no deliveries are selected\n")
		}
		if ok, err := confirm(s, c.Yes, "replay %s?", counted(q.Limit)); err != nil || !ok {
			return err
		}
		done, err := newReplayer(st).Replay(ctx, q)
		return errors.Join(err, printf(s, "replayed %s; %d were on their way anyway\n", counted(done.Replayed), done.Left))
	})
}

type deliveriesForgetCommand struct {
	deliveryFlags
	Yes bool `help:"Do not ask."`
}

func (c *deliveriesForgetCommand) Run(ctx context.Context, s *streams) error {
	q, err := c.selection()
	if err != nil {
		return err
	}
	q.State = live.DeliveryDead
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		if q.Limit, err = countDeliveries(ctx, st, q); err != nil {
			return err
		}
		if q.Limit == 0 {
			return printf(s, "no deliveries are selected that were given up\n")
		}
		if ok, err := confirm(s, c.Yes, "forget %s for good?", counted(q.Limit)); err != nil || !ok {
			return err
		}
		n, err := newReplayer(st).Forget(ctx, q)
		return errors.Join(err, printf(s, "forgot %s\n", counted(n)))
	})
}

// newReplayer returns a replayer beside a server that may be running.
func newReplayer(st store.Store) *callback.Replayer {
	return callback.NewReplayer(callback.ReplayerConfig{Store: st, Log: slog.New(slog.DiscardHandler)})
}

func counted(deliveries int) string {
	if deliveries == 1 {
		return "1 delivery"
	}
	return fmt.Sprintf("%d deliveries", deliveries)
}

// printf prints for who calls the command.
func printf(s *streams, format string, args ...any) error {
	_, err := fmt.Fprintf(s.out, format, args...)
	return err
}

// confirm asks a question on standard error, unless yes, and reports whether the
// answer on standard input is yes.
func confirm(s *streams, yes bool, format string, args ...any) (bool, error) {
	if yes {
		return true, nil
	}
	fmt.Fprintf(s.err, format+" [y/N] ", args...)
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	if err != nil {
		return false, errors.New("nobody answers: say --yes")
	}
	return false, nil
}
