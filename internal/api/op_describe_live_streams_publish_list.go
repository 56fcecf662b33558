package api

import (
	"context"
	"math"
	"slices"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamsPublishList = operation{
	name:     "DescribeLiveStreamsPublishList",
	summary:  "Lists the pushes to a domain that began in a window of time, page by page, those that still run among them. It knows the pushes of the last 90 days.",
	qps:      3,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		{name: "StartTime", about: "Beginning of the window.", limits: "UTC, not longer than 90 days ago.", example: "2026-11-22T08:00:00Z", malformed: apierr.StartTimeNotValid},
		{name: "EndTime", about: "End of the window, which is not part of it.", limits: "UTC, later than StartTime by at most 30 days.", example: "2026-11-23T08:00:00Z", malformed: apierr.EndTimeNotValid},
		{name: "AppName", about: "Lists the pushes to this app only.", limits: "The whole name.", example: "live"},
		{name: "StreamName", about: "Lists the pushes of streams of this name only, or whose names hold it; QueryType says which.", example: "show"},
		queryTypeParameter,
		{name: "StreamType", about: "Lists the streams as they are pushed (raw), or those that are transcoded (trans), of which there are none.", preset: "raw", limits: "all, raw, trans", example: "raw"},
		{name: "OrderBy", about: "Order, by the time of publishing or by the name of the stream.", preset: "publish_time_asc", limits: "publish_time_asc, publish_time_desc, stream_name_asc, stream_name_desc", example: "publish_time_desc"},
		{name: "PageNumber", about: "Number of the page. The answer calls it PageNum.", preset: "1", limits: "From 1; less counts as 1.", example: "1"},
		{name: "PageSize", about: "Pushes a page.", preset: "2000", limits: "1 to 3000; what lies outside is taken to the nearer end.", example: "100"},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.StartTimeNotSupported,
		apierr.EndTimeMismatch,
		apierr.DurationExceed,
		apierr.Invalid("QueryType"),
		apierr.Invalid("StreamType"),
		apierr.Invalid("OrderBy"),
	},
	handler: handle((*Server).describeLiveStreamsPublishList),
}

type describeLiveStreamsPublishListRequest struct {
	DomainName string    `rpc:"DomainName,required"`
	StartTime  time.Time `rpc:"StartTime,required"`
	EndTime    time.Time `rpc:"EndTime,required"`
	AppName    string    `rpc:"AppName"`
	StreamName string    `rpc:"StreamName"`
	QueryType  string    `rpc:"QueryType"`
	StreamType string    `rpc:"StreamType"`
	OrderBy    string    `rpc:"OrderBy"`
	PageNumber *int32    `rpc:"PageNumber"`
	PageSize   *int32    `rpc:"PageSize"`
	RegionID   string    `rpc:"RegionId"`
}

type describeLiveStreamsPublishListResponse struct {
	PageNum   int               `rpc:"PageNum"`
	PageSize  int               `rpc:"PageSize"`
	TotalNum  int               `rpc:"TotalNum"`
	TotalPage int               `rpc:"TotalPage"`
	Info      publishedInfoList `rpc:"PublishInfo"`
}

type publishedInfoList struct {
	Streams []publishedInfo `rpc:"LiveStreamPublishInfo"`
}

// A publishedInfo is a push in an answer.
type publishedInfo struct {
	DomainName    string `rpc:"DomainName"`
	AppName       string `rpc:"AppName"`
	StreamName    string `rpc:"StreamName"`
	PublishTime   string `rpc:"PublishTime"`
	StopTime      string `rpc:"StopTime"` // "" while it runs
	PublishDomain string `rpc:"PublishDomain"`
	PublishType   string `rpc:"PublishType"`
	PublishURL    string `rpc:"PublishUrl"`
	StreamURL     string `rpc:"StreamUrl"`
	ClientAddr    string `rpc:"ClientAddr"`
	EdgeNodeAddr  string `rpc:"EdgeNodeAddr"`

	// Nothing is transcoded, and there are no inner errors to tell: these are "no"
	// and "".
	Transcoded      string `rpc:"Transcoded"`
	TranscodeID     string `rpc:"TranscodeId"`
	InnerErrorFlags string `rpc:"AliInnerErrorFlags"`
}

// maxPublishWindow is the longest window of time.
const maxPublishWindow = 30 * 24 * time.Hour

// sessionOrders are the values of OrderBy.
var sessionOrders = []live.SessionOrder{
	live.PublishTimeAscending, live.PublishTimeDescending, live.StreamNameAscending, live.StreamNameDescending,
}

func (s *Server) describeLiveStreamsPublishList(ctx context.Context, c caller, q *describeLiveStreamsPublishListRequest) (describeLiveStreamsPublishListResponse, error) {
	answer := describeLiveStreamsPublishListResponse{
		PageNum:  clamp(q.PageNumber, 1, 1, math.MaxInt32),
		PageSize: clamp(q.PageSize, defaultStreamPageSize, 1, maxStreamPageSize),
	}
	if q.OrderBy == "" {
		q.OrderBy = string(live.PublishTimeAscending)
	}
	var page []live.PastSession
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := q.validate(s.now()); err != nil || q.StreamType == "trans" {
			return err
		}
		page, answer.TotalNum, err = r.PastSessions(ctx, live.SessionQuery{
			Domain: d.Name,
			App:    q.AppName,
			Stream: q.StreamName,
			Fuzzy:  q.QueryType != "strict",
			From:   q.StartTime,
			To:     q.EndTime,
			Order:  live.SessionOrder(q.OrderBy),
			Offset: (answer.PageNum - 1) * answer.PageSize,
			Limit:  answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	for _, session := range page {
		answer.Info.Streams = append(answer.Info.Streams, newPublishedInfo(session))
	}
	return answer, err
}

func (q *describeLiveStreamsPublishListRequest) validate(now time.Time) error {
	switch {
	case now.Sub(q.StartTime) > live.SessionRetention:
		return apierr.StartTimeNotSupported
	case !q.EndTime.After(q.StartTime):
		return apierr.EndTimeMismatch
	case q.EndTime.Sub(q.StartTime) > maxPublishWindow:
		return apierr.DurationExceed
	case !slices.Contains(sessionOrders, live.SessionOrder(q.OrderBy)):
		return apierr.Invalid("OrderBy")
	}
	return validateStreamFilter(q.QueryType, q.StreamType)
}

func newPublishedInfo(s live.PastSession) publishedInfo {
	return publishedInfo{
		DomainName:    s.Key.Domain,
		AppName:       s.Key.App,
		StreamName:    s.Key.Stream,
		PublishTime:   wire.FormatTime(s.StartedAt),
		StopTime:      wire.FormatTime(s.EndedAt),
		PublishDomain: s.IngestDomain,
		PublishType:   publishType(s.Session),
		PublishURL:    pushURL(s.Session),
		StreamURL:     s.Protocol + "://" + s.Key.String(),
		ClientAddr:    ip(s.RemoteAddr),
		EdgeNodeAddr:  ip(s.LocalAddr),
		Transcoded:    "no",
	}
}
