package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/media/hls"
	"tallylight/internal/store"
)

var createLiveStreamRecordIndexFiles = operation{
	name:     "CreateLiveStreamRecordIndexFiles",
	summary:  "Makes an m3u8 playlist of the slices of a stream that were stored in a window of time, and stores it. The slices are not copied.",
	qps:      45,
	access:   accessCreate,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		appParameter,
		streamParameter,
		{name: "OssBucket", about: "Bucket that the playlist is stored in.", limits: "3 to 63 lower-case letters, digits and hyphens.", example: "recordings"},
		{name: "OssEndpoint", about: "Endpoint of the bucket, for RecordUrl; where a bucket is, the server's configuration says.", limits: "1 to 255 printable characters without blanks.", example: "oss-cn-shanghai.aliyuncs.com"},
		{name: "OssObject", about: "Name of the playlist. Known are {AppName}, {StreamName}, {Date}, {Hour}, {Minute} and {Second}: the time at which the first slice begins.", limits: "Less than 256 bytes.", example: "index/{AppName}/{StreamName}/{Date}-{Hour}{Minute}{Second}.m3u8"},
		{name: "StartTime", about: "Slices that were stored at this time or later are taken.", limits: "UTC, within the last 90 days.", example: "2026-11-23T07:00:00Z", malformed: apierr.InvalidStartTimeMalformed},
		{name: "EndTime", about: "Slices that were stored before this time are taken.", limits: "UTC, later than StartTime by 30 seconds to 4 days.", example: "2026-11-23T08:00:00Z", malformed: apierr.InvalidEndTimeMalformed},
		{name: "EndTimeIncluded", about: "Whether the next slice is taken, too, if it begins before EndTime.", preset: "false", example: "true"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidParams,
		apierr.InvalidStartTimeMismatch,
		apierr.IndexEndTimeMismatch,
		apierr.IndexOSSEndpointMalformed,
		apierr.IndexOSSBucketMalformed,
		apierr.IndexOSSObjectMalformed,
		apierr.IndexBucketNotFound,
		apierr.IndexStreamNotFound,
		apierr.IndexConfigChanged,
		apierr.NoRecordContent,
		apierr.RecordContentExceed,
		apierr.OperationNotSupport,
	},
	handler: handle((*Server).createLiveStreamRecordIndexFiles),
}

type createLiveStreamRecordIndexFilesRequest struct {
	DomainName      string    `rpc:"DomainName,required"`
	AppName         string    `rpc:"AppName,required"`
	StreamName      string    `rpc:"StreamName,required"`
	OSSBucket       string    `rpc:"OssBucket,required"`
	OSSEndpoint     string    `rpc:"OssEndpoint,required"`
	OSSObject       string    `rpc:"OssObject,required"`
	StartTime       time.Time `rpc:"StartTime,required"`
	EndTime         time.Time `rpc:"EndTime,required"`
	EndTimeIncluded bool      `rpc:"EndTimeIncluded"`
}

type createLiveStreamRecordIndexFilesResponse struct {
	Info recordInfo `rpc:"RecordInfo"`
}

// A recordInfo is a recordIndexInfo without its format.
type recordInfo struct {
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
}

// maxIndexSlices bounds the slices of an index file: 4 days in slices of half a
// minute are 11,520.
const maxIndexSlices = 20_000

// createLiveStreamRecordIndexFiles stores the object before it tells of it. When
// the server stops in between, the same call makes the same object again.
func (s *Server) createLiveStreamRecordIndexFiles(ctx context.Context, c caller, q *createLiveStreamRecordIndexFilesRequest) (answer createLiveStreamRecordIndexFilesResponse, err error) {
	key := live.StreamKey{App: q.AppName, Stream: q.StreamName}
	var list []live.Slice
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		key.Domain = d.Name
		if err := s.validateIndex(q); err != nil {
			return err
		}
		list, err = s.indexSlices(ctx, r, key, q)
		return err
	})
	if err != nil {
		return answer, err
	}
	f := s.newIndexFile(key, q, list)
	err = s.buckets.PutObject(ctx, f.Bucket, f.ObjectKey, indexPlaylist(f, list))
	if errors.Is(err, blob.ErrExists) {
		return answer, apierr.IndexOSSObjectMalformed // objects are never replaced
	}
	if err != nil {
		return answer, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := streamingDomain(ctx, tx, c, key.Domain); err != nil {
			return err
		}
		return tx.AddIndexFile(ctx, f)
	})
	if err != nil {
		return answer, err
	}
	answer.Info = newRecordInfo(f)
	return answer, nil
}

func (s *Server) validateIndex(q *createLiveStreamRecordIndexFilesRequest) error {
	if live.ValidateName(q.AppName) != nil || live.ValidateName(q.StreamName) != nil {
		return apierr.InvalidParams
	}
	if err := validateIndexWindow(q.StartTime, q.EndTime, s.now(), live.SliceRetention); err != nil {
		return err
	}
	switch {
	case q.EndTime.Sub(q.StartTime) < minIndexWindow:
		return apierr.IndexEndTimeMismatch
	case !isEndpoint(q.OSSEndpoint):
		return apierr.IndexOSSEndpointMalformed
	case live.ValidateBucketName(q.OSSBucket) != nil:
		return apierr.IndexOSSBucketMalformed
	case live.ValidateIndexObject(q.OSSObject) != nil:
		return apierr.IndexOSSObjectMalformed
	case !s.buckets.HasBucket(q.OSSBucket):
		return apierr.IndexBucketNotFound
	}
	return nil
}

