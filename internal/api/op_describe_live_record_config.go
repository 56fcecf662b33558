package api

import (
	"context"
	"math"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveRecordConfig = operation{
	name:     "DescribeLiveRecordConfig",
	summary:  "Lists the record configs of a domain, page by page.",
	qps:      100,
	access:   accessGet,
	resource: resourceAny,
	params: []parameter{
		streamingDomainParameter,
		{name: "AppName", about: "Lists the configs of this app only; * stands for those that were added with *.", example: "live"},
		{name: "StreamName", about: "Lists the configs of this stream only; * stands for those that were added with * or without a stream.", example: "show"},
		orderParameter,
		pageNumParameter,
		{name: "PageSize", about: "Configs a page.", preset: "10", limits: "5 to 30; what lies outside is taken to the nearer end.", example: "10"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.Invalid("Order"),
	},
	handler: handle((*Server).describeLiveRecordConfig),
}

type describeLiveRecordConfigRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName"`
	StreamName string `rpc:"StreamName"`
	Order      string `rpc:"Order"`
	PageNum    *int32 `rpc:"PageNum"`
	PageSize   *int32 `rpc:"PageSize"`
}

type describeLiveRecordConfigResponse struct {
	PageNum   int               `rpc:"PageNum"`
	PageSize  int               `rpc:"PageSize"`
	Order     string            `rpc:"Order"`
	TotalNum  int               `rpc:"TotalNum"`
	TotalPage int               `rpc:"TotalPage"`
	Records   liveAppRecordList `rpc:"LiveAppRecordList"`
}

type liveAppRecordList struct {
	Records []liveAppRecord `rpc:"LiveAppRecord"`
}

// A liveAppRecord is a record config in an answer.
type liveAppRecord struct {
	AppName     string           `rpc:"AppName"`
	StreamName  string           `rpc:"StreamName"`
	DomainName  string           `rpc:"DomainName"`
	OSSBucket   string           `rpc:"OssBucket"`
	OSSEndpoint string           `rpc:"OssEndpoint"`
	OnDemand    int              `rpc:"OnDemond"` // misspelt on the wire
	DelayTime   int              `rpc:"DelayTime"`
	StartTime   string           `rpc:"StartTime"`
	EndTime     string           `rpc:"EndTime"`
	CreateTime  string           `rpc:"CreateTime"`
	Formats     recordFormatList `rpc:"RecordFormatList"`

	// Nothing is transcoded, so that these are always empty lists.
	TranscodeFormats   recordFormatList   `rpc:"TranscodeRecordFormatList"`
	TranscodeTemplates transcodeTemplates `rpc:"TranscodeTemplates"`
}

type recordFormatList struct {
	Formats []recordFormatItem `rpc:"RecordFormat"`
}

// A recordFormatItem is one container of a record config, in an answer.
type recordFormatItem struct {
	Format            string `rpc:"Format"`
	CycleDuration     int    `rpc:"CycleDuration"`
	SliceDuration     int    `rpc:"SliceDuration"`
	ObjectPrefix      string `rpc:"OssObjectPrefix"`
	SliceObjectPrefix string `rpc:"SliceOssObjectPrefix"`
}

type transcodeTemplates struct {
	Templates []string `rpc:"Templates"`
}

func (s *Server) describeLiveRecordConfig(ctx context.Context, c caller, q *describeLiveRecordConfigRequest) (describeLiveRecordConfigResponse, error) {
	answer := describeLiveRecordConfigResponse{
		PageNum:  clamp(q.PageNum, 1, 1, math.MaxInt32),
		PageSize: clamp(q.PageSize, defaultPageSize, minPageSize, maxPageSize),
		Order:    "asc",
	}
	if q.Order != "" {
		answer.Order = strings.ToLower(q.Order)
	}
	var page []live.RecordConfig
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		if answer.Order != "asc" && answer.Order != "desc" {
			return apierr.Invalid("Order")
		}
		page, answer.TotalNum, err = r.RecordConfigs(ctx, live.RecordConfigQuery{
			Domain:     d.Name,
			App:        q.AppName,
			Stream:     q.StreamName,
			Descending: answer.Order == "desc",
			Offset:     (answer.PageNum - 1) * answer.PageSize,
			Limit:      answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	for _, config := range page {
		answer.Records.Records = append(answer.Records.Records, newLiveAppRecord(config))
	}
	return answer, err
}

func newLiveAppRecord(c live.RecordConfig) liveAppRecord {
	record := liveAppRecord{
		AppName:     c.App,
		StreamName:  c.Stream,
		DomainName:  c.Domain,
		OSSBucket:   c.OSSBucket,
		OSSEndpoint: c.OSSEndpoint,
		OnDemand:    int(c.OnDemand),
		DelayTime:   int(c.DelayTime / time.Second),
		StartTime:   wire.FormatTime(c.StartTime),
		EndTime:     wire.FormatTime(c.EndTime),
		CreateTime:  wire.FormatTime(c.CreatedAt),
	}
	for _, f := range c.Formats {
		record.Formats.Formats = append(record.Formats.Formats, recordFormatItem{
			Format:            string(f.Format),
			CycleDuration:     int(f.CycleDuration / time.Second),
			SliceDuration:     int(f.SliceDuration / time.Second),
			ObjectPrefix:      f.ObjectPrefix,
			SliceObjectPrefix: f.SliceObjectPrefix,
		})
	}
	return record
}
