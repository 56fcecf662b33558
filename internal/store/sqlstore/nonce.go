package sqlstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"tallylight/internal/live"
)

// Nonces implements store.Reader.
func (r *Reader) Nonces(ctx context.Context, now time.Time) ([]live.Nonces, error) {
	list, err := all(ctx, r.conn, func(scan func(...any) error) (n live.Nonces, err error) {
		var packed []byte
		if err := scan(timeColumn{&n.ExpiresAt}, &packed); err != nil {
			return n, err
		}
		if len(packed)%8 != 0 {
			return n, fmt.Errorf("digests have %d bytes, want 8 each", len(packed))
		}
		n.Digests = make([]uint64, len(packed)/8)
		for i := range n.Digests {
			n.Digests[i] = binary.BigEndian.Uint64(packed[8*i:])
		}
		return n, nil
	}, `SELECT expires_at, digests FROM nonces WHERE expires_at > $1 ORDER BY expires_at, position`, micros(now))
	if err != nil {
		return nil, fmt.Errorf("nonces: %w", err)
	}
	return list, nil
}

// AddNonces implements store.Tx.
func (t *Tx) AddNonces(ctx context.Context, n live.Nonces) error {
	packed := make([]byte, 0, 8*len(n.Digests))
	for _, d := range n.Digests {
		packed = binary.BigEndian.AppendUint64(packed, d)
	}
	_, err := t.conn.Exec(ctx, `INSERT INTO nonces (expires_at, digests) VALUES ($1, $2)`, micros(n.ExpiresAt), packed)
	if err != nil {
		return fmt.Errorf("add %d nonces: %w", len(n.Digests), err)
	}
	return nil
}

// UseNonce implements store.Tx.
func (t *Tx) UseNonce(ctx context.Context, digest uint64, expires time.Time) (fresh bool, err error) {
	n, err := t.conn.Exec(ctx, `INSERT INTO used_nonces (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`,
		int64(digest), micros(expires))
	if err != nil {
		return false, fmt.Errorf("use nonce: %w", err)
	}
	return n > 0, nil
}

// DeleteNonces implements store.Tx.
func (t *Tx) DeleteNonces(ctx context.Context, now time.Time) error {
	for _, table := range []string{"nonces", "used_nonces"} {
		if _, err := t.conn.Exec(ctx, `DELETE FROM `+table+` WHERE expires_at <= $1`, micros(now)); err != nil {
			return fmt.Errorf("delete expired nonces: %w", err)
		}
	}
	return nil
}
