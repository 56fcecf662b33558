package main

import (
	"context"
	"errors"
	"os"

	"tallylight/internal/config"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// dataFlags say whose data a command works on. A server may be running there or
// not.
type dataFlags struct {
	Config   string  `help:"Read settings from this YAML file." placeholder:"FILE"`
	Data     *string `help:"Folder of the server's data (default ./tallylight-data)." placeholder:"DIR"`
	Database *string `help:"URL of the server's PostgreSQL database, if it uses one." placeholder:"URL"`
}

// settings returns the settings of the server whose data it is.
func (f *dataFlags) settings() (config.Config, error) {
	cfg, err := config.Load(f.Config, os.Environ())
	if err != nil {
		return cfg, usageError{err}
	}
	if f.Data != nil {
		cfg.Data = *f.Data
	}
	if f.Database != nil {
		cfg.Database = *f.Database
	}
	return cfg, nil
}

// with runs fn with the database and the account that owns it.
func (f *dataFlags) with(ctx context.Context, fn func(st store.Store, account live.AccountID) error) (err error) {
	cfg, err := f.settings()
	if err != nil {
		return err
	}
	st, err := joinDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var owner live.Account
	err = st.View(ctx, func(r store.Reader) (err error) {
		owner, err = r.OwnerAccount(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return fn(st, owner.ID)
}

// update runs fn in a transaction on the database.
func (f *dataFlags) update(ctx context.Context, fn func(tx store.Tx, account live.AccountID) error) error {
	return f.with(ctx, func(st store.Store, account live.AccountID) error {
		return st.Update(ctx, func(tx store.Tx) error { return fn(tx, account) })
	})
}

// view does the same to read.
func (f *dataFlags) view(ctx context.Context, fn func(r store.Reader, account live.AccountID) error) error {
	return f.with(ctx, func(st store.Store, account live.AccountID) error {
		return st.View(ctx, func(r store.Reader) error { return fn(r, account) })
	})
}
