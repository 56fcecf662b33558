package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

func scanNotifyRecord(scan func(...any) error) (n live.NotifyRecord, err error) {
	err = scan(append(deliveryDest(&n.Delivery), attemptDest(&n.Attempt)...)...)
	return n, err
}

// NotifyRecords implements store.Reader.
func (r *Reader) NotifyRecords(ctx context.Context, q live.NotifyRecordQuery) ([]live.NotifyRecord, int, error) {
	const (
		// The index attempts_started has all that is asked for here.
		selected = ` FROM attempts a JOIN streams s ON s.id = a.stream_id
			WHERE s.domain = $1 AND ($2 = '' OR s.app = $2) AND ($3 = '' OR s.stream = $3)
				AND a.started_at >= $4 AND a.started_at < $5
				AND ($6 = '' OR ($6 = 'success') = (a.status BETWEEN 200 AND 299))`
		newest = ` ORDER BY a.started_at DESC, a.delivery_id DESC, a.number DESC`
	)
	total, err := one(ctx, r.conn, nil, value[int], `SELECT count(*)`+selected,
		q.Domain, q.App, q.Stream, q.From.UnixMicro(), q.To.UnixMicro(), string(q.Result))
	if err != nil {
		return nil, 0, fmt.Errorf("count notify records of domain %s: %w", q.Domain, err)
	}
	// The page is cut before the rest of its rows is read.
	page, err := all(ctx, r.conn, scanNotifyRecord,
		`SELECT `+deliveryColumns+`, `+attemptColumns+` FROM
			(SELECT a.delivery_id, a.number`+selected+newest+` LIMIT $7 OFFSET $8) p
			JOIN attempts a ON a.delivery_id = p.delivery_id AND a.number = p.number
			JOIN deliveries d ON d.id = a.delivery_id
			JOIN events e ON e.id = d.event_id JOIN streams s ON s.id = e.stream_id`+newest,
		q.Domain, q.App, q.Stream, q.From.UnixMicro(), q.To.UnixMicro(), string(q.Result), max(q.Limit, 0), max(q.Offset, 0))
	if err != nil {
		return nil, 0, fmt.Errorf("notify records of domain %s: %w", q.Domain, err)
	}
	return page, total, nil
}
