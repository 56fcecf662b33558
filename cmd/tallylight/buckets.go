package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/blob/oss"
	"tallylight/internal/blob/s3"
	"tallylight/internal/config"
)

// newBuckets returns the configured buckets, or a folder for every name where
// none are configured. It makes no request to any store.
func newBuckets(cfg config.Config) (blob.Buckets, error) {
	if len(cfg.Storage.Buckets) == 0 {
		return localfs.NewRoot(filepath.Join(cfg.Data, "records")), nil
	}
	named := make(localfs.Named)
	for name, settings := range cfg.Storage.Buckets {
		bucket, err := newBucket(name, settings)
		if err != nil {
			return nil, usageError{fmt.Errorf("storage.buckets.%s: %w", name, err)}
		}
		named[name] = bucket
	}
	return named, nil
}

func newBucket(name string, b config.Bucket) (blob.Bucket, error) {
	switch {
	case b.S3 != nil:
		return s3.New(s3.Config{
			Endpoint:        b.S3.Endpoint,
			Region:          b.S3.Region,
			Bucket:          cmp.Or(b.S3.Bucket, name),
			Prefix:          b.S3.Prefix,
			AccessKeyID:     b.S3.AccessKeyID,
			AccessKeySecret: b.S3.AccessKeySecret,
			SessionToken:    b.S3.SessionToken,
			PathStyle:       b.S3.PathStyle,
			PartSize:        int64(b.S3.PartSize),
		})
	case b.OSS != nil:
		return oss.New(oss.Config{
			Endpoint:        b.OSS.Endpoint,
			Region:          b.OSS.Region,
			Bucket:          cmp.Or(b.OSS.Bucket, name),
			Prefix:          b.OSS.Prefix,
			AccessKeyID:     b.OSS.AccessKeyID,
			AccessKeySecret: b.OSS.AccessKeySecret,
			SessionToken:    b.OSS.SessionToken,
			PartSize:        int64(b.OSS.PartSize),
		})
	}
	return localfs.NewBucket(b.Path), nil
}
