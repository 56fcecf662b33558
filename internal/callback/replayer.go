package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// replayBatch bounds the deliveries that one Update replays, so that commits of
// recordings never wait long.
const replayBatch = 100

// A ReplayerConfig is what a Replayer works with. Store and Log are needed.
type ReplayerConfig struct {
	Store deliveryStore
	Log   *slog.Logger
	// Committed is called after replays were committed; it must not block. nil: the
	// deliverer, in another process, finds them itself.
	Committed func()
}

// A Replayer has deliveries made once more, and forgets those that are dead.
type Replayer struct{ cfg ReplayerConfig }

// NewReplayer returns a Replayer.
func NewReplayer(c ReplayerConfig) *Replayer {
	if c.Committed == nil {
		c.Committed = func() {}
	}
	return &Replayer{cfg: c}
}

// Replay has the deliveries that q selects made once more, at most q.Limit, at once
// and with the signing key of today: see store.Tx.ReplayDelivery for what becomes of
// each. Beside an error it says what was done before it.
func (r *Replayer) Replay(ctx context.Context, q live.DeliveryQuery) (live.Replay, error) {
	var done live.Replay
	err := r.each(ctx, q, &done.Last, func(tx store.Tx, now time.Time, page []live.Delivery) (func(), error) {
		replayed := 0
		for _, dv := range page {
			key, err := currentSignKey(ctx, tx, dv)
			if err != nil {
				return nil, err
			}
			ok, err := tx.ReplayDelivery(ctx, dv.ID, key, now, burstRetries)
			if err != nil {
				return nil, err
			}
			if ok {
				replayed++
			}
		}
		return func() {
			done.Replayed += replayed
			done.Left += len(page) - replayed
			if replayed > 0 {
				r.cfg.Committed()
			}
		}, nil
	})
	if done.Replayed > 0 {
		r.cfg.Log.Info("callbacks replayed", keyDeliveries, done.Replayed)
	}
	if err != nil {
		return done, fmt.Errorf("replay deliveries: %w", err)
	}
	return done, nil
}

// Forget deletes the dead ones of the deliveries that q selects, and returns how
// many. Beside an error it says what was done before it.
func (r *Replayer) Forget(ctx context.Context, q live.DeliveryQuery) (forgotten int, err error) {
	q.State = live.DeliveryDead
	var last *live.Delivery
	err = r.each(ctx, q, &last, func(tx store.Tx, _ time.Time, page []live.Delivery) (func(), error) {
		n := 0
		for _, dv := range page {
			ok, err := tx.ForgetDelivery(ctx, dv.ID)
			if err != nil {
				return nil, err
			}
			if ok {
				n++
			}
		}
		return func() { forgotten += n }, nil
	})
	if forgotten > 0 {
		r.cfg.Log.Info("dead callbacks forgotten", keyDeliveries, forgotten)
	}
	if err != nil {
		return forgotten, fmt.Errorf("forget deliveries: %w", err)
	}
	return forgotten, nil
}

// each calls fn in an Update for each batch of what q selects, and what fn returned
// once that is committed. Then *last is the last delivery of the batch, nil after
// the last batch.
func (r *Replayer) each(ctx context.Context, q live.DeliveryQuery, last **live.Delivery, fn func(tx store.Tx, now time.Time, page []live.Delivery) (done func(), err error)) error {
	for left := q.Limit; left > 0; {
		q.Limit = min(left, replayBatch)
		var page []live.Delivery
		// What is selected is read beside the commits of others.
		err := r.cfg.Store.View(ctx, func(rd store.Reader) (err error) {
			page, err = rd.Deliveries(ctx, q)
			return err
		})
		if err != nil {
			return err
		}
		if len(page) > 0 {
			var done func()
			err := r.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
				done, err = fn(tx, time.Now(), page)
				return err
			})
			if err != nil {
				return err
			}
			done()
			q.After = &page[len(page)-1]
			*last = q.After
			left -= len(page)
		}
		if len(page) < q.Limit {
			*last = nil
			return nil
		}
	}
	return nil
}

// currentSignKey returns the key that dv is signed with if it is made today. Where
// its configuration is gone or names another URL now, it keeps its key.
func currentSignKey(ctx context.Context, r store.Reader, dv live.Delivery) (string, error) {
	if dv.Endpoint != "" {
		return dv.SignKey, nil
	}
	var url, key string
	var err error
	if dv.Event.Type.OfPushes() {
		var c live.StreamsNotifyConfig
		c, err = r.StreamsNotifyConfig(ctx, dv.Event.Key.Domain)
		url, key = c.NotifyURL, c.SignKey()
	} else {
		var c live.NotifyConfig
		c, err = r.NotifyConfig(ctx, dv.Event.Key.Domain)
		url, key = c.NotifyURL, c.SignKey()
	}
	switch {
	case errors.Is(err, live.ErrConfigNotFound), err == nil && url != dv.URL:
		return dv.SignKey, nil
	case err != nil:
		return "", err
	}
	return key, nil
}
