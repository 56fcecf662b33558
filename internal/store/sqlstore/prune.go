package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// prunable is whether an event e that occurred before $1 can go: what it owed is
// delivered, and was not replayed since, and it tells of no file that is still known
// (live.RecordFileID.EventID says which event tells of a file).
const prunable = `coalesce(e.occurred_at, 0) < $1
	AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND (d.state <> 'delivered' OR d.replayed_at >= $1))
	AND NOT EXISTS (SELECT 1 FROM record_files f WHERE f.id = 'file_' || substr(e.id, 5) AND f.state <> 'deleted')`

func scanEventID(scan func(...any) error) (id live.EventID, err error) {
	err = scan(&id)
	return id, err
}

// PrunableEvents implements store.Reader. Ids begin with the time at which they were
// made, so that a search of the primary key passes over what is younger.
func (r *Reader) PrunableEvents(ctx context.Context, before time.Time, after live.EventID, limit int) ([]live.EventID, error) {
	list, err := all(ctx, r.conn, scanEventID,
		`SELECT e.id FROM events e WHERE e.id > $2 AND e.id < $3 AND `+prunable+` ORDER BY e.id LIMIT $4`,
		before.UnixMicro(), string(after), string(live.EventIDsFrom(before)), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("prunable events: %w", err)
	}
	return list, nil
}

// PruneEvents implements store.Tx.
func (t *Tx) PruneEvents(ctx context.Context, before time.Time, ids []live.EventID) (int, error) {
	n, err := t.pruneEvents(ctx, before, ids)
	if err != nil {
		return 0, fmt.Errorf("prune %d events: %w", len(ids), err)
	}
	return n, nil
}

func (t *Tx) pruneEvents(ctx context.Context, before time.Time, ids []live.EventID) (int, error) {
	list, err := encodeStrings(ids)
	if err != nil {
		return 0, err
	}
	// A replay may have come between the look and now.
	if ids, err = all(ctx, t.conn, scanEventID,
		`SELECT e.id FROM events e WHERE e.id`+t.dialect.in("$2")+` AND `+prunable, before.UnixMicro(), list); err != nil || len(ids) == 0 {
		return 0, err
	}
	if list, err = encodeStrings(ids); err != nil {
		return 0, err
	}
	of := t.dialect.in("$1")
	for _, statement := range []string{
		`DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE event_id` + of + `)`,
		`DELETE FROM deliveries WHERE event_id` + of,
		`DELETE FROM events WHERE id` + of,
	} {
		if _, err := t.conn.Exec(ctx, statement, list); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
