package api

import (
	"context"
	"math"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamsBlockList = operation{
	name:     "DescribeLiveStreamsBlockList",
	summary:  "Lists the streams of a domain that are forbidden now, page by page, by app and stream.",
	qps:      50,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		pageNumParameter,
		streamPageSizeParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
	},
	handler: handle((*Server).describeLiveStreamsBlockList),
}

type describeLiveStreamsBlockListRequest struct {
	DomainName string `rpc:"DomainName,required"`
	PageNum    *int32 `rpc:"PageNum"`
	PageSize   *int32 `rpc:"PageSize"`
}

type describeLiveStreamsBlockListResponse struct {
	DomainName string        `rpc:"DomainName"`
	PageNum    int           `rpc:"PageNum"`
	PageSize   int           `rpc:"PageSize"`
	TotalNum   int           `rpc:"TotalNum"`
	TotalPage  int           `rpc:"TotalPage"`
	URLs       streamURLList `rpc:"StreamUrls"`
}

type streamURLList struct {
	URLs []string `rpc:"StreamUrl"` // DOMAIN/APP/STREAM
}

func (s *Server) describeLiveStreamsBlockList(ctx context.Context, c caller, q *describeLiveStreamsBlockListRequest) (describeLiveStreamsBlockListResponse, error) {
	answer := describeLiveStreamsBlockListResponse{
		PageNum:  clamp(q.PageNum, 1, 1, math.MaxInt32),
		PageSize: clamp(q.PageSize, defaultStreamPageSize, 1, maxStreamPageSize),
	}
	var page []live.Block
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		answer.DomainName = d.Name
		page, answer.TotalNum, err = r.Blocks(ctx, live.BlockQuery{
			Domain: d.Name,
			At:     s.now(),
			Offset: (answer.PageNum - 1) * answer.PageSize,
			Limit:  answer.PageSize,
		})
		return err
	})
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	for _, b := range page {
		answer.URLs.URLs = append(answer.URLs.URLs, b.Key.String())
	}
	return answer, err
}
