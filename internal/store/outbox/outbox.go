// Package outbox writes an event together with what is owed for it. Those who make
// an event true call it in the transaction that does so.
package outbox

import (
	"context"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A Target is the URL of a notify config; the zero Target is none.
type Target struct {
	URL     string
	SignKey string // "" for unsigned
}

// Owe writes an event, owes it to main, and to each endpoint of its domain that
// wants it. What it owes is complete when the Update has returned: see store.Tx.Owe.
//
// The ids of deliveries are made of those of the event and the endpoint, so that an
// Update of uncertain outcome can be repeated.
func Owe(ctx context.Context, tx store.Tx, e live.Event, main Target, lease time.Time) (owed []live.Delivery, err error) {
	endpoints, err := tx.Endpoints(ctx, e.Key.Domain)
	if err != nil {
		return nil, err
	}
	o := &store.Owing{Event: e}
	owe := func(d live.Delivery) {
		d.State, d.DueAt, d.LeasedUntil = live.DeliveryPending, e.OccurredAt, lease
		o.Deliveries = append(o.Deliveries, d)
	}
	if main.URL != "" {
		owe(live.Delivery{ID: e.ID.DeliveryID(), URL: main.URL, SignKey: main.SignKey})
	}
	for _, p := range endpoints {
		if p.Wants(e.Type) {
			owe(live.Delivery{ID: e.ID.EndpointDeliveryID(p.ID), URL: p.URL, Endpoint: p.ID, Rich: p.Rich})
		}
	}
	return o.Deliveries, tx.Owe(ctx, o)
}
