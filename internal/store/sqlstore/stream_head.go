package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

// StreamHeads implements store.Reader.
func (r *Reader) StreamHeads(ctx context.Context, domain string, limit int) ([]live.StreamHead, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (h live.StreamHead, err error) {
		h.Key.Domain = domain
		err = scan(&h.Key.App, &h.Key.Stream, &h.Seq)
		return h, err
	}, `SELECT app, stream, last_seq FROM streams WHERE domain = $1 ORDER BY id DESC LIMIT $2`, domain, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("streams of domain %s: %w", domain, err)
	}
	return list, nil
}
