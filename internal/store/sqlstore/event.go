package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math"

	"tallylight/internal/live"
)

// Columns of an event e of a stream s.
const (
	eventColumns = `e.id, e.type, s.domain, s.app, s.stream, e.seq, e.recording_id, e.occurred_at, e.detail`
	eventTables  = `events e JOIN streams s ON s.id = e.stream_id`
)

// eventDest returns where the eventColumns go.
func eventDest(e *live.Event) []any {
	return []any{&e.ID, &e.Type, &e.Key.Domain, &e.Key.App, &e.Key.Stream, &e.Seq, &e.Recording,
		timeColumn{&e.OccurredAt}, jsonColumn{&e.Detail}}
}

func scanEvent(scan func(...any) error) (e live.Event, err error) {
	err = scan(eventDest(&e)...)
	return e, err
}

// Each event names the one before it in its stream, so that a stream is read
// backwards, from its newest event or from a milestone: one in so many is in an index.
// To write every event into an index by stream would cost a page each where there are
// many streams.

// lineOf begins a statement with the line of the events of stream $1, $2, $3 behind the
// number $4: from the first milestone at $6 or behind it, or from the newest event,
// backwards, as far as the events before are not deleted.
const lineOf = `WITH RECURSIVE line (id, seq, previous_id) AS (
	SELECT e.id, e.seq, e.previous_id FROM streams s JOIN events e ON e.id = coalesce(
		(SELECT m.id FROM events m WHERE m.stream_id = s.id AND m.seq % 64 = 0 AND m.seq >= $6 ORDER BY m.seq LIMIT 1), s.last_event)
	WHERE s.domain = $1 AND s.app = $2 AND s.stream = $3
	UNION ALL
	SELECT p.id, p.seq, p.previous_id FROM line l JOIN events p ON p.id = l.previous_id AND p.seq < l.seq WHERE l.seq - 1 > $4)`

// Events implements store.Reader.
func (r *Reader) Events(ctx context.Context, key live.StreamKey, after int64, limit int) ([]live.Event, error) {
	limit = max(limit, 0)
	last := after + min(int64(limit), math.MaxInt64-max(after, 0))
	list, err := all(ctx, r.conn, scanEvent,
		lineOf+` SELECT `+eventColumns+` FROM line l CROSS JOIN events e CROSS JOIN streams s
		WHERE e.id = l.id AND s.id = e.stream_id AND l.seq > $4 ORDER BY l.seq LIMIT $5`,
		key.Domain, key.App, key.Stream, after, limit, last)
	if err != nil {
		return nil, fmt.Errorf("events of stream %s: %w", key, err)
	}
	return list, nil
}

// LatestEvents implements store.Reader.
func (r *Reader) LatestEvents(ctx context.Context, limit int) ([]live.Event, error) {
	list, err := all(ctx, r.conn, scanEvent,
		`SELECT `+eventColumns+` FROM `+eventTables+`
		WHERE e.id IN (SELECT p.id FROM (SELECT id FROM events WHERE id > '' ORDER BY id DESC LIMIT $1) p)
		ORDER BY e.occurred_at DESC, e.id DESC`, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("latest events: %w", err)
	}
	return list, nil
}

// Event implements store.Reader.
func (r *Reader) Event(ctx context.Context, id live.EventID) (live.Event, error) {
	e, err := one(ctx, r.conn, live.ErrNotFound, scanEvent,
		`SELECT `+eventColumns+` FROM `+eventTables+` WHERE e.id = $1`, string(id))
	if err != nil {
		return e, fmt.Errorf("event %s: %w", id, err)
	}
	return e, nil
}

// FileEvents implements store.Reader. The events of other types are passed over
// in the table itself: an index would have to be written with every file, and
// nobody is in a hurry here.
func (r *Reader) FileEvents(ctx context.Context, after live.EventID, limit int) ([]live.Event, error) {
	list, err := all(ctx, r.conn, scanEvent,
		`SELECT `+eventColumns+` FROM `+eventTables+` WHERE e.id > $1 AND e.type = $2 ORDER BY e.id LIMIT $3`,
		string(after), string(live.EventFileCreated), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("file events after %s: %w", after, err)
	}
	return list, nil
}

