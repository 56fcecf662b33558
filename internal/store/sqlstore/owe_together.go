package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// OweTogether is Owe for several events of different streams, by statements whose
// number does not depend on theirs; for backends whose Updates run side by side.
// None of the events and deliveries exists, nor is any delivery of one of them to the
// URL of another of it: where that turns out not to be so, it fails.
func (t *Tx) OweTogether(ctx context.Context, list []*store.Owing) error {
	if err := t.addEvents(ctx, list); err != nil {
		return fmt.Errorf("add %d events: %w", len(list), err)
	}
	if err := t.addDeliveries(ctx, list); err != nil {
		return fmt.Errorf("owe %d events: %w", len(list), err)
	}
	return nil
}

func (t *Tx) addEvents(ctx context.Context, list []*store.Owing) error {
	byID := make(map[string]*store.Owing, len(list))
	var ids, domains, apps, streams, types, recordings, details []string
	var occurred []*int64
	for _, o := range list {
		e := &o.Event
		detail, err := encode(e.Detail)
		if err != nil {
			return err
		}
		e.OccurredAt = stored(e.OccurredAt)
		byID[string(e.ID)] = o
		ids = append(ids, string(e.ID))
		domains = append(domains, e.Key.Domain)
		apps = append(apps, e.Key.App)
		streams = append(streams, e.Key.Stream)
		types = append(types, string(e.Type))
		recordings = append(recordings, string(e.Recording))
		occurred = append(occurred, microsOrNil(e.OccurredAt))
		details = append(details, detail)
	}
	// The rows of the streams are locked in one order by all.
	added, err := all(ctx, t.conn, scanNumbered,
		`WITH s AS (
			INSERT INTO streams (domain, app, stream, last_seq, last_event)
			SELECT g.domain, g.app, g.stream, 1, g.id FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS g (domain, app, stream, id) ORDER BY 1, 2, 3`+
			seqConflict+`
			RETURNING id, domain, app, stream, last_seq, event_before)
		`+insertEvent+`
		SELECT g.id, s.id, s.last_seq, s.event_before, g.type, g.recording_id, g.occurred_at, g.detail
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
			AS g (domain, app, stream, id, type, recording_id, occurred_at, detail)
		JOIN s ON (s.domain, s.app, s.stream) = (g.domain, g.app, g.stream)
		RETURNING id, seq`,
		domains, apps, streams, ids, types, recordings, occurred, details)
	if err != nil {
		return err
	}
	if len(added) < len(list) {
		return fmt.Errorf("%d were added", len(added))
	}
	for _, n := range added {
		o, ok := byID[n.id]
		if !ok || n.number == nil {
			return fmt.Errorf("event %q is not one of them", n.id)
		}
		o.Event.Seq = *n.number
	}
	return nil
}

// addDeliveries adds the deliveries of events that addEvents has added. It is a
// statement of its own, which sees what others owed to these streams until they were
// locked.
func (t *Tx) addDeliveries(ctx context.Context, list []*store.Owing) error {
	byID := make(map[string]*live.Delivery, len(list))
	var ids, events, urls, origins, signKeys, states, endpoints []string
	var attempts []int64
	var due, leased []*int64
	var rich []bool
	for _, o := range list {
		for i := range o.Deliveries {
			d := &o.Deliveries[i]
			d.Event = o.Event
			byID[string(d.ID)] = d
			ids = append(ids, string(d.ID))
			events = append(events, string(o.Event.ID))
			urls = append(urls, d.URL)
			origins = append(origins, live.Origin(d.URL))
			signKeys = append(signKeys, d.SignKey)
			states = append(states, string(d.State))
			attempts = append(attempts, int64(d.Attempts))
			due = append(due, microsOrNil(d.DueAt))
			endpoints = append(endpoints, string(d.Endpoint))
			rich = append(rich, d.Rich)
			leased = append(leased, microsOrNil(d.LeasedUntil))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	added, err := all(ctx, t.conn, scanNumbered, addDeliveries,
		t.node, ids, events, urls, origins, signKeys, states, attempts, due, endpoints, rich, leased)
	if err != nil {
		return err
	}
	if len(added) < len(ids) {
		return fmt.Errorf("%d of %d deliveries were added", len(added), len(ids))
	}
	for _, n := range added {
		d, ok := byID[n.id]
		if !ok {
			return fmt.Errorf("delivery %q is not one of them", n.id)
		}
		if n.number == nil {
			d.LeasedUntil = time.Time{}
		}
	}
	return nil
}

var addDeliveries = insertDelivery + `
	SELECT g.id, e.id, e.stream_id, e.seq, g.url, g.origin, g.sign_key, g.state, g.attempts, g.due_at, $1, g.endpoint_id, g.rich,
		CASE WHEN ` + fmt.Sprintf(mustWait, "e.stream_id", "g.url") + ` THEN NULL ELSE g.leased_until END
	FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::boolean[], $12::bigint[])
		AS g (id, event_id, url, origin, sign_key, state, attempts, due_at, endpoint_id, rich, leased_until)
	JOIN events e ON e.id = g.event_id
	RETURNING id, leased_until`

// A numbered row is an id and a number.
type numbered struct {
	id     string
	number *int64
}

func scanNumbered(scan func(...any) error) (n numbered, err error) {
	err = scan(&n.id, &n.number)
	return n, err
}
