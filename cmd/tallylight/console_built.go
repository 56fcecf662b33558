//go:build !noconsole

package main

import (
	"cmp"
	"context"
	"net"
	"slices"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/config"
	"tallylight/internal/console"
	"tallylight/internal/live"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

// consoleBuilt says that this binary has the console.
const consoleBuilt = true

// newConsole connects the console to the parts that it shows.
func (s *server) newConsole(cfg config.Config) pages {
	if !cfg.Console.Enabled {
		return noConsole("the console is switched off: console.enabled")
	}
	zone, _ := cfg.Record.Zone() // it was good when the recorder was opened
	configs := store.Transactions(s.store)
	if s.shared() {
		configs = store.OneByOne(s.store)
	}
	return console.New(console.Config{
		URLs:            s.guard,
		Zone:            zone,
		Store:           configs,
		API:             s.api,
		Streams:         s.registry,
		Recorder:        s.recorder,
		Space:           s.space,
		PushAddr:        func() net.Addr { return s.rtmpListener.Addr() },
		Callbacks:       receiverTrials{s},
		Recordings:      recordings{s.playback, s.links},
		SessionLifetime: cfg.Console.SessionLifetime,
		Secure:          cfg.PublicHTTPS(),
		Version:         version,
		Log:             s.log,
		Now:             time.Now,
	})
}

// recordings presents record files, and signs links to them.
type recordings struct {
	*playback.Files
	*playback.Links
}

// receiverTrials lets the console try receivers as the server would reach them.
type receiverTrials struct{ s *server }

func (t receiverTrials) Simulate(ctx context.Context, dv live.Delivery) (callback.Simulation, error) {
	return callback.Simulate(ctx, t.s.delivering, dv)
}

func (t receiverTrials) Try(ctx context.Context, q live.Question) callback.Trial {
	return t.s.asker.Try(ctx, q)
}

func (t receiverTrials) Wake() { t.s.deliverer.Wake() }

// space says how the spool and the buckets are doing.
func (s *server) space() console.Space {
	stats := s.uploads.Stats()
	space := console.Space{
		Waiting:  stats.SpoolBytes - stats.KeptBytes,
		Quota:    stats.Quota,
		DiskFree: stats.DiskFree,
		DiskSize: stats.DiskSize,
		DiskLow:  stats.DiskLow,
	}
	for name, b := range stats.Buckets {
		if b.Away {
			space.Away = append(space.Away, console.AwayBucket{Name: name, Files: b.Files, Size: b.Bytes, Oldest: b.Oldest})
		}
	}
	slices.SortFunc(space.Away, func(a, b console.AwayBucket) int { return cmp.Compare(a.Name, b.Name) })
	return space
}
