package sqlstore

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// ReplayDelivery implements store.Tx. A delivery that is held is left alone: the end
// of its attempt would undo the change.
func (t *Tx) ReplayDelivery(ctx context.Context, id live.DeliveryID, signKey string, now time.Time, burst int) (bool, error) {
	n, err := t.conn.Exec(ctx, `UPDATE deliveries SET state = 'pending', earlier = earlier + attempts, attempts = 0,
			sign_key = $2, due_at = $3, replayed_at = $3, stream_id = -abs(stream_id), waiting = FALSE
		WHERE id = $1 AND (state <> 'pending' OR attempts > $4 AND leased_until IS NULL)`,
		string(id), signKey, now.UnixMicro(), burst)
	if err != nil {
		return false, fmt.Errorf("replay delivery %s: %w", id, err)
	}
	return n > 0, nil
}

// ForgetDelivery implements store.Tx.
func (t *Tx) ForgetDelivery(ctx context.Context, id live.DeliveryID) (bool, error) {
	const dead = `(SELECT id FROM deliveries WHERE id = $1 AND state = 'dead')`
	_, err := t.conn.Exec(ctx, `DELETE FROM attempts WHERE delivery_id = `+dead, string(id))
	n := int64(0)
	if err == nil {
		n, err = t.conn.Exec(ctx, `DELETE FROM deliveries WHERE id = `+dead, string(id))
	}
	if err != nil {
		return false, fmt.Errorf("forget delivery %s: %w", id, err)
	}
	return n > 0, nil
}
