package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type deliveriesShowCommand struct {
	dataFlags
	ID string `arg:"" help:"Id of a delivery or of an event."`
}

func (c *deliveriesShowCommand) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		found := false
		err := eachDelivery(ctx, st, live.DeliveryQuery{ID: c.ID}, func(page []live.Delivery) error {
			for _, d := range page {
				found = true
				var attempts []live.Attempt
				err := st.View(ctx, func(r store.Reader) (err error) {
					attempts, err = r.Attempts(ctx, d.ID)
					return err
				})
				if err == nil {
					err = writeDelivery(s.out, d, attempts)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil && !found {
			err = fmt.Errorf("delivery or event %s: %w", c.ID, live.ErrNotFound)
		}
		return err
	})
}

// writeDelivery writes all that is known of a delivery. Its body is that of an
// attempt that were made now.
func writeDelivery(out io.Writer, d live.Delivery, attempts []live.Attempt) error {
	_, body, err := callback.Sent(d, live.Attempt{StartedAt: time.Now()})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	row("delivery", d.ID)
	row("event", fmt.Sprintf("%s  %s  number %d of %s", d.Event.ID, d.Event.Type, d.Event.Seq, d.Event.Key))
	row("occurred", d.Event.OccurredAt.Format(time.RFC3339Nano))
	row("url", d.URL)
	if d.Endpoint != "" {
		row("endpoint", d.Endpoint)
	}
	row("body", string(body))
	state := string(d.State)
	if d.State == live.DeliveryPending {
		state += ", due " + d.DueAt.Format(time.RFC3339)
	}
	row("state", state)
	if d.Replayed() {
		row("replayed", d.ReplayedAt.Format(time.RFC3339))
	}
	if len(attempts) > 0 {
		fmt.Fprintln(w, "\nATTEMPT\tSTARTED\tTOOK\tADDRESS\tRESULT\tANSWER")
	}
	for _, a := range attempts {
		number := strconv.Itoa(a.Number)
		if a.Replay {
			number += " replay"
		}
		result := a.Err
		if a.Status != 0 {
			result = strconv.Itoa(a.Status)
		}
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\t%s\n", number, a.StartedAt.Format(time.RFC3339), a.Elapsed.Round(time.Millisecond),
			cmp.Or(a.Address, "-"), result, shortened(a.Response))
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// shortened returns the beginning of an answer on one line.
func shortened(answer string) string {
	const most = 80
	text := []rune(strings.Join(strings.Fields(answer), " "))
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	if len(text) == 0 {
		return "-"
	}
	return strconv.Quote(string(text))
}
