package sqlstore

import (
	"context"
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
	stream, err := t.nextSeq(ctx, e.Key)
	if err != nil {
		return e, err
	}
	e.Seq, e.OccurredAt = stream.seq, stored(e.OccurredAt)
	n, err := t.conn.Exec(ctx, `INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		string(e.ID), stream.id, e.Seq, string(e.Type), string(e.Recording), micros(e.OccurredAt), detail)
	if err != nil || n == 1 {
		return e, err
	}
	// It was added before. The number is given back.
	if _, err := t.conn.Exec(ctx, `UPDATE streams SET last_seq = last_seq - 1 WHERE id = $1`, stream.id); err != nil {
		return e, err
	}
	return t.Event(ctx, e.ID)
}

// A streamSeq is a stream's row and the sequence number of its newest event.
type streamSeq struct{ id, seq int64 }

// nextSeq takes the next sequence number of a stream. The number lives in the
// stream's row, not in its events, so that it goes on when old events are
// removed, and so that a backend with concurrent writers has a row to lock.
func (t *Tx) nextSeq(ctx context.Context, key live.StreamKey) (streamSeq, error) {
	return one(ctx, t.conn, live.ErrNotFound, func(scan func(...any) error) (s streamSeq, err error) {
		err = scan(&s.id, &s.seq)
		return s, err
	}, `INSERT INTO streams (domain, app, stream, last_seq) VALUES ($1, $2, $3, 1)
		ON CONFLICT (domain, app, stream) DO UPDATE SET last_seq = streams.last_seq + 1
		RETURNING id, last_seq`, key.Domain, key.App, key.Stream)
}