// indexSlices returns the slices that an index file is made of, at least one, by
// their beginning.
func (s *Server) indexSlices(ctx context.Context, r store.Reader, key live.StreamKey, q *createLiveStreamRecordIndexFilesRequest) ([]live.Slice, error) {
	list, err := r.Slices(ctx, live.SliceQuery{Key: key, From: q.StartTime, To: q.EndTime, Limit: maxIndexSlices + 1})
	if err != nil {
		return nil, err
	}
	if q.EndTimeIncluded {
		next, err := r.Slices(ctx, live.SliceQuery{Key: key, From: q.EndTime, To: q.EndTime.Add(maxIndexWindow), Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(next) > 0 && next[0].StartTime.Before(q.EndTime) {
			list = append(list, next[0])
		}
	}
	if len(list) == 0 {
		return nil, s.explainNoSlices(ctx, r, key, q)
	}
	if len(list) > maxIndexSlices {
		return nil, apierr.RecordContentExceed
	}
	for _, slice := range list[1:] {
		if slice.Bucket != list[0].Bucket || slice.Endpoint != list[0].Endpoint {
			return nil, apierr.IndexConfigChanged
		}
	}
	slices.SortStableFunc(list, func(a, b live.Slice) int { return a.StartTime.Compare(b.StartTime) })
	return list, nil
}

// explainNoSlices returns why a window has no slices: the stream was recorded in
// other formats, or not at all, or nobody knows it.
func (s *Server) explainNoSlices(ctx context.Context, r store.Reader, key live.StreamKey, q *createLiveStreamRecordIndexFilesRequest) error {
	contents, err := r.RecordContents(ctx, live.RecordContentQuery{Key: key, From: q.StartTime, To: q.EndTime, Limit: maxIndexSlices})
	if err != nil {
		return err
	}
	switch {
	case slices.ContainsFunc(contents, func(c live.RecordContent) bool { return c.Format == live.FormatM3U8 }):
		return apierr.NoRecordContent // none of its slices was stored in the window
	case len(contents) > 0:
		return apierr.OperationNotSupport
	}
	now := s.now()
	_, sessions, err := r.PastSessions(ctx, live.SessionQuery{
		Domain: key.Domain,
		App:    key.App,
		Stream: key.Stream,
		From:   now.Add(-live.SessionRetention),
		To:     now.Add(time.Second),
		Order:  live.PublishTimeAscending,
	})
	if err != nil {
		return err
	}
	if sessions == 0 {
		return apierr.IndexStreamNotFound
	}
	return apierr.NoRecordContent
}

// newIndexFile returns the index file of slices that stand in their order.
func (s *Server) newIndexFile(key live.StreamKey, q *createLiveStreamRecordIndexFilesRequest, list []live.Slice) live.IndexFile {
	first, last := list[0], list[len(list)-1]
	f := live.IndexFile{
		ID:        live.NewIndexFileID(),
		Key:       key,
		Bucket:    q.OSSBucket,
		Endpoint:  q.OSSEndpoint,
		ObjectKey: live.ExpandIndexObject(q.OSSObject, key, first.StartTime, s.zone),
		StartTime: first.StartTime,
		EndTime:   last.EndTime(),
		Width:     first.Width,
		Height:    first.Height,
		CreatedAt: s.now(),
	}
	for _, slice := range list {
		f.Duration += slice.Duration
	}
	return f
}

// indexPlaylist returns the text of an index file. Slices of its own bucket are
// named relative to it.
func indexPlaylist(f live.IndexFile, list []live.Slice) []byte {
	p := hls.MediaPlaylist{Segments: make([]hls.Segment, len(list))}
	for i, slice := range list {
		begins := i == 0 || slice.Recording != list[i-1].Recording
		segment := hls.Segment{Duration: slice.Duration, Discontinuity: i > 0 && (begins || slice.Discontinuity)}
		if begins {
			segment.DateTime = slice.StartTime
		}
		if slice.Bucket == f.Bucket {
			segment.URI = hls.RelativeURI(f.ObjectKey, slice.ObjectKey)
		} else {
			segment.URI = objectURL(slice.Bucket, slice.Endpoint, slice.ObjectKey)
		}
		p.Segments[i] = segment
	}
	return p.Append(nil)
}

func newRecordInfo(f live.IndexFile) recordInfo {
	i := newRecordIndexInfo(f)
	return recordInfo{
		RecordID: i.RecordID, RecordURL: i.RecordURL,
		DomainName: i.DomainName, AppName: i.AppName, StreamName: i.StreamName,
		OSSBucket: i.OSSBucket, OSSEndpoint: i.OSSEndpoint, OSSObject: i.OSSObject,
		StartTime: i.StartTime, EndTime: i.EndTime, Duration: i.Duration,
		Width: i.Width, Height: i.Height, CreateTime: i.CreateTime,
	}
}
