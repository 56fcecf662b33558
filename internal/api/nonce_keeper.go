package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// keepInterval is how often nonces go to the store that nobody waits for.
	keepInterval = time.Second

	// lastKeepTimeout bounds the last time, when the server ends.
	lastKeepTimeout = 5 * time.Second
)

// A nonceKeeper is a nonceStore whose nonces survive a restart. It answers from
// memory. The store is told of all new nonces at once, each second, or when
// somebody needs his to be durable: then those who came meanwhile share the
// commit.
//
// Where servers share the store, a nonce that has to be durable is a row of its own,
// which the first of them adds. The others are known only to the server that took
// them: a call that reads could be sent again to another one.
type nonceKeeper struct {
	set    *nonceSet
	store  configStore
	now    func() time.Time
	shared bool

	// turn is held, by a value in it, by the one who writes.
	turn chan struct{}

	mu      sync.Mutex
	pending []pendingNonce // in the order in which they were used
	used    uint64         // how many were used in all
	kept    uint64         // how many of these, the first ones, are in the store
}

type pendingNonce struct {
	digest     uint64
	generation generation
}

func newNonceKeeper(st configStore, limit int, now func() time.Time) *nonceKeeper {
	return &nonceKeeper{set: newNonceSet(limit), store: st, now: now, turn: make(chan struct{}, 1)}
}

// Use implements nonceStore.
func (k *nonceKeeper) Use(ctx context.Context, accessKeyID, nonce string, now, expires time.Time, keep bool) error {
	digest, g := nonceDigest(accessKeyID, nonce), generationOf(expires)
	if err := k.set.use(accessKeyID, digest, g, now); err != nil {
		return err
	}
	k.mu.Lock()
	k.pending = append(k.pending, pendingNonce{digest, g})
	k.used++
	number := k.used
	k.mu.Unlock()
	switch {
	case !keep:
		return nil
	case k.shared:
		return k.claim(ctx, digest, g)
	}
	return k.keep(ctx, number)
}

// claim takes a nonce before all other servers.
func (k *nonceKeeper) claim(ctx context.Context, digest uint64, g generation) error {
	fresh := false
	err := k.store.Update(ctx, func(tx store.Tx) (err error) {
		fresh, err = tx.UseNonce(ctx, digest, g.end())
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("take nonce: %w", err)
	case !fresh:
		return apierr.SignatureNonceUsed
	}
	return nil
}

// keep returns when the nonces up to number are in the store. Where another
// call writes, it waits, and mostly finds its own nonce written with the next.
func (k *nonceKeeper) keep(ctx context.Context, number uint64) error {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-k.turn }()

	k.mu.Lock()
	if k.kept >= number {
		k.mu.Unlock()
		return nil
	}
	batch, last := k.pending, k.used
	k.pending = nil
	k.mu.Unlock()

	now := k.now()
	batch = slices.DeleteFunc(batch, func(p pendingNonce) bool { return !now.Before(p.generation.end()) })
	err := k.write(ctx, batch, now)

	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		// They stay owed. Those of an outcome unknown may be written twice, which
		// does no harm.
		k.pending = append(batch, k.pending...)
		return fmt.Errorf("keep nonces: %w", err)
	}
	k.kept = last
	return nil
}

// write adds the batch to the store, a row for each generation, and deletes what
// has expired there.
func (k *nonceKeeper) write(ctx context.Context, batch []pendingNonce, now time.Time) error {
	byGeneration := make(map[generation][]uint64)
	for _, p := range batch {
		byGeneration[p.generation] = append(byGeneration[p.generation], p.digest)
	}
	return k.store.Update(ctx, func(tx store.Tx) error {
		for g, digests := range byGeneration {
			if err := tx.AddNonces(ctx, live.Nonces{ExpiresAt: g.end(), Digests: digests}); err != nil {
				return err
			}
		}
		return tx.DeleteNonces(ctx, now)
	})
}

// restore reads what an earlier run has kept.
func (k *nonceKeeper) restore(ctx context.Context) error {
	return k.store.View(ctx, func(r store.Reader) error {
		list, err := r.Nonces(ctx, k.now())
		for _, n := range list {
			k.set.restore(n.Digests, generation(n.ExpiresAt.Unix()))
		}
		return err
	})
}

// run keeps nonces each second until ctx ends, and then the last ones. Errors go
// to failed.
func (k *nonceKeeper) run(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(keepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := k.keepAll(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastKeepTimeout)
			defer cancel()
			if err := k.keepAll(last); err != nil {
				failed(err)
			}
			return
		}
	}
}

func (k *nonceKeeper) keepAll(ctx context.Context) error {
	k.mu.Lock()
	used := k.used
	k.mu.Unlock()
	return k.keep(ctx, used)
}
