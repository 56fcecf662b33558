package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

type deliveriesListCommand struct {
	deliveryFlags
	JSON bool `name:"json" help:"Print one JSON object a line."`
}

func (c *deliveriesListCommand) Run(ctx context.Context, s *streams) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	first := true
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		return eachDelivery(ctx, st, q, func(page []live.Delivery) error {
			if c.JSON {
				return writeDeliveriesJSON(s.out, page)
			}
			err := writeDeliveriesTable(s.out, page, first)
			first = false
			return err
		})
	})
}

// writeDeliveriesTable writes a page of deliveries in columns, the first under
// their titles. Of URLs it shows the origin: the rest can hold tokens.
func writeDeliveriesTable(out io.Writer, page []live.Delivery, first bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if first {
		fmt.Fprintln(w, "EVENT AT\tTYPE\tSTREAM\tSEQ\tSTATE\tATTEMPTS\tNEXT\tENDPOINT\tDELIVERY")
	}
	for _, d := range page {
		next := "-"
		if d.State == live.DeliveryPending {
			next = d.DueAt.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\n", d.Event.OccurredAt.Format(time.RFC3339), d.Event.Type, d.Event.Key, d.Event.Seq,
			d.State, d.Earlier+d.Attempts, next, live.Origin(d.URL), d.ID)
	}
	return w.Flush()
}

// A deliveryLine is a delivery as JSON.
type deliveryLine struct {
	Delivery   live.DeliveryID    `json:"delivery"`
	Event      live.EventID       `json:"event"`
	Type       live.EventType     `json:"type"`
	Domain     string             `json:"domain"`
	App        string             `json:"app"`
	Stream     string             `json:"stream"`
	Seq        int64              `json:"seq"`
	OccurredAt time.Time          `json:"occurred_at"`
	URL        string             `json:"url"`
	Endpoint   live.EndpointID    `json:"endpoint,omitempty"`
	State      live.DeliveryState `json:"state"`
	Attempts   int                `json:"attempts"`
	DueAt      time.Time          `json:"due_at,omitzero"`
	ReplayedAt time.Time          `json:"replayed_at,omitzero"`
}

func newDeliveryLine(d live.Delivery) deliveryLine {
	line := deliveryLine{
		Delivery: d.ID, Event: d.Event.ID, Type: d.Event.Type, Domain: d.Event.Key.Domain, App: d.Event.Key.App, Stream: d.Event.Key.Stream,
		Seq: d.Event.Seq, OccurredAt: d.Event.OccurredAt, URL: d.URL, Endpoint: d.Endpoint, State: d.State,
		Attempts: d.Earlier + d.Attempts, ReplayedAt: d.ReplayedAt,
	}
	if d.State == live.DeliveryPending {
		line.DueAt = d.DueAt
	}
	return line
}

func writeDeliveriesJSON(out io.Writer, page []live.Delivery) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, d := range page {
		if err := encoder.Encode(newDeliveryLine(d)); err != nil {
			return err
		}
	}
	return nil
}
