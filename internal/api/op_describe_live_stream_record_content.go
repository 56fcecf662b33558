package api

import (
	"context"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamRecordContent = operation{
	name:     "DescribeLiveStreamRecordContent",
	summary:  "Lists what was recorded of a stream in a window of time: an entry for each recording and format that has stored files there.",
	qps:      50,
	access:   accessGet,
	resource: resourceAny,
	params: []parameter{
		streamingDomainParameter,
		appParameter,
		streamParameter,
		{name: "StartTime", about: "Beginning of the window.", limits: "UTC, within the last 180 days.", example: "2026-11-22T08:00:00Z", malformed: apierr.InvalidStartTimeMalformed},
		{name: "EndTime", about: "End of the window.", limits: "UTC, later than StartTime by at most 4 days.", example: "2026-11-23T08:00:00Z", malformed: apierr.InvalidEndTimeMalformed},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidStartTimeMismatch,
		apierr.IndexEndTimeMismatch,
	},
	handler: handle((*Server).describeLiveStreamRecordContent),
}

type describeLiveStreamRecordContentRequest struct {
	DomainName string    `rpc:"DomainName,required"`
	AppName    string    `rpc:"AppName,required"`
	StreamName string    `rpc:"StreamName,required"`
	StartTime  time.Time `rpc:"StartTime,required"`
	EndTime    time.Time `rpc:"EndTime,required"`
}

type describeLiveStreamRecordContentResponse struct {
	List recordContentInfoList `rpc:"RecordContentInfoList"`
}

type recordContentInfoList struct {
	Infos []recordContentInfo `rpc:"RecordContentInfo"`
}

// A recordContentInfo is a live.RecordContent in an answer.
type recordContentInfo struct {
	StartTime       string  `rpc:"StartTime"`
	EndTime         string  `rpc:"EndTime"`
	Duration        float32 `rpc:"Duration"` // seconds
	OSSBucket       string  `rpc:"OssBucket"`
	OSSEndpoint     string  `rpc:"OssEndpoint"`
	OSSObjectPrefix string  `rpc:"OssObjectPrefix"`
}

const (
	// recordContentReach is how far back a window may begin: 6 months.
	recordContentReach = 180 * 24 * time.Hour
	// maxRecordContents bounds an answer, which has no pages. It is more than the
	// recordings of the shortest DelayTime that fit into the longest window, in one
	// format.
	maxRecordContents = 25_000
)

func (s *Server) describeLiveStreamRecordContent(ctx context.Context, c caller, q *describeLiveStreamRecordContentRequest) (answer describeLiveStreamRecordContentResponse, err error) {
	var contents []live.RecordContent
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := validateIndexWindow(q.StartTime, q.EndTime, s.now(), recordContentReach); err != nil {
			return err
		}
		contents, err = r.RecordContents(ctx, live.RecordContentQuery{
			Key:   live.StreamKey{Domain: d.Name, App: q.AppName, Stream: q.StreamName},
			From:  q.StartTime,
			To:    q.EndTime,
			Limit: maxRecordContents,
		})
		return err
	})
	for _, content := range contents {
		answer.List.Infos = append(answer.List.Infos, newRecordContentInfo(content))
	}
	return answer, err
}

func newRecordContentInfo(c live.RecordContent) recordContentInfo {
	info := recordContentInfo{
		StartTime:   wire.FormatTime(c.StartTime),
		EndTime:     wire.FormatTime(c.EndTime),
		Duration:    float32(c.Duration.Seconds()),
		OSSBucket:   c.Bucket,
		OSSEndpoint: c.Config.OSSEndpoint,
	}
	for _, f := range c.Config.Formats {
		if f.Format == c.Format {
			info.OSSObjectPrefix = f.ObjectPrefix
		}
	}
	return info
}
