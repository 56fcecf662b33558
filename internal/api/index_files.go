package api

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// maxIndexWindow is the longest window of time of the operations on index
	// files.
	maxIndexWindow = 4 * 24 * time.Hour
	// minIndexWindow is the shortest that an index file can be made of: one slice.
	minIndexWindow = live.DefaultSliceDuration
)

// validateIndexWindow validates a window of time that can reach back as far as
// reach.
func validateIndexWindow(start, end, now time.Time, reach time.Duration) error {
	switch {
	case now.Sub(start) > reach, start.After(now):
		return apierr.InvalidStartTimeMismatch
	case !end.After(start), end.Sub(start) > maxIndexWindow:
		return apierr.IndexEndTimeMismatch
	}
	return nil
}

// indexFile returns an index file of a stream. To the caller, one of another
// stream does not exist.
func indexFile(ctx context.Context, r store.Reader, key live.StreamKey, id string) (live.IndexFile, error) {
	f, err := r.IndexFile(ctx, live.IndexFileID(id))
	if err == nil && f.Key != key {
		err = fmt.Errorf("index file %.100q of stream %s: %w", id, key, live.ErrNotFound)
	}
	return f, err
}

// A recordIndexInfo is an index file in an answer.
type recordIndexInfo struct {
	RecordID    string  `rpc:"RecordId"`
	RecordURL   string  `rpc:"RecordUrl"`
	DomainName  string  `rpc:"DomainName"`
	AppName     string  `rpc:"AppName"`
	StreamName  string  `rpc:"StreamName"`
	OSSBucket   string  `rpc:"OssBucket"`
	OSSEndpoint string  `rpc:"OssEndpoint"`
	OSSObject   string  `rpc:"OssObject"`
	StartTime   string  `rpc:"StartTime"`
	EndTime     string  `rpc:"EndTime"`
	Duration    float32 `rpc:"Duration"` // seconds
	Width       int     `rpc:"Width"`
	Height      int     `rpc:"Height"`
	CreateTime  string  `rpc:"CreateTime"`
	Format      string  `rpc:"Format"`
}

func newRecordIndexInfo(f live.IndexFile) recordIndexInfo {
	return recordIndexInfo{
		RecordID:    string(f.ID),
		RecordURL:   objectURL(f.Bucket, f.Endpoint, f.ObjectKey),
		DomainName:  f.Key.Domain,
		AppName:     f.Key.App,
		StreamName:  f.Key.Stream,
		OSSBucket:   f.Bucket,
		OSSEndpoint: f.Endpoint,
		OSSObject:   f.ObjectKey,
		StartTime:   wire.FormatTime(f.StartTime),
		EndTime:     wire.FormatTime(f.EndTime),
		Duration:    float32(f.Duration.Seconds()),
		Width:       f.Width,
		Height:      f.Height,
		CreateTime:  wire.FormatTime(f.CreatedAt),
		Format:      string(live.FormatM3U8),
	}
}

// objectURL returns where an object is for whoever knows its bucket by the
// endpoint of the record config.
func objectURL(bucket, endpoint, key string) string {
	if _, host, ok := strings.Cut(endpoint, "://"); ok {
		endpoint = host
	}
	u := url.URL{Scheme: "http", Host: bucket + "." + endpoint, Path: "/" + key}
	return u.String()
}
