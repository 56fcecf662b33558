package api

import (
	"context"
	"errors"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamRecordIndexFile = operation{
	name:     "DescribeLiveStreamRecordIndexFile",
	summary:  "Shows one index file of a stream.",
	qps:      100,
	access:   accessGet,
	resource: resourceAny,
	params: []parameter{
		streamingDomainParameter,
		appParameter,
		streamParameter,
		{name: "RecordId", about: "Id of the index file.", example: "c4d7f0a4-b506-43f9-8de3-07732c3f0001"},
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidRecordNotFound,
	},
	handler: handle((*Server).describeLiveStreamRecordIndexFile),
}

type describeLiveStreamRecordIndexFileRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName,required"`
	StreamName string `rpc:"StreamName,required"`
	RecordID   string `rpc:"RecordId,required"`
}

type describeLiveStreamRecordIndexFileResponse struct {
	Info recordIndexInfo `rpc:"RecordIndexInfo"`
}

func (s *Server) describeLiveStreamRecordIndexFile(ctx context.Context, c caller, q *describeLiveStreamRecordIndexFileRequest) (answer describeLiveStreamRecordIndexFileResponse, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := streamingDomain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		f, err := indexFile(ctx, r, live.StreamKey{Domain: d.Name, App: q.AppName, Stream: q.StreamName}, q.RecordID)
		if errors.Is(err, live.ErrNotFound) {
			return apierr.InvalidRecordNotFound
		}
		answer.Info = newRecordIndexInfo(f)
		return err
	})
	return answer, err
}
