package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Columns of a delivery d of an event e.
const (
	deliveryColumns = `d.id, d.url, d.sign_key, d.state, d.attempts, d.due_at, d.endpoint_id, d.rich, d.replayed_at, d.earlier, ` + eventColumns
	deliveryTables  = `deliveries d JOIN events e ON e.id = d.event_id JOIN streams s ON s.id = e.stream_id`

	// free is when a pending delivery can be claimed: at the end of its lease
	// or, not held, when it is due. The index deliveries_free is on the same expression.
	free = `coalesce(d.leased_until, d.due_at, 0)`
)

// deliveryDest returns where the deliveryColumns go.
func deliveryDest(d *live.Delivery) []any {
	return append([]any{&d.ID, &d.URL, &d.SignKey, &d.State, &d.Attempts, timeColumn{&d.DueAt},
		&d.Endpoint, &d.Rich, timeColumn{&d.ReplayedAt}, &d.Earlier}, eventDest(&d.Event)...)
}

// Delivery implements store.Reader.
func (r *Reader) Delivery(ctx context.Context, id live.DeliveryID) (live.Delivery, error) {
	d, err := one(ctx, r.conn, live.ErrNotFound, func(scan func(...any) error) (d live.Delivery, err error) {
		err = scan(deliveryDest(&d)...)
		return d, err
	}, `SELECT `+deliveryColumns+` FROM `+deliveryTables+` WHERE d.id = $1`, string(id))
	if err != nil {
		return d, fmt.Errorf("delivery %s: %w", id, err)
	}
	return d, nil
}

// NextDue implements store.Reader.
func (r *Reader) NextDue(ctx context.Context, burst int, skip []string) (time.Time, bool, error) {
	due, err := r.nextDue(ctx, burst, skip)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("next due delivery: %w", err)
	}
	if len(due) == 0 {
		return time.Time{}, false, nil
	}
	return time.UnixMicro(due[0]).UTC(), true, nil
}

// nextDue returns no time or one.
func (r *Reader) nextDue(ctx context.Context, burst int, skip []string) ([]int64, error) {
	skipped, err := encodeStrings(skip)
	if err != nil {
		return nil, err
	}
	return all(ctx, r.conn, value[int64], r.dialect.nextDue, burst, skipped)
}

// AddDelivery implements store.Tx.
func (t *Tx) AddDelivery(ctx context.Context, d live.Delivery) error {
	p, err := t.place(ctx, d.Event.ID)
	if err != nil {
		return fmt.Errorf("add delivery %s of event %s: %w", d.ID, d.Event.ID, err)
	}
	d.LeasedUntil = time.Time{}
	_, err = t.addDelivery(ctx, d, p)
	return err
}

// Owe implements store.Tx.
func (t *Tx) Owe(ctx context.Context, o *store.Owing) error {
	e, p, err := t.addEvent(ctx, o.Event)
	if err != nil {
		return err
	}
	o.Event = e
	for i := range o.Deliveries {
		d := &o.Deliveries[i]
		d.Event = e
		if d.LeasedUntil, err = t.addDelivery(ctx, *d, p); err != nil {
			return err
		}
	}
	return nil
}

const (
	insertDelivery = `INSERT INTO deliveries
		(id, event_id, stream_id, seq, url, origin, sign_key, state, attempts, due_at, claimed_by, endpoint_id, rich, leased_until)`
	// mustWait is the condition that a new delivery is not leased; %[1]s stands for
	// the id of its stream, %[2]s for its URL.
	mustWait = `EXISTS (SELECT 1 FROM deliveries b WHERE b.stream_id = %[1]s AND b.url = %[2]s AND b.state = 'pending')
		OR EXISTS (SELECT 1 FROM parked_endpoints p WHERE p.url = %[2]s)`
)

var addDelivery = insertDelivery + `
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
		CASE WHEN ` + fmt.Sprintf(mustWait, "$3", "$5") + ` THEN NULL ELSE CAST($14 AS BIGINT) END)
	ON CONFLICT (id) DO NOTHING RETURNING leased_until`

// addDelivery adds d, whose event stands at a place, and returns until when it is
// leased.
func (t *Tx) addDelivery(ctx context.Context, d live.Delivery, p place) (leased time.Time, err error) {
	leased, err = one(ctx, t.conn, live.ErrNotFound, func(scan func(...any) error) (leased time.Time, err error) {
		err = scan(timeColumn{&leased})
		return leased, err
	}, addDelivery,
		string(d.ID), string(d.Event.ID), p.stream, p.seq, d.URL, live.Origin(d.URL), d.SignKey, string(d.State), d.Attempts,
		micros(d.DueAt), t.node, string(d.Endpoint), d.Rich, micros(d.LeasedUntil))
	if errors.Is(err, live.ErrNotFound) { // it is there
		err = nil
		if !d.LeasedUntil.IsZero() {
			_, err = t.conn.Exec(ctx, `UPDATE deliveries SET leased_until = NULL
				WHERE id = $1 AND state = 'pending' AND attempts = 0 AND claimed_by = $2`, string(d.ID), t.node)
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("add delivery %s of event %s: %w", d.ID, d.Event.ID, err)
	}
	return leased, nil
}
