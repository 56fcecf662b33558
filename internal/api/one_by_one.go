package api

import (
	"context"

	"tallylight/internal/store"
)

// oneByOne is a store that several servers share. What operations change is checked
// across tables, so those that change something run one after the other.
type oneByOne struct{ configStore }

func (s oneByOne) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.configStore.Update(ctx, func(tx store.Tx) error {
		if err := tx.LockConfigs(ctx); err != nil {
			return err
		}
		return fn(tx)
	})
}
