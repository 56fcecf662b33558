package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tallylight/internal/config"
)

func TestAServerKeepsItsName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := nodeID(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := nodeID(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := nodeID(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if first == "" || again != first || other == first {
		t.Errorf("names %q, then %q, another server's %q", first, again, other)
	}
	if _, err := nodeID(filepath.Join(dir, nodeFile)); err == nil {
		t.Error("a server found its name in a folder that is none")
	}
}

func TestADatabaseInTheFolderNeedsNoName(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	if _, err := joinDatabase(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), cfg.Data) {
		t.Errorf("joined a database that nobody has made: %v", err)
	}
	st, err := openDatabase(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := os.Stat(filepath.Join(cfg.Data, nodeFile)); err == nil {
		t.Error("a server that stands alone was given a name")
	}
	guest, err := joinDatabase(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.Close(); err != nil {
		t.Error(err)
	}
}
