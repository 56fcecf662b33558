package main

import (
	"log/slog"
	"path/filepath"

	"tallylight/internal/blob"
	"tallylight/internal/config"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

// newPlayback returns the record files of a server as MP4.
func newPlayback(cfg config.Config, st store.Store, buckets blob.Buckets, log *slog.Logger) *playback.Files {
	return playback.New(playback.Config{
		Store:    st,
		Buckets:  buckets,
		SpoolDir: filepath.Join(cfg.Data, "spool"),
		IndexDir: filepath.Join(cfg.Data, "index"),
		Log:      log,
	})
}
