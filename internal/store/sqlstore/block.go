package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

const blockColumns = `domain, app, stream, until, created_at`

// scanBlock reads blockColumns.
func scanBlock(scan func(...any) error) (b live.Block, err error) {
	err = scan(&b.Key.Domain, &b.Key.App, &b.Key.Stream, timeColumn{&b.Until}, timeColumn{&b.CreatedAt})
	return b, err
}

// Block implements store.Reader.
func (r *Reader) Block(ctx context.Context, key live.StreamKey) (live.Block, error) {
	b, err := one(ctx, r.conn, live.ErrNotFound, scanBlock,
		`SELECT `+blockColumns+` FROM blocks WHERE domain = $1 AND app = $2 AND stream = $3`, key.Domain, key.App, key.Stream)
	if err != nil {
		return b, fmt.Errorf("block of stream %s: %w", key, err)
	}
	return b, nil
}

// Blocks implements store.Reader.
func (r *Reader) Blocks(ctx context.Context, q live.BlockQuery) ([]live.Block, int, error) {
	const where = ` FROM blocks WHERE domain = $1 AND until > $2`
	total, err := one(ctx, r.conn, nil, value[int], `SELECT count(*)`+where, q.Domain, q.At.UnixMicro())
	if err != nil {
		return nil, 0, fmt.Errorf("count blocks of domain %s: %w", q.Domain, err)
	}
	page, err := all(ctx, r.conn, scanBlock, `SELECT `+blockColumns+where+` ORDER BY app, stream LIMIT $3 OFFSET $4`,
		q.Domain, q.At.UnixMicro(), max(q.Limit, 0), max(q.Offset, 0))
	if err != nil {
		return nil, 0, fmt.Errorf("blocks of domain %s: %w", q.Domain, err)
	}
	return page, total, nil
}

// PutBlock implements store.Tx.
func (t *Tx) PutBlock(ctx context.Context, b live.Block) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM blocks WHERE domain = $1 AND until <= $2`, b.Key.Domain, b.CreatedAt.UnixMicro())
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO blocks (`+blockColumns+`) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (domain, app, stream) DO UPDATE SET until = excluded.until, created_at = excluded.created_at`,
			b.Key.Domain, b.Key.App, b.Key.Stream, b.Until.UnixMicro(), micros(b.CreatedAt))
	}
	if err != nil {
		return fmt.Errorf("put block of stream %s: %w", b.Key, err)
	}
	return nil
}

// DeleteBlocks implements store.Tx.
func (t *Tx) DeleteBlocks(ctx context.Context, key live.StreamKey) error {
	_, err := t.conn.Exec(ctx, `DELETE FROM blocks WHERE domain = $1 AND ($2 = '`+live.Any+`' OR app = $2) AND stream = $3`,
		key.Domain, key.App, key.Stream)
	if err != nil {
		return fmt.Errorf("delete block of stream %s: %w", key, err)
	}
	return nil
}
