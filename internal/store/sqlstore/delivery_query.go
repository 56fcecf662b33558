package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"tallylight/internal/live"
)

// Deliveries implements store.Reader. Of the conditions only those that are asked
// for are in the statement, so that an index can serve them. CROSS JOIN is how
// SQLite is told which table to begin with: that whose order is asked for.
func (r *Reader) Deliveries(ctx context.Context, q live.DeliveryQuery) ([]live.Delivery, error) {
	var conditions []string
	var args []any
	where := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprint("$", len(args)), 1)
		}
		conditions = append(conditions, condition)
	}
	tables, order := `deliveries d CROSS JOIN events e CROSS JOIN streams s`, `d.id`
	where("e.id = d.event_id AND s.id = e.stream_id")
	after := live.Delivery{}
	if q.After != nil {
		after = *q.After
	}
	if q.Domain == "" {
		where("d.id > ?", string(after.ID))
	} else {
		tables, order = `streams s CROSS JOIN events e CROSS JOIN deliveries d`, `s.app, s.stream, e.seq, d.id`
		k := after.Event.Key
		where("s.domain = ? AND (s.app, s.stream) >= (?, ?) AND (s.app, s.stream, e.seq, d.id) > (?, ?, ?, ?)",
			q.Domain, k.App, k.Stream, k.App, k.Stream, after.Event.Seq, string(after.ID))
	}
	switch {
	case strings.HasPrefix(q.ID, live.EventIDPrefix):
		where("d.event_id = ?", q.ID)
	case q.ID != "":
		where("d.id = ?", q.ID)
	}
	if q.App != "" {
		where("s.app = ?", q.App)
	}
	if q.Stream != "" {
		where("s.stream = ?", q.Stream)
	}
	switch q.State {
	case "":
	case live.DeliveryDead: // spelt out: a partial index serves it
		where("d.state = 'dead'")
	default:
		where("d.state = ?", string(q.State))
	}
	if q.Origin != "" {
		where("d.origin = ?", q.Origin)
	}
	if !q.From.IsZero() {
		where("e.occurred_at >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		where("e.occurred_at < ?", q.To.UnixMicro())
	}
	args = append(args, max(q.Limit, 0))
	list, err := all(ctx, r.conn, scanDelivery, `SELECT `+deliveryColumns+` FROM `+tables+
		` WHERE `+strings.Join(conditions, " AND ")+` ORDER BY `+order+` LIMIT $`+fmt.Sprint(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return list, nil
}

func scanDelivery(scan func(...any) error) (d live.Delivery, err error) {
	err = scan(deliveryDest(&d)...)
	return d, err
}
