package main

import (
	"context"

	"tallylight/internal/config"
	"tallylight/internal/live"
	"tallylight/internal/node"
)

// enter takes the place of this server among those that share its database. With a
// database of its own it is alone.
func (s *server) enter(ctx context.Context, cfg config.Config) error {
	if cfg.Database == "" {
		return nil
	}
	m := node.New(node.Config{
		Store:    s.store,
		Host:     nodeName(),
		Place:    placeOf(cfg.Data),
		Sessions: func() []live.SessionInfo { return s.registry.Sessions() },
		Cut: func(match func(live.Session) bool, cause error) int {
			return s.registry.Cut(match, cause)
		},
		Command: func(ctx context.Context, key live.StreamKey, c live.RecordCommand) error {
			return s.recorder.Command(ctx, key, c)
		},
		Log: s.log,
	})
	if err := m.Enter(ctx); err != nil {
		return err
	}
	s.member = m
	return nil
}

// leave gives that place back. If it cannot, its lease ends by itself.
func (s *server) leave() {
	if !s.shared() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if err := s.member.Leave(ctx); err != nil {
		s.log.Warn("cannot give the place among other servers back", "err", err)
	}
}

// shared reports whether other servers may share the database.
func (s *server) shared() bool { return s.member != nil }

// Command carries out a command on a recording, wherever it is.
func (s *server) Command(ctx context.Context, key live.StreamKey, c live.RecordCommand) error {
	if s.shared() {
		return s.member.Command(ctx, key, c)
	}
	return s.recorder.Command(ctx, key, c)
}