// A place is where an event stands: the row of its stream and its number there.
type place struct{ stream, seq int64 }

func scanPlace(scan func(...any) error) (p place, err error) {
	err = scan(&p.stream, &p.seq)
	return p, err
}

// place returns where an event stands, or live.ErrNotFound.
func (r *Reader) place(ctx context.Context, id live.EventID) (place, error) {
	return one(ctx, r.conn, live.ErrNotFound, scanPlace, `SELECT stream_id, seq FROM events WHERE id = $1`, string(id))
}

// AddEvent implements store.Tx.
func (t *Tx) AddEvent(ctx context.Context, e live.Event) (live.Event, error) {
	e, _, err := t.addEvent(ctx, e)
	return e, err
}

// addEvent is AddEvent, and tells the place.
func (t *Tx) addEvent(ctx context.Context, e live.Event) (live.Event, place, error) {
	e.OccurredAt = stored(e.OccurredAt)
	id := e.ID
	p, added, err := t.insertEvent(ctx, e)
	if err == nil && !added {
		if e, err = t.Event(ctx, id); err == nil {
			p, err = t.place(ctx, id)
		}
	}
	if err != nil {
		return live.Event{}, place{}, fmt.Errorf("add event %s: %w", id, err)
	}
	e.Seq = p.seq
	return e, p, nil
}

// insertEvent adds an event with the next number of its stream, unless it is there:
// then added is false, and the number is given back.
func (t *Tx) insertEvent(ctx context.Context, e live.Event) (p place, added bool, err error) {
	detail, err := encode(e.Detail)
	if err != nil {
		return place{}, false, err
	}
	insert := t.insertEventInSteps
	if t.dialect.sideBySide {
		insert = t.insertEventAtOnce
	}
	if p, added, err = insert(ctx, e, detail); err != nil || added {
		return p, added, err
	}
	_, err = t.conn.Exec(ctx, `UPDATE streams SET last_seq = last_seq - 1, last_event = event_before WHERE domain = $1 AND app = $2 AND stream = $3`,
		e.Key.Domain, e.Key.App, e.Key.Stream)
	return place{}, false, err
}

// nextSeq takes the next sequence number of a stream for the event $4. The number
// lives in the stream's row, not in its events, so that it goes on when old events are
// removed, and so that a backend with concurrent writers has a row to lock.
const (
	nextSeq = `INSERT INTO streams (domain, app, stream, last_seq, last_event) VALUES ($1, $2, $3, 1, $4)` + seqConflict +
		` RETURNING id, last_seq, event_before`
	seqConflict = ` ON CONFLICT (domain, app, stream) DO UPDATE SET
		last_seq = streams.last_seq + 1, last_event = excluded.last_event, event_before = streams.last_event`
	insertEvent = `INSERT INTO events (id, stream_id, seq, previous_id, type, recording_id, occurred_at, detail) `
)

func (t *Tx) insertEventInSteps(ctx context.Context, e live.Event, detail string) (p place, added bool, err error) {
	var previous string
	p, err = one(ctx, t.conn, live.ErrNotFound, func(scan func(...any) error) (p place, err error) {
		err = scan(&p.stream, &p.seq, &previous)
		return p, err
	}, nextSeq, e.Key.Domain, e.Key.App, e.Key.Stream, string(e.ID))
	if err != nil {
		return place{}, false, err
	}
	n, err := t.conn.Exec(ctx, insertEvent+`VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
		string(e.ID), p.stream, p.seq, previous, string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	return p, n == 1, err
}

// insertEventAtOnce does the same by one statement, which SQLite does not take.
func (t *Tx) insertEventAtOnce(ctx context.Context, e live.Event, detail string) (p place, added bool, err error) {
	p, err = one(ctx, t.conn, live.ErrNotFound, scanPlace, `WITH s AS (`+nextSeq+`) `+insertEvent+
		`SELECT $4, s.id, s.last_seq, s.event_before, $5, $6, $7, $8 FROM s ON CONFLICT (id) DO NOTHING RETURNING stream_id, seq`,
		e.Key.Domain, e.Key.App, e.Key.Stream, string(e.ID), string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	if errors.Is(err, live.ErrNotFound) {
		return place{}, false, nil
	}
	return p, err == nil, err
}
