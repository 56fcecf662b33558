package sqlstore

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"tallylight/internal/live"
)

const sessionColumns = `id, domain, app, stream, ingest_domain, protocol, remote_addr, local_addr, started_at, ended_at`

// scanSession reads sessionColumns.
func scanSession(scan func(...any) error) (s live.PastSession, err error) {
	err = scan(&s.ID, &s.Key.Domain, &s.Key.App, &s.Key.Stream, &s.IngestDomain, &s.Protocol,
		addrColumn{&s.RemoteAddr}, addrColumn{&s.LocalAddr}, timeColumn{&s.StartedAt}, timeColumn{&s.EndedAt})
	return s, err
}

// storedAddr returns how an address is stored: as IP:PORT, the zero one as "".
func storedAddr(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// addrColumn scans what storedAddr returns.
type addrColumn struct{ a *netip.AddrPort }

func (c addrColumn) Scan(src any) (err error) {
	text, ok := src.(string)
	switch {
	case !ok:
		return fmt.Errorf("an address is stored as %T, want text", src)
	case text == "":
		*c.a = netip.AddrPort{}
		return nil
	}
	*c.a, err = netip.ParseAddrPort(text)
	return err
}

// sessionOrders are the orders of sessions in SQL.
var sessionOrders = map[live.SessionOrder]string{
	live.PublishTimeAscending:  `started_at, id`,
	live.PublishTimeDescending: `started_at DESC, id DESC`,
	live.StreamNameAscending:   `stream, started_at, id`,
	live.StreamNameDescending:  `stream DESC, started_at, id`,
}

// PastSessions implements store.Reader.
func (r *Reader) PastSessions(ctx context.Context, q live.SessionQuery) ([]live.PastSession, int, error) {
	order, ok := sessionOrders[q.Order]
	if !ok {
		return nil, 0, fmt.Errorf("sessions of domain %s: unknown order %q", q.Domain, q.Order)
	}
	// A stream holds a text if it changes when the text is taken out: that reads
	// the same everywhere and, unlike LIKE, knows no wildcards.
	const where = ` FROM sessions WHERE domain = $1 AND started_at >= $2 AND started_at < $3
		AND ($4 = '' OR app = $4) AND ($5 = '' OR stream = $5 OR ($6 AND replace(stream, $5, '') <> stream))`
	args := []any{q.Domain, q.From.UnixMicro(), q.To.UnixMicro(), q.App, q.Stream, q.Fuzzy}
	total, err := one(ctx, r.conn, nil, value[int], `SELECT count(*)`+where, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("count sessions of domain %s: %w", q.Domain, err)
	}
	page, err := all(ctx, r.conn, scanSession,
		`SELECT `+sessionColumns+where+` ORDER BY `+order+` LIMIT $7 OFFSET $8`,
		append(args, max(q.Limit, 0), max(q.Offset, 0))...)
	if err != nil {
		return nil, 0, fmt.Errorf("sessions of domain %s: %w", q.Domain, err)
	}
	return page, total, nil
}

// AddSession implements store.Tx.
func (t *Tx) AddSession(ctx context.Context, s live.Session) error {
	_, err := t.conn.Exec(ctx, `INSERT INTO sessions (`+sessionColumns+`, node)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10) ON CONFLICT (id) DO NOTHING`,
		string(s.ID), s.Key.Domain, s.Key.App, s.Key.Stream, s.IngestDomain, s.Protocol,
		storedAddr(s.RemoteAddr), storedAddr(s.LocalAddr), s.StartedAt.UnixMicro(), t.node)
	if err != nil {
		return fmt.Errorf("add session %s: %w", s.ID, err)
	}
	return nil
}

// EndSession implements store.Tx.
func (t *Tx) EndSession(ctx context.Context, id live.SessionID, at time.Time) error {
	_, err := t.conn.Exec(ctx, `UPDATE sessions SET ended_at = $2 WHERE id = $1`, string(id), at.UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM publishers WHERE session_id = $1`, string(id))
	}
	if err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	return nil
}

// EndLiveSessions implements store.Tx.
func (t *Tx) EndLiveSessions(ctx context.Context, at time.Time) error {
	_, err := t.conn.Exec(ctx, `UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL AND node = $2`, at.UnixMicro(), t.node)
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM publishers WHERE node = $1`, t.node)
	}
	if err != nil {
		return fmt.Errorf("end live sessions: %w", err)
	}
	return nil
}

// DeleteSessions implements store.Tx.
func (t *Tx) DeleteSessions(ctx context.Context, before time.Time) error {
	_, err := t.conn.Exec(ctx, `UPDATE sessions SET ended_at = (SELECT n.leased_until FROM nodes n WHERE n.name = node)
		WHERE ended_at IS NULL AND node IN (SELECT n.name FROM nodes n WHERE n.leased_until < $1)`, before.UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM sessions WHERE ended_at < $1`, before.UnixMicro())
	}
	if err != nil {
		return fmt.Errorf("delete sessions that ended before %s: %w", before.UTC().Format(time.RFC3339), err)
	}
	return nil
}
