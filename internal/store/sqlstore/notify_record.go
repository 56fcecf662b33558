package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// The log of callbacks is the attempts of both places. selectRecords returns the
// statement for what a query selects of one of them, which the indexes
// deliveries_first and attempts_started serve; CROSS JOIN has SQLite begin there.
func selectRecords(columns, table, startedAt, status, stream string) string {
	return `SELECT ` + columns + ` FROM ` + table + ` CROSS JOIN streams s
		WHERE ` + startedAt + ` >= $4 AND ` + startedAt + ` < $5 AND s.id = ` + stream + `
			AND s.domain = $1 AND ($2 = '' OR s.app = $2) AND ($3 = '' OR s.stream = $3)
			AND ($6 = '' OR ($6 = 'success') = (` + status + ` BETWEEN 200 AND 299))`
}

func firstRecords(columns string) string {
	return selectRecords(columns, `deliveries d`, `d.first_started_at`, `d.first_status`, `abs(d.stream_id)`)
}

func otherRecords(columns string) string {
	return selectRecords(columns, `attempts a`, `a.started_at`, `a.status`, `a.stream_id`)
}

func scanNotifyRecord(scan func(...any) error) (n live.NotifyRecord, err error) {
	err = scan(append(deliveryDest(&n.Delivery), attemptDest(&n.Attempt)...)...)
	return n, err
}

// NotifyRecords implements store.Reader.
func (r *Reader) NotifyRecords(ctx context.Context, q live.NotifyRecordQuery) ([]live.NotifyRecord, int, error) {
	total, err := one(ctx, r.conn, nil, value[int], `SELECT (`+firstRecords(`count(*)`)+`) + (`+otherRecords(`count(*)`)+`)`,
		q.Domain, q.App, q.Stream, q.From.UnixMicro(), q.To.UnixMicro(), string(q.Result))
	if err != nil {
		return nil, 0, fmt.Errorf("count notify records of domain %s: %w", q.Domain, err)
	}
	// The page is cut before the rest of its rows is read.
	page, err := all(ctx, r.conn, scanNotifyRecord,
		`SELECT `+deliveryColumns+`, p.delivery_id, p.number, p.started_at,
			coalesce(a.elapsed_ns, d.first_elapsed_ns), coalesce(a.address, d.first_address), coalesce(a.status, d.first_status),
			coalesce(a.err, d.first_err), coalesce(a.response, d.first_response), coalesce(a.replay, FALSE) FROM
			(`+firstRecords(`d.first_started_at AS started_at, d.id AS delivery_id, 1 AS number`)+`
			UNION ALL `+otherRecords(`a.started_at, a.delivery_id, a.number`)+`
			ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT $7 OFFSET $8) p
			JOIN deliveries d ON d.id = p.delivery_id
			LEFT JOIN attempts a ON a.delivery_id = p.delivery_id AND a.number = p.number
			JOIN events e ON e.id = d.event_id JOIN streams s ON s.id = e.stream_id
		ORDER BY p.started_at DESC, p.delivery_id DESC, p.number DESC`,
		q.Domain, q.App, q.Stream, q.From.UnixMicro(), q.To.UnixMicro(), string(q.Result), max(q.Limit, 0), max(q.Offset, 0))
	if err != nil {
		return nil, 0, fmt.Errorf("notify records of domain %s: %w", q.Domain, err)
	}
	return page, total, nil
}
