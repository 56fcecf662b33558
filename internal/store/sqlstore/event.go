package sqlstore

import (
	"context"
	"errors"
	"fmt"

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

// Events implements store.Reader.
func (r *Reader) Events(ctx context.Context, key live.StreamKey, after int64, limit int) ([]live.Event, error) {
	list, err := all(ctx, r.conn, scanEvent,
		`SELECT `+eventColumns+` FROM `+eventTables+`
		WHERE s.domain = $1 AND s.app = $2 AND s.stream = $3 AND e.seq > $4 ORDER BY e.seq LIMIT $5`,
		key.Domain, key.App, key.Stream, after, max(limit, 0))
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
	_, err = t.conn.Exec(ctx, `UPDATE streams SET last_seq = last_seq - 1 WHERE domain = $1 AND app = $2 AND stream = $3`,
		e.Key.Domain, e.Key.App, e.Key.Stream)
	return place{}, false, err
}

// nextSeq takes the next sequence number of a stream. The number lives in the
// stream's row, not in its events, so that it goes on when old events are
// removed, and so that a backend with concurrent writers has a row to lock.
const nextSeq = `INSERT INTO streams (domain, app, stream, last_seq) VALUES ($1, $2, $3, 1)
	ON CONFLICT (domain, app, stream) DO UPDATE SET last_seq = streams.last_seq + 1`

func (t *Tx) insertEventInSteps(ctx context.Context, e live.Event, detail string) (p place, added bool, err error) {
	p, err = one(ctx, t.conn, live.ErrNotFound, scanPlace, nextSeq+` RETURNING id, last_seq`, e.Key.Domain, e.Key.App, e.Key.Stream)
	if err != nil {
		return place{}, false, err
	}
	n, err := t.conn.Exec(ctx, `INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		string(e.ID), p.stream, p.seq, string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	return p, n == 1, err
}

// insertEventAtOnce does the same by one statement, which SQLite does not take.
func (t *Tx) insertEventAtOnce(ctx context.Context, e live.Event, detail string) (p place, added bool, err error) {
	p, err = one(ctx, t.conn, live.ErrNotFound, scanPlace,
		`WITH s AS (`+nextSeq+` RETURNING id, last_seq)
		INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		SELECT $4, s.id, s.last_seq, $5, $6, $7, $8 FROM s ON CONFLICT (id) DO NOTHING RETURNING stream_id, seq`,
		e.Key.Domain, e.Key.App, e.Key.Stream, string(e.ID), string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	if errors.Is(err, live.ErrNotFound) {
		return place{}, false, nil
	}
	return p, err == nil, err
}
