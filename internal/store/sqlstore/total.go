package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// StoredTotals implements store.Reader.
func (r *Reader) StoredTotals(ctx context.Context, from time.Time, limit int) ([]live.StoredTotal, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (t live.StoredTotal, err error) {
		err = scan(&t.Domain, &t.Files, &t.Size)
		return t, err
	}, `SELECT domain, count(*), CAST(sum(size) AS BIGINT) FROM (
			SELECT domain, size FROM record_files WHERE state = 'stored' AND `+started+` >= $1 ORDER BY `+started+` DESC, id DESC LIMIT $2) p
		GROUP BY domain ORDER BY domain`, from.UnixMicro(), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("totals of stored files: %w", err)
	}
	return list, nil
}

// UndeliveredTotals implements store.Reader.
func (r *Reader) UndeliveredTotals(ctx context.Context, limit int) ([]live.UndeliveredTotal, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (t live.UndeliveredTotal, err error) {
		err = scan(&t.Domain, &t.Pending, &t.Dead)
		return t, err
	}, `SELECT s.domain, CAST(sum(p.pending) AS BIGINT), CAST(sum(p.dead) AS BIGINT) FROM (
			SELECT stream_id, 1 AS pending, 0 AS dead FROM (SELECT stream_id FROM deliveries WHERE state = 'pending' LIMIT $1) p
			UNION ALL SELECT stream_id, 0, 1 FROM (SELECT stream_id FROM deliveries WHERE state = 'dead' LIMIT $1) p) p
		JOIN streams s ON s.id = p.stream_id GROUP BY s.domain ORDER BY s.domain`, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("totals of deliveries: %w", err)
	}
	return list, nil
}
