package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// streamRegistry knows the streams that are live.
type streamRegistry interface {
	// Sessions returns the sessions that are live, the oldest first.
	Sessions() []live.SessionInfo
	// Cut ends the sessions that match and returns how many they are. Whoever
	// forbids something commits that to the store first, where other servers find it.
	Cut(match func(live.Session) bool, cause error) int
}

// liveSessions returns the sessions of a streaming domain that are live, those of
// other servers on the same store included, the oldest first. Of those, only the
// session is known.
func (s *Server) liveSessions(ctx context.Context, domain string) ([]live.SessionInfo, error) {
	var list []live.SessionInfo
	for _, session := range s.streams.Sessions() {
		if session.Key.Domain == domain {
			list = append(list, session)
		}
	}
	if !s.shared {
		return list, nil
	}
	var elsewhere []live.Session
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		elsewhere, err = r.SessionsElsewhere(ctx, domain, s.now())
		return err
	})
	for _, session := range elsewhere {
		list = append(list, live.SessionInfo{Session: session})
	}
	slices.SortFunc(list, func(a, b live.SessionInfo) int { return cmp.Compare(a.ID, b.ID) }) // ids sort by time
	return list, err
}

// publisherStreams is the one kind of streams that can be forbidden: those that
// are pushed.
const publisherStreams = "publisher"

// mayBeWritten reports whether the Update that ended with err has taken effect,
// or may have: what it forbids must then end, since a second try may find
// nothing left to do.
func mayBeWritten(err error) bool { return err == nil || errors.Is(err, store.ErrUncertain) }

// cutDomain ends the sessions that were pushed to a domain or through it.
func (s *Server) cutDomain(name string, cause error) {
	s.streams.Cut(func(session live.Session) bool {
		return session.Key.Domain == name || session.IngestDomain == name
	}, fmt.Errorf("%w: %s", cause, name))
}

// streamsDomain returns the streaming domain of the streams that are pushed to a
// domain of the caller: the domain itself, or the one that an ingest domain is
// mapped to. An ingest domain without a mapping has no streams.
func streamsDomain(ctx context.Context, r store.Reader, c caller, name string) (string, error) {
	d, err := domain(ctx, r, c, name)
	if err != nil || d.Type == live.StreamingDomain {
		return d.Name, err
	}
	m, err := r.DomainMapping(ctx, d.Name)
	if errors.Is(err, live.ErrNotFound) {
		err = fmt.Errorf("domain %s is not mapped: %w", d.Name, live.ErrDomainType)
	}
	return m.PullDomain, err
}

// pushURL returns where a session is pushed to, without parameters, which may
// hold secrets.
func pushURL(s live.Session) string {
	return s.Protocol + "://" + s.IngestDomain + "/" + s.Key.App + "/" + s.Key.Stream
}

// publishType returns how a session came in: through an ingest domain of its own
// (edge), or addressed to its streaming domain (center).
func publishType(s live.Session) string {
	if s.IngestDomain == s.Key.Domain {
		return "center"
	}
	return "edge"
}

// ip returns the address without its port, "" if there is none.
func ip(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().String()
}
