// Command delivering is the program bare with all that keeps events, in SQLite or
// PostgreSQL, and delivers them. The benchmark measures how much larger it is.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/outbox"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/sqlite"
)

func main() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		slog.Error("request failed", "err", err)
		return
	}
	slog.Error("delivery ended", "err", deliver(context.Background(), os.Args[1]))
	slog.Error("server ended", "err", http.ListenAndServeTLS("", os.Args[1], os.Args[1], http.NotFoundHandler()), "status", resp.Status)
}

func deliver(ctx context.Context, database string) error {
	var st store.Store
	st, err := sqlite.Open(ctx, database, sqlite.Options{})
	if err != nil {
		st, err = postgres.Open(ctx, database, postgres.Options{})
	}
	if err != nil {
		return err
	}
	guard, err := callback.NewGuard(callback.GuardConfig{})
	if err != nil {
		return err
	}
	d := callback.New(callback.Config{Store: st, Guard: guard, Log: slog.Default()})
	err = st.Update(ctx, func(tx store.Tx) error {
		owed, err := outbox.Owe(ctx, tx, live.Event{}, outbox.Target{URL: database}, live.Event{}.OccurredAt)
		d.HandOver(owed...)
		return err
	})
	if err != nil {
		return err
	}
	_, err = callback.NewReplayer(callback.ReplayerConfig{Store: st, Log: slog.Default()}).Replay(ctx, live.DeliveryQuery{})
	if err != nil {
		return err
	}
	if err := callback.NewPruner(callback.PrunerConfig{Store: st, Log: slog.Default()}).Run(ctx); err != nil {
		return err
	}
	return d.Run(ctx)
}
