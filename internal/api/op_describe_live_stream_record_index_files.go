package api

import (
	"context"
	"math"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamRecordIndexFiles = operation{
	name:     "DescribeLiveStreamRecordIndexFiles",
	summary:  "Lists the index files of a stream that were created in a window of time, page by page. Index files are known for 180 days.",
	qps:      15,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		appParameter,
		streamParameter,
		{name: "StartTime", about: "Beginning of the window.", limits: "UTC, within the last 180 days.", example: "2026-11-22T08:00:00Z", malformed: apierr.InvalidStartTimeMalformed},
		{name: "EndTime", about: "End of the window, which is not part of it.", limits: "UTC, later than StartTime by at most 4 days.", example: "2026-11-23T08:00:00Z", malformed: apierr.InvalidEndTimeMalformed},
		orderParameter,
		pageNumParameter,
		{name: "PageSize", about: "Index files a page.", preset: "10", limits: "5 to 30; what lies outside is taken to the nearer end.", example: "10"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidStartTimeMismatch,
		apierr.IndexEndTimeMismatch,
		apierr.Invalid("Order"),
	},
	handler: handle((*Server).describeLiveStreamRecordIndexFiles),
}

type describeLiveStreamRecordIndexFilesRequest struct {
	DomainName string    `rpc:"DomainName,required"`
	AppName    string    `rpc:"AppName,required"`
	StreamName string    `rpc:"StreamName,required"`
	StartTime  time.Time `rpc:"StartTime,required"`
	EndTime    time.Time `rpc:"EndTime,required"`
	Order      string    `rpc:"Order"`
	PageNum    *int32    `rpc:"PageNum"`
	PageSize   *int32    `rpc:"PageSize"`
}

type describeLiveStreamRecordIndexFilesResponse struct {
	PageNum   int                 `rpc:"PageNum"`
	PageSize  int                 `rpc:"PageSize"`
	Order     string              `rpc:"Order"`
	TotalNum  int                 `rpc:"TotalNum"`
	TotalPage int                 `rpc:"TotalPage"`
	List      recordIndexInfoList `rpc:"RecordIndexInfoList"`
}

type recordIndexInfoList struct {
	Infos []recordIndexInfo `rpc:"RecordIndexInfo"`
}

func (s *Server) describeLiveStreamRecordIndexFiles(ctx context.Context, c caller, q *describeLiveStreamRecordIndexFilesRequest) (describeLiveStreamRecordIndexFilesResponse, error) {
	answer := describeLiveStreamRecordIndexFilesResponse{
		PageNum:  clamp(q.PageNum, 1, 1, math.MaxInt32),
		PageSize: clamp(q.PageSize, defaultPageSize, minPageSize, maxPageSize),
		Order:    "asc",
	}
	if q.Order != "" {
		answer.Order = strings.ToLower(q.Order)
	}
	var page []live.IndexFile
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := validateIndexWindow(q.StartTime, q.EndTime, s.now(), live.IndexFileRetention); err != nil {
			return err
		}
		if answer.Order != "asc" && answer.Order != "desc" {
			return apierr.Invalid("Order")
		}
		page, answer.TotalNum, err = r.IndexFiles(ctx, live.IndexFileQuery{
			Key:        live.StreamKey{Domain: d.Name, App: q.AppName, Stream: q.StreamName},
			From:       q.StartTime,
			To:         q.EndTime,
			Descending: answer.Order == "desc",
			Offset:     (answer.PageNum - 1) * answer.PageSize,
			Limit:      answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	for _, f := range page {
		answer.List.Infos = append(answer.List.Infos, newRecordIndexInfo(f))
	}
	return answer, err
}
