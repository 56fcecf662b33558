//go:build unix

package main

import (
	"path/filepath"
	"testing"

	"tallylight/internal/config"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
)

func TestACommandSeesWhatTheServerKeepsInPostgreSQL(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Data, cfg.Database = t.TempDir(), pgtest.New(t).URL("postgres")
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	server, err := openDatabase(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	err = server.Update(t.Context(), func(tx store.Tx) error { return tx.AddAccount(t.Context(), live.Account{ID: "1"}) })
	if err != nil {
		t.Fatal(err)
	}
	flags := dataFlags{Data: &cfg.Data, Database: &cfg.Database}
	err = flags.view(t.Context(), func(_ store.Reader, account live.AccountID) error {
		if account != "1" {
			t.Errorf("the command sees the account %q, want the server's", account)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if files, err := filepath.Glob(filepath.Join(cfg.Data, databaseFile+"*")); err != nil || len(files) > 0 {
		t.Errorf("beside it, there is %q, %v", files, err)
	}
}
