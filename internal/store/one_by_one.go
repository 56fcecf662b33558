package store

import "context"

// Transactions is the part of a Store that most callers need.
type Transactions interface {
	Update(ctx context.Context, fn func(Tx) error) error
	View(ctx context.Context, fn func(Reader) error) error
}

// OneByOne returns t with Updates that call LockConfigs first. It is for those who
// check across tables what they change, in a store that several servers share.
func OneByOne(t Transactions) Transactions { return oneByOne{t} }

type oneByOne struct{ Transactions }

func (s oneByOne) Update(ctx context.Context, fn func(Tx) error) error {
	return s.Transactions.Update(ctx, func(tx Tx) error {
		if err := tx.LockConfigs(ctx); err != nil {
			return err
		}
		return fn(tx)
	})
}
