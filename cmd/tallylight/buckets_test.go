package main

import (
	"errors"
	"strings"
	"testing"

	"tallylight/internal/blob"
	"tallylight/internal/config"
	"tallylight/internal/live"
)

func TestBucketsAreThoseOfTheSettings(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Storage.Buckets = map[string]config.Bucket{
		"near":  {Path: "/srv/near"},
		"far":   {S3: &config.S3{Endpoint: "http://127.0.0.1:9000", Prefix: "live/", PartSize: 64 << 20}},
		"cloud": {OSS: &config.OSS{Endpoint: "http://127.0.0.1:9000", Region: "r", Bucket: "shows", AccessKeyID: "i", AccessKeySecret: "s"}},
	}
	buckets, err := newBuckets(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, location string
		partSize       int64 // 0: takes no parts
	}{
		{"near", "/srv/near/a", 0},
		{"far", "s3://far/live/a", 64 << 20},
		{"cloud", "oss://shows/a", 16 << 20},
	} {
		b, err := buckets.Bucket(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Location("a"); got != tt.location {
			t.Errorf("%s: Location = %s, want %s", tt.name, got, tt.location)
		}
		parts, ok := b.(blob.PartBucket)
		if ok != (tt.partSize != 0) || ok && parts.PartSize() != tt.partSize {
			t.Errorf("%s: takes parts: %t; want those of %d bytes", tt.name, ok, tt.partSize)
		}
	}
	if _, err := buckets.Bucket("other"); !errors.Is(err, live.ErrBucketNotFound) {
		t.Errorf("Bucket(other) = %v, want ErrBucketNotFound", err)
	}
}

func TestMistakesInBucketsAreThoseOfUsage(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Storage.Buckets = map[string]config.Bucket{"far": {S3: &config.S3{Endpoint: "s3.example.com"}}}
	_, err := newBuckets(cfg)
	if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), `storage.buckets.far: s3 endpoint "s3.example.com"`) {
		t.Errorf("newBuckets = %v, want a usage error that names the setting", err)
	}
}
