package sqlstore

import (
	"context"
	"fmt"
)

// ObjectKnown implements store.Reader.
func (r *Reader) ObjectKnown(ctx context.Context, bucket, objectKey string) (bool, error) {
	n, err := one(ctx, r.conn, nil, value[int], `SELECT count(*) FROM (
		SELECT 1 FROM record_files WHERE bucket = $1 AND object_key = $2 AND state IN ('sealed', 'stored')
		UNION ALL SELECT 1 FROM slices WHERE bucket = $1 AND object_key = $2
		UNION ALL SELECT 1 FROM index_files WHERE bucket = $1 AND object_key = $2) p`, bucket, objectKey)
	if err != nil {
		return false, fmt.Errorf("look up object %s of bucket %s: %w", objectKey, bucket, err)
	}
	return n > 0, nil
}
