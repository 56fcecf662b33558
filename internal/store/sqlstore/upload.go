package sqlstore

import (
	"context"
	"encoding/hex"
	"fmt"

	"tallylight/internal/live"
)

const uploadColumns = `u.name, u.file_id, u.bucket, u.upload_id, u.part_size, u.started_at`

// scanUpload reads uploadColumns.
func scanUpload(scan func(...any) error) (u live.Upload, err error) {
	err = scan(&u.Name, &u.File, &u.Bucket, &u.ID, &u.PartSize, timeColumn{&u.StartedAt})
	return u, err
}

// scanUploadPart reads number, size, etag and md5.
func scanUploadPart(scan func(...any) error) (p live.UploadPart, err error) {
	var sum string
	if err := scan(&p.Number, &p.Size, &p.ETag, &sum); err != nil {
		return p, err
	}
	b, err := hex.DecodeString(sum)
	if err == nil && len(b) != len(p.MD5) {
		err = fmt.Errorf("the MD5 of part %d has %d bytes", p.Number, len(b))
	}
	copy(p.MD5[:], b)
	return p, err
}

// Upload implements store.Reader.
func (r *Reader) Upload(ctx context.Context, name string) (live.Upload, error) {
	u, err := one(ctx, r.conn, live.ErrNotFound, scanUpload, `SELECT `+uploadColumns+` FROM uploads u WHERE u.name = $1`, name)
	if err != nil {
		return u, fmt.Errorf("upload %s: %w", name, err)
	}
	return u, nil
}

// UploadParts implements store.Reader.
func (r *Reader) UploadParts(ctx context.Context, name string) ([]live.UploadPart, error) {
	list, err := all(ctx, r.conn, scanUploadPart,
		`SELECT number, size, etag, md5 FROM upload_parts WHERE upload_name = $1 ORDER BY number`, name)
	if err != nil {
		return nil, fmt.Errorf("parts of upload %s: %w", name, err)
	}
	return list, nil
}

// FinishedUploads implements store.Reader.
func (r *Reader) FinishedUploads(ctx context.Context, after string, limit int) ([]live.Upload, error) {
	list, err := all(ctx, r.conn, scanUpload, `SELECT `+uploadColumns+` FROM uploads u
		WHERE u.name > $2
			AND NOT EXISTS (SELECT 1 FROM record_files f WHERE f.id = u.file_id AND (f.state IN ('open', 'sealed') OR NOT `+own+`))
		ORDER BY u.name LIMIT $3`, r.node, after, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("finished uploads: %w", err)
	}
	return list, nil
}

// PutUpload implements store.Tx.
func (t *Tx) PutUpload(ctx context.Context, u live.Upload) error {
	err := t.DeleteUpload(ctx, u.Name)
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO uploads (name, file_id, bucket, upload_id, part_size, started_at)
			VALUES ($1, $2, $3, $4, $5, $6)`,
			u.Name, string(u.File), u.Bucket, u.ID, u.PartSize, micros(u.StartedAt))
	}
	if err != nil {
		return fmt.Errorf("put upload %s: %w", u.Name, err)
	}
	return nil
}

// AddUploadPart implements store.Tx.
func (t *Tx) AddUploadPart(ctx context.Context, u live.Upload, p live.UploadPart) error {
	err := change(ctx, t.conn, live.ErrNotFound, `INSERT INTO upload_parts (upload_name, number, size, etag, md5)
		SELECT name, $3, $4, $5, $6 FROM uploads WHERE name = $1 AND upload_id = $2
		ON CONFLICT (upload_name, number) DO UPDATE SET size = excluded.size, etag = excluded.etag, md5 = excluded.md5`,
		u.Name, u.ID, p.Number, p.Size, p.ETag, hex.EncodeToString(p.MD5[:]))
	if err != nil {
		return fmt.Errorf("add part %d of upload %s: %w", p.Number, u.Name, err)
	}
	return nil
}

// DeleteUpload implements store.Tx.
func (t *Tx) DeleteUpload(ctx context.Context, name string) error {
	if _, err := t.conn.Exec(ctx, `DELETE FROM uploads WHERE name = $1`, name); err != nil {
		return fmt.Errorf("delete upload %s: %w", name, err)
	}
	return nil
}
