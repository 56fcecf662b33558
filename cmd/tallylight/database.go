package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tallylight/internal/config"
	"tallylight/internal/durable"
	"tallylight/internal/identity"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/sqlite"
)

// Names in the data folder.
const (
	databaseFile = "tallylight.db" // the database, unless another is configured
	nodeFile     = "node"          // the server's name among those that share a database
)

// openDatabase opens the server's database: the configured one, or the file in the
// data folder. It tells upgrading, unless that is nil, the name of each migration of
// a database that was written by an earlier version.
func openDatabase(ctx context.Context, cfg config.Config, upgrading func(migration string)) (store.Store, error) {
	if cfg.Database == "" {
		st, err := sqlite.Open(ctx, filepath.Join(cfg.Data, databaseFile), sqlite.Options{Upgrading: upgrading})
		if err != nil {
			return nil, err
		}
		return st, nil
	}
	node, err := nodeID(cfg.Data)
	if err != nil {
		return nil, err
	}
	st, err := postgres.Open(ctx, cfg.Database, postgres.Options{Node: node, Upgrading: upgrading})
	if err != nil {
		return nil, err
	}
	return st, nil
}

// joinDatabase opens it for a command, beside a server that may be running.
func joinDatabase(ctx context.Context, cfg config.Config) (store.Store, error) {
	if cfg.Database != "" {
		st, err := postgres.Join(ctx, cfg.Database)
		if err != nil {
			return nil, err
		}
		return st, nil
	}
	st, err := sqlite.Join(ctx, filepath.Join(cfg.Data, databaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no server has used the folder %s yet: start one, or name another folder with --data", cfg.Data)
	}
	if err != nil {
		return nil, err
	}
	return st, nil
}

// nodeID returns the name of the server whose data folder that is. It is made up
// at the first start and stays, so that a server finds again what it had claimed.
func nodeID(dir string) (string, error) {
	path := filepath.Join(dir, nodeFile)
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("name of this server: %w", err)
	}
	id := identity.RandomText(16)
	if err := durable.WriteFile(path, []byte(id+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("name of this server: %w", err)
	}
	return id, nil
}
