package callback

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// pruneInterval is the time between two runs of a Pruner.
	pruneInterval = time.Hour
	// pruneBatch bounds the events that one Update deletes. The commits of others have
	// the store for themselves for as long as that took, and for prunePause at least.
	pruneBatch = 500
	prunePause = 5 * time.Millisecond
)

// A PrunerConfig is what a Pruner works with. All of it is needed.
type PrunerConfig struct {
	Store deliveryStore
	// Keep is how long the log of callbacks is kept.
	Keep time.Duration
	Log  *slog.Logger
}

// A Pruner deletes from the log of callbacks what is old: events, with their
// deliveries and attempts, and the health of receivers that are called no more. What is pending or dead stays however old it is, and so
// does what tells of a record file that is still there.
type Pruner struct{ cfg PrunerConfig }

// NewPruner returns a Pruner; nothing runs before Run.
func NewPruner(c PrunerConfig) *Pruner { return &Pruner{cfg: c} }

// Run prunes at once and then every hour, until ctx ends. What fails is left to the
// next time.
func (p *Pruner) Run(ctx context.Context) error {
	ticker := time.NewTicker(pruneInterval)
	defer ticker.Stop()
	for {
		pruned, err := p.prune(ctx)
		if pruned > 0 {
			p.cfg.Log.Info("log of callbacks pruned", keyEvents, pruned)
		}
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.Error("pruning the log of callbacks failed, trying again later", keyErr, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// prune deletes what is old now, and returns how many events that were.
func (p *Pruner) prune(ctx context.Context) (pruned int, err error) {
	// The last attempt can be that much younger than its event.
	before := time.Now().Add(-p.cfg.Keep - tailEnd)
	for after := live.EventID(""); ; {
		var ids []live.EventID
		err := p.cfg.Store.View(ctx, func(r store.Reader) (err error) {
			ids, err = r.PrunableEvents(ctx, before, after, pruneBatch)
			return err
		})
		if err != nil {
			return pruned, fmt.Errorf("look for old events: %w", err)
		}
		if len(ids) == 0 {
			return pruned, p.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteReceiverHealth(ctx, before) })
		}
		n, began := 0, time.Now()
		err = p.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
			n, err = tx.PruneEvents(ctx, before, ids)
			return err
		})
		if err != nil {
			return pruned, err
		}
		pruned += n
		after = ids[len(ids)-1]
		select {
		case <-time.After(max(prunePause, time.Since(began))):
		case <-ctx.Done():
			return pruned, ctx.Err()
		}
	}
}
