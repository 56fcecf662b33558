package api

import (
	"context"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var resumeLiveStream = operation{
	name:     "ResumeLiveStream",
	summary:  "Allows a stream again that ForbidLiveStream forbade. A stream that is allowed stays so.",
	qps:      30,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		pushedDomainParameter,
		{name: "AppName", about: "App; * stands for every app.", example: "live"},
		streamParameter,
		streamTypeParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.Invalid("AppName"),
		apierr.Invalid("StreamName"),
		apierr.Invalid("LiveStreamType"),
	},
	handler: handle((*Server).resumeLiveStream),
}

type resumeLiveStreamRequest struct {
	DomainName     string `rpc:"DomainName,required"`
	AppName        string `rpc:"AppName,required"`
	StreamName     string `rpc:"StreamName,required"`
	LiveStreamType string `rpc:"LiveStreamType,required"`
}

func (s *Server) resumeLiveStream(ctx context.Context, c caller, q *resumeLiveStreamRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		name, err := streamsDomain(ctx, tx, c, q.DomainName)
		if err != nil {
			return err
		}
		switch {
		case q.AppName != live.Any && live.ValidateName(q.AppName) != nil:
			return apierr.Invalid("AppName")
		case live.ValidateName(q.StreamName) != nil:
			return apierr.Invalid("StreamName")
		case q.LiveStreamType != publisherStreams:
			return apierr.Invalid("LiveStreamType")
		}
		return tx.DeleteBlocks(ctx, live.StreamKey{Domain: name, App: q.AppName, Stream: q.StreamName})
	})
}
