package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/live"
)

// SessionsElsewhere implements store.Reader.
func (r *Reader) SessionsElsewhere(ctx context.Context, domain string, now time.Time) ([]live.Session, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (live.Session, error) {
		s, err := scanSession(scan)
		return s.Session, err
	}, `SELECT s.`+strings.ReplaceAll(sessionColumns, ", ", ", s.")+`
		FROM publishers p JOIN nodes n ON n.name = p.node JOIN sessions s ON s.id = p.session_id
		WHERE p.domain = $1 AND p.node <> $2 AND n.leased_until > $3 ORDER BY s.id`, domain, r.node, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("sessions of domain %s on other nodes: %w", domain, err)
	}
	return list, nil
}

// HeldSessions implements store.Reader.
func (r *Reader) HeldSessions(ctx context.Context) ([]live.SessionID, error) {
	list, err := all(ctx, r.conn, value[live.SessionID], `SELECT session_id FROM publishers WHERE node = $1`, r.node)
	if err != nil {
		return nil, fmt.Errorf("sessions of node %s: %w", r.node, err)
	}
	return list, nil
}

// Why a session is unwanted, as the statement of UnwantedSessions says it.
var unwantedReasons = map[string]error{
	"forbidden": live.ErrStreamForbidden,
	"stopped":   live.ErrDomainStopped,
	"gone":      live.ErrDomainNotFound,
}

// UnwantedSessions implements store.Reader.
func (r *Reader) UnwantedSessions(ctx context.Context, now time.Time) ([]live.Unwanted, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (u live.Unwanted, err error) {
		var reason string
		err = scan(&u.Session, &reason)
		u.Reason = unwantedReasons[reason]
		return u, err
	}, `SELECT session_id, reason FROM (
			SELECT p.session_id, CASE
				WHEN p.cut OR EXISTS (SELECT 1 FROM blocks b
					WHERE b.domain = p.domain AND b.app = p.app AND b.stream = p.stream AND b.until > $2) THEN 'forbidden'
				WHEN d.name IS NULL OR i.name IS NULL THEN 'gone'
				WHEN d.status <> 'online' OR i.status <> 'online' THEN 'stopped' END AS reason
			FROM publishers p LEFT JOIN domains d ON d.name = p.domain LEFT JOIN domains i ON i.name = p.ingest_domain
			WHERE p.node = $1) p
		WHERE reason IS NOT NULL`, r.node, now.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("unwanted sessions of node %s: %w", r.node, err)
	}
	return list, nil
}

// BeginSession implements store.Tx.
func (t *Tx) BeginSession(ctx context.Context, s live.Session, now time.Time) error {
	// Another Update may change who has the stream until the row is ours. Then it is
	// refused below, or it was this node's, which ends its sessions itself.
	before, err := all(ctx, t.conn, value[live.SessionID],
		`SELECT session_id FROM publishers WHERE domain = $1 AND app = $2 AND stream = $3`, s.Key.Domain, s.Key.App, s.Key.Stream)
	if err != nil {
		return fmt.Errorf("begin session %s: %w", s.ID, err)
	}
	err = change(ctx, t.conn, live.ErrStreamBusy, `INSERT INTO publishers (domain, app, stream, session_id, ingest_domain, node)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (domain, app, stream) DO UPDATE SET session_id = excluded.session_id, ingest_domain = excluded.ingest_domain,
			node = excluded.node, cut = FALSE
		WHERE publishers.node = excluded.node
			OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.name = publishers.node AND n.leased_until > $7)`,
		s.Key.Domain, s.Key.App, s.Key.Stream, string(s.ID), s.IngestDomain, t.node, now.UnixMicro())
	if err != nil {
		return fmt.Errorf("begin session %s: %w", s.ID, err)
	}
	for _, id := range before {
		if _, err := t.conn.Exec(ctx, `UPDATE sessions SET ended_at = $2 WHERE id = $1 AND id <> $3 AND ended_at IS NULL`,
			string(id), now.UnixMicro(), string(s.ID)); err != nil {
			return fmt.Errorf("end session %s: %w", id, err)
		}
	}
	return t.AddSession(ctx, s)
}

// CutStream implements store.Tx.
func (t *Tx) CutStream(ctx context.Context, key live.StreamKey) error {
	_, err := t.conn.Exec(ctx, `UPDATE publishers SET cut = TRUE WHERE domain = $1 AND app = $2 AND stream = $3`, key.Domain, key.App, key.Stream)
	if err != nil {
		return fmt.Errorf("cut stream %s: %w", key, err)
	}
	return nil
}
