package api

import (
	"context"

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
		{name: "DomainName", about: "Streaming domain.", example: "play.example.com"},
		{name: "PageNum", about: "Number of the page.", preset: "1", limits: "From 1; less counts as 1.", example: "1"},
		{name: "PageSize", about: "Streams a page.", preset: "2000", limits: "1 to 3000; what lies outside is taken to the nearer end.", example: "100"},
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
		PageNum:  clamp(q.PageNum, 1, 1, maxStreamPageNumber),
		PageSize: clamp(q.PageSize, defaultStreamPageSize, 1, maxStreamPageSize),
	}
	err := s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		page, total, err := r.Blocks(ctx, live.BlockQuery{
			Domain: d.Name,
			At:     s.now(),
			Offset: (answer.PageNum - 1) * answer.PageSize,
			Limit:  answer.PageSize,
		})
		if err != nil {
			return err
		}
		answer.DomainName, answer.TotalNum, answer.TotalPage = d.Name, total, pages(total, answer.PageSize)
		for _, b := range page {
			answer.URLs.URLs = append(answer.URLs.URLs, b.Key.String())
		}
		return nil
	})
	return answer, err
}
