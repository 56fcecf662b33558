package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"tallylight/internal/live"
)

// Deliveries implements store.Reader. Of the conditions only those that are asked
// for are in the statement, so that an index can serve them. CROSS JOIN is how
// SQLite is told to begin with the deliveries, whose order is asked for.
func (r *Reader) Deliveries(ctx context.Context, q live.DeliveryQuery) ([]live.Delivery, error) {
	var args []any
	bind := func(condition string, values ...any) string {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprint("$", len(args)), 1)
		}
		return condition
	}
	conditions := []string{"e.id = d.event_id AND s.id = e.stream_id"}
	where := func(condition string, values ...any) { conditions = append(conditions, bind(condition, values...)) }
	switch {
	case strings.HasPrefix(q.ID, live.EventIDPrefix):
		where("d.event_id = ?", q.ID)
	case q.ID != "":
		where("d.id = ?", q.ID)
	}
	var after live.Delivery
	if q.After != nil {
		after = *q.After
	}
	where("(d.event_id, d.id) > (?, ?)", string(after.Event.ID), string(after.ID))
	var streams []string
	for _, c := range []struct{ column, value string }{{"domain", q.Domain}, {"app", q.App}, {"stream", q.Stream}} {
		if c.value != "" {
			streams = append(streams, bind("o."+c.column+" = ?", c.value))
		}
	}
	if len(streams) > 0 {
		where("abs(d.stream_id) IN (SELECT o.id FROM streams o WHERE " + strings.Join(streams, " AND ") + ")")
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
	list, err := all(ctx, r.conn, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d CROSS JOIN events e CROSS JOIN streams s
		WHERE `+strings.Join(conditions, " AND ")+` ORDER BY d.event_id, d.id LIMIT $`+fmt.Sprint(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return list, nil
}

func scanDelivery(scan func(...any) error) (d live.Delivery, err error) {
	err = scan(deliveryDest(&d)...)
	return d, err
}
