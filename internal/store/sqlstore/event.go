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

// AddEvent implements store.Tx.
func (t *Tx) AddEvent(ctx context.Context, e live.Event) (live.Event, error) {
	e, err := t.addEvent(ctx, e)
	if err != nil {
		return live.Event{}, fmt.Errorf("add event %s: %w", e.ID, err)
	}
	return e, nil
}

func (t *Tx) addEvent(ctx context.Context, e live.Event) (live.Event, error) {
	detail, err := encode(e.Detail)
	if err != nil {
		return e, err
	}
	insert := t.insertEvent
	if t.dialect.sideBySide {
		insert = t.insertEventAtOnce
	}
	e.OccurredAt = stored(e.OccurredAt)
	var added bool
	if e.Seq, added, err = insert(ctx, e, detail); err != nil || added {
		return e, err
	}
	return t.Event(ctx, e.ID)
}

// nextSeq takes the next sequence number of a stream. The number lives in the
// stream's row, not in its events, so that it goes on when old events are
// removed, and so that a backend with concurrent writers has a row to lock.
const nextSeq = `INSERT INTO streams (domain, app, stream, last_seq) VALUES ($1, $2, $3, 1)
	ON CONFLICT (domain, app, stream) DO UPDATE SET last_seq = streams.last_seq + 1`

// insertEvent adds an event with the next number of its stream, unless it is there:
// then added is false, and the number is given back.
func (t *Tx) insertEvent(ctx context.Context, e live.Event, detail string) (seq int64, added bool, err error) {
	type streamSeq struct{ id, seq int64 }
	stream, err := one(ctx, t.conn, live.ErrNotFound, func(scan func(...any) error) (s streamSeq, err error) {
		err = scan(&s.id, &s.seq)
		return s, err
	}, nextSeq+` RETURNING id, last_seq`, e.Key.Domain, e.Key.App, e.Key.Stream)
	if err != nil {
		return 0, false, err
	}
	n, err := t.conn.Exec(ctx, `INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		string(e.ID), stream.id, stream.seq, string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	if err != nil || n == 1 {
		return stream.seq, true, err
	}
	return 0, false, t.giveBackSeq(ctx, e.Key)
}

// insertEventAtOnce is insertEvent by one statement, which SQLite does not take.
func (t *Tx) insertEventAtOnce(ctx context.Context, e live.Event, detail string) (seq int64, added bool, err error) {
	seq, err = one(ctx, t.conn, live.ErrNotFound, value[int64],
		`WITH s AS (`+nextSeq+` RETURNING id, last_seq)
		INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		SELECT $4, s.id, s.last_seq, $5, $6, $7, $8 FROM s ON CONFLICT (id) DO NOTHING RETURNING seq`,
		e.Key.Domain, e.Key.App, e.Key.Stream, string(e.ID), string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	if errors.Is(err, live.ErrNotFound) {
		return 0, false, t.giveBackSeq(ctx, e.Key)
	}
	return seq, true, err
}

func (t *Tx) giveBackSeq(ctx context.Context, key live.StreamKey) error {
	_, err := t.conn.Exec(ctx, `UPDATE streams SET last_seq = last_seq - 1 WHERE domain = $1 AND app = $2 AND stream = $3`, key.Domain, key.App, key.Stream)
	return err
}
