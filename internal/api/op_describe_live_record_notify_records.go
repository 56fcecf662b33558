package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveRecordNotifyRecords = operation{
	name:     "DescribeLiveRecordNotifyRecords",
	summary:  "Lists the recording callbacks of a domain that were attempted in the last 7 days, one entry an attempt, the newest first, page by page.",
	qps:      100,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		{name: "AppName", about: "Lists the callbacks about this app only.", example: "live"},
		{name: "StreamName", about: "Lists the callbacks about streams of this name only.", example: "show"},
		{name: "StartTime", about: "Attempts from this time on.", limits: "UTC. What is more than 7 days old is not listed.", example: "2026-11-23T08:00:00Z", malformed: apierr.MalformedParams("StartTime")},
		{name: "EndTime", about: "Attempts before this time.", limits: "UTC, after StartTime.", example: "2026-11-23T20:00:00Z", malformed: apierr.MalformedParams("EndTime")},
		{name: "Status", about: "Lists the attempts that ended so only.", limits: "success, failed", example: "failed"},
		{name: "StorageType", about: "Lists the callbacks about recordings that are stored so only. Nothing is stored to VOD.", preset: "all", limits: "oss, vod, all", example: "oss"},
		{name: "PageNumber", about: "Number of the page.", preset: "1", limits: "1 to 100000; what lies outside is taken to the nearer end.", example: "1", malformed: apierr.MalformedParams("PageNumber")},
		{name: "PageSize", about: "Entries a page.", preset: "20", limits: "1 to 500; what lies outside is taken to the nearer end.", example: "20", malformed: apierr.MalformedParams("PageSize")},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.MalformedParams("Status"),
		apierr.MalformedParams("StorageType"),
	},
	handler: handle((*Server).describeLiveRecordNotifyRecords),
}

type describeLiveRecordNotifyRecordsRequest struct {
	DomainName  string    `rpc:"DomainName,required"`
	AppName     string    `rpc:"AppName"`
	StreamName  string    `rpc:"StreamName"`
	StartTime   time.Time `rpc:"StartTime,required"`
	EndTime     time.Time `rpc:"EndTime,required"`
	Status      string    `rpc:"Status"`
	StorageType string    `rpc:"StorageType"`
	PageNumber  *int64    `rpc:"PageNumber"`
	PageSize    *int64    `rpc:"PageSize"`
	RegionID    string    `rpc:"RegionId"`
}

type describeLiveRecordNotifyRecordsResponse struct {
	Code      int32          `rpc:"Code"` // 0
	Msg       string         `rpc:"Msg"`
	PageNum   int            `rpc:"PageNum"`
	PageSize  int            `rpc:"PageSize"`
	TotalNum  int            `rpc:"TotalNum"`
	TotalPage int            `rpc:"TotalPage"`
	Callbacks []notifyRecord `rpc:"CallbackList"`
}

// A notifyRecord is an attempted callback in an answer.
type notifyRecord struct {
	DomainName     string `rpc:"DomainName"`
	AppName        string `rpc:"AppName"`
	StreamName     string `rpc:"StreamName"`
	NotifyTime     string `rpc:"NotifyTime"`
	NotifyType     string `rpc:"NotifyType"`
	NotifyURL      string `rpc:"NotifyUrl"`
	NotifyContent  string `rpc:"NotifyContent"`
	NotifyHeader   string `rpc:"NotifyHeader"` // a JSON object, name to list of values
	NotifyResult   string `rpc:"NotifyResult"`
	NotifyResponse string `rpc:"NotifyResponse"`
	Description    string `rpc:"Description"` // of a failure
	StorageType    string `rpc:"StorageType"`
}

// A sentFunc returns the headers and the body that an attempt of a delivery sent.
type sentFunc func(live.Delivery, live.Attempt) (http.Header, []byte, error)

// storageOSS and its like are the kinds of storage that a log can be asked for.
const (
	storageOSS = "oss"
	storageVOD = "vod"
	storageAll = "all"
)

func (s *Server) describeLiveRecordNotifyRecords(ctx context.Context, c caller, q *describeLiveRecordNotifyRecordsRequest) (describeLiveRecordNotifyRecordsResponse, error) {
	answer := describeLiveRecordNotifyRecordsResponse{
		Msg:      "ok",
		PageNum:  clamp(q.PageNumber, 1, 1, maxLogPageNumber),
		PageSize: clamp(q.PageSize, defaultLogPageSize, 1, maxLogPageSize),
	}
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if err := q.validate(); err != nil || q.StorageType == storageVOD {
			return err
		}
		answer.Callbacks, answer.TotalNum, err = s.notifyRecords(ctx, r, live.NotifyRecordQuery{
			Domain: d.Name,
			App:    q.AppName,
			Stream: q.StreamName,
			From:   later(q.StartTime, s.now().Add(-live.NotifyRecordsKept)),
			To:     q.EndTime,
			Result: live.NotifyResult(q.Status),
			Offset: (answer.PageNum - 1) * answer.PageSize,
			Limit:  answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	return answer, err
}

// notifyRecords returns a page of the log of callbacks, and how many entries there are
// on all of its pages.
func (s *Server) notifyRecords(ctx context.Context, r store.Reader, q live.NotifyRecordQuery) (list []notifyRecord, total int, err error) {
	page, total, err := r.NotifyRecords(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range page {
		record, err := s.newNotifyRecord(n)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, record)
	}
	return list, total, nil
}

func (q *describeLiveRecordNotifyRecordsRequest) validate() error {
	switch {
	case !q.EndTime.After(q.StartTime):
		return apierr.MalformedParams("EndTime")
	case !isNotifyResult(q.Status):
		return apierr.MalformedParams("Status")
	}
	switch q.StorageType {
	case "", storageOSS, storageVOD, storageAll:
		return nil
	}
	return apierr.MalformedParams("StorageType")
}

// isNotifyResult reports whether attempts can be selected by s.
func isNotifyResult(s string) bool {
	return s == "" || s == string(live.NotifySuccess) || s == string(live.NotifyFailed)
}

func (s *Server) newNotifyRecord(n live.NotifyRecord) (notifyRecord, error) {
	sent, body, err := s.sent(n.Delivery, n.Attempt)
	if err != nil {
		return notifyRecord{}, fmt.Errorf("attempt %d of delivery %s: %w", n.Attempt.Number, n.Delivery.ID, err)
	}
	header, err := json.Marshal(sent)
	if err != nil {
		return notifyRecord{}, err
	}
	e := n.Delivery.Event
	record := notifyRecord{
		DomainName:     e.Key.Domain,
		AppName:        e.Key.App,
		StreamName:     e.Key.Stream,
		NotifyTime:     wire.FormatTime(n.Attempt.StartedAt),
		NotifyType:     string(e.Type),
		NotifyURL:      n.Delivery.URL,
		NotifyContent:  string(body),
		NotifyHeader:   string(header),
		NotifyResult:   string(n.Attempt.Result()),
		NotifyResponse: n.Attempt.Response,
		StorageType:    storageOSS,
	}
	switch {
	case n.Attempt.Status == 0:
		record.Description = n.Attempt.Err
	case n.Attempt.Result() == live.NotifyFailed:
		record.Description = fmt.Sprintf("HTTP status %d", n.Attempt.Status)
	}
	return record, nil
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
