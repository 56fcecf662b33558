package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var forbidLiveStream = operation{
	name:     "ForbidLiveStream",
	summary:  "Ends the push of a stream and refuses further ones for a time.",
	qps:      20,
	access:   accessUpdate,
	resource: resourceDomain,
	params: []parameter{
		pushedDomainParameter,
		appParameter,
		streamParameter,
		streamTypeParameter,
		{name: "Oneshot", about: "yes ends the push and forbids nothing.", preset: "no", limits: "yes, no", example: "yes"},
		{name: "ResumeTime", about: "When the stream is allowed again. Absent, that is in 180 days.", limits: "UTC, in the future.", example: "2026-12-01T10:37:00Z", malformed: apierr.InvalidResumeTimeMalformed},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.Invalid("AppName"),
		apierr.Invalid("StreamName"),
		apierr.Invalid("LiveStreamType"),
		apierr.Invalid("Oneshot"),
		apierr.QuotaExceededBlacklist,
		apierr.ConfigAlreadyExists,
	},
	handler: handle((*Server).forbidLiveStream),
}

type forbidLiveStreamRequest struct {
	DomainName     string    `rpc:"DomainName,required"`
	AppName        string    `rpc:"AppName,required"`
	StreamName     string    `rpc:"StreamName,required"`
	LiveStreamType string    `rpc:"LiveStreamType,required"`
	Oneshot        string    `rpc:"Oneshot"`
	ResumeTime     time.Time `rpc:"ResumeTime"`
	RegionID       string    `rpc:"RegionId"`
}

func (s *Server) forbidLiveStream(ctx context.Context, c caller, q *forbidLiveStreamRequest) (empty, error) {
	now := s.now()
	b := live.Block{
		Key:       live.StreamKey{App: q.AppName, Stream: q.StreamName},
		Until:     q.ResumeTime,
		CreatedAt: now,
	}
	if b.Until.IsZero() {
		b.Until = now.Add(live.DefaultBlock)
	}
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		if b.Key.Domain, err = streamsDomain(ctx, tx, c, q.DomainName); err != nil {
			return err
		}
		if err := q.validate(now); err != nil {
			return err
		}
		if q.Oneshot == "yes" {
			return s.cutElsewhere(ctx, tx, b.Key)
		}
		return forbid(ctx, tx, b)
	})
	if mayBeWritten(err) {
		s.streams.Cut(func(session live.Session) bool { return session.Key == b.Key },
			fmt.Errorf("%w: %s", live.ErrStreamForbidden, b.Key))
	}
	return empty{}, err
}

func (q *forbidLiveStreamRequest) validate(now time.Time) error {
	switch {
	case live.ValidateName(q.AppName) != nil:
		return apierr.Invalid("AppName")
	case live.ValidateName(q.StreamName) != nil:
		return apierr.Invalid("StreamName")
	case q.LiveStreamType != publisherStreams:
		return apierr.Invalid("LiveStreamType")
	case q.Oneshot != "" && q.Oneshot != "yes" && q.Oneshot != "no":
		return apierr.Invalid("Oneshot")
	case !q.ResumeTime.IsZero() && !q.ResumeTime.After(now):
		return apierr.InvalidResumeTimeMalformed
	}
	return nil
}

// cutElsewhere has another server end the push of a stream.
func (s *Server) cutElsewhere(ctx context.Context, tx store.Tx, key live.StreamKey) error {
	if !s.shared {
		return nil
	}
	return tx.CutStream(ctx, key)
}

// forbid adds a block, unless one holds.
func forbid(ctx context.Context, tx store.Tx, b live.Block) error {
	old, err := tx.Block(ctx, b.Key)
	switch {
	case errors.Is(err, live.ErrNotFound):
	case err != nil:
		return err
	case old.Holds(b.CreatedAt):
		return fmt.Errorf("block of stream %s: %w", b.Key, live.ErrConfigExists)
	}
	_, held, err := tx.Blocks(ctx, live.BlockQuery{Domain: b.Key.Domain, At: b.CreatedAt})
	switch {
	case err != nil:
		return err
	case held >= live.MaxBlocks:
		return apierr.QuotaExceededBlacklist
	}
	return tx.PutBlock(ctx, b)
}
