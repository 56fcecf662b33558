package api

import (
	"context"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamsNotifyRecords = operation{
	name:     "DescribeLiveStreamsNotifyRecords",
	summary:  "Lists the callbacks about pushes to an ingest domain that were attempted in the last 7 days, one entry an attempt, the newest first, page by page.",
	qps:      100,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		ingestDomainParameter,
		{name: "AppName", about: "Lists the callbacks about this app only.", example: "live"},
		{name: "StreamName", about: "Lists the callbacks about streams of this name only.", example: "show"},
		{name: "StartTime", about: "Attempts from this time on.", limits: "UTC, within the last 7 days.", example: "2026-11-23T08:00:00Z", malformed: apierr.StartTimeNotValid},
		{name: "EndTime", about: "Attempts before this time.", limits: "UTC, after StartTime.", example: "2026-11-23T20:00:00Z", malformed: apierr.EndTimeNotValid},
		{name: "Status", about: "Lists the attempts that ended so only.", limits: "success, failed", example: "failed"},
		{name: "PageNumber", about: "Number of the page.", preset: "1", limits: "1 to 100000; what lies outside is taken to the nearer end.", example: "1", malformed: apierr.InvalidParam},
		{name: "PageSize", about: "Entries a page.", preset: "20", limits: "1 to 500; what lies outside is taken to the nearer end.", example: "20", malformed: apierr.InvalidParam},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidParam,
		apierr.NotifyEndTimeMismatch,
		apierr.NotifyDurationExceed,
	},
	handler: handle((*Server).describeLiveStreamsNotifyRecords),
}

type describeLiveStreamsNotifyRecordsRequest struct {
	DomainName string    `rpc:"DomainName,required"`
	AppName    string    `rpc:"AppName"`
	StreamName string    `rpc:"StreamName"`
	StartTime  time.Time `rpc:"StartTime,required"`
	EndTime    time.Time `rpc:"EndTime,required"`
	Status     string    `rpc:"Status"`
	PageNumber *int32    `rpc:"PageNumber"`
	PageSize   *int32    `rpc:"PageSize"`
	RegionID   string    `rpc:"RegionId"`
}

type describeLiveStreamsNotifyRecordsResponse struct {
	PageNum   int                  `rpc:"PageNum"`
	PageSize  int                  `rpc:"PageSize"`
	TotalNum  int                  `rpc:"TotalNum"`
	TotalPage int                  `rpc:"TotalPage"`
	Records   streamsNotifyRecords `rpc:"NotifyRecordsInfo"`
}

type streamsNotifyRecords struct {
	Records []streamsNotifyRecord `rpc:"LiveStreamNotifyRecordsInfo"`
}

// A streamsNotifyRecord is an attempted callback about a push in an answer.
type streamsNotifyRecord struct {
	DomainName     string `rpc:"DomainName"`
	AppName        string `rpc:"AppName"`
	StreamName     string `rpc:"StreamName"`
	NotifyTime     string `rpc:"NotifyTime"`
	NotifyType     string `rpc:"NotifyType"`
	NotifyURL      string `rpc:"NotifyUrl"`
	NotifyContent  string `rpc:"NotifyContent"` // the query
	NotifyHeader   string `rpc:"NotifyHeader"`
	NotifyResult   string `rpc:"NotifyResult"`
	NotifyResponse string `rpc:"NotifyResponse"`
	Description    string `rpc:"Description"`
}

func (s *Server) describeLiveStreamsNotifyRecords(ctx context.Context, c caller, q *describeLiveStreamsNotifyRecordsRequest) (describeLiveStreamsNotifyRecordsResponse, error) {
	answer := describeLiveStreamsNotifyRecordsResponse{
		PageNum:  clamp(q.PageNumber, 1, 1, maxLogPageNumber),
		PageSize: clamp(q.PageSize, defaultLogPageSize, 1, maxLogPageSize),
	}
	var records []notifyRecord
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := ingestDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := q.validate(s.now()); err != nil {
			return err
		}
		records, answer.TotalNum, err = s.notifyRecords(ctx, r, live.NotifyRecordQuery{
			Domain: d.Name,
			App:    q.AppName,
			Stream: q.StreamName,
			From:   q.StartTime,
			To:     q.EndTime,
			Result: live.NotifyResult(q.Status),
			Offset: (answer.PageNum - 1) * answer.PageSize,
			Limit:  answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	for _, r := range records {
		answer.Records.Records = append(answer.Records.Records, streamsNotifyRecord{
			r.DomainName, r.AppName, r.StreamName, r.NotifyTime, r.NotifyType, r.NotifyURL,
			r.NotifyContent, r.NotifyHeader, r.NotifyResult, r.NotifyResponse, r.Description,
		})
	}
	return answer, err
}

func (q *describeLiveStreamsNotifyRecordsRequest) validate(now time.Time) error {
	switch {
	case !q.EndTime.After(q.StartTime):
		return apierr.NotifyEndTimeMismatch
	case now.Sub(q.StartTime) > live.NotifyRecordsKept:
		return apierr.NotifyDurationExceed
	case !isNotifyResult(q.Status):
		return apierr.InvalidParam
	}
	return nil
}
