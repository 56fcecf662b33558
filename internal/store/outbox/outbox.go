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
// wants it. It returns what it owes, leased until a time where
// store.Tx.OweDelivery leases it.
//
// The ids of deliveries are made of those of the event and the endpoint, so that an
// Update of uncertain outcome can be repeated.
func Owe(ctx context.Context, tx store.Tx, e live.Event, main Target, lease time.Time) (owed []live.Delivery, err error) {
	if e, err = tx.AddEvent(ctx, e); err != nil {
		return nil, err
	}
	endpoints, err := tx.Endpoints(ctx, e.Key.Domain)
	if err != nil {
		return nil, err
	}
	owe := func(d live.Delivery) error {
		d.Event, d.State, d.DueAt, d.LeasedUntil = e, live.DeliveryPending, e.OccurredAt, lease
		d, err := tx.OweDelivery(ctx, d)
		owed = append(owed, d)
		return err
	}
	if main.URL != "" {
		if err := owe(live.Delivery{ID: e.ID.DeliveryID(), URL: main.URL, SignKey: main.SignKey}); err != nil {
			return nil, err
		}
	}
	for _, p := range endpoints {
		if !p.Wants(e.Type) {
			continue
		}
		if err := owe(live.Delivery{ID: e.ID.EndpointDeliveryID(p.ID), URL: p.URL, Endpoint: p.ID, Rich: p.Rich}); err != nil {
			return nil, err
		}
	}
	return owed, nil
}
