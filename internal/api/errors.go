package api

import (
	"context"
	"errors"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainErrors maps the errors of package live that mean the same wherever they
// come up.
var domainErrors = []struct {
	from error
	to   *apierr.Error
}{
	{live.ErrDomainNotFound, apierr.InvalidDomainNotFound},
	{live.ErrDomainType, apierr.IllegalOperation},
	{live.ErrDomainExists, apierr.DomainOccupied},
	{live.ErrMappingExists, apierr.ConfigAlreadyExists},
	{live.ErrConfigExists, apierr.ConfigAlreadyExists},
	{live.ErrConfigNotFound, apierr.InvalidConfigNotFound},
	{live.ErrBucketNotFound, apierr.InvalidOSSBucketNotFound},
}

// wireError returns what a client is told of err. What it does not know is an
// internal error, whose detail is for the log alone. op may be nil.
func wireError(op *operation, err error) *apierr.Error {
	if e, ok := errors.AsType[*apierr.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*wire.ParamError](err); ok && op != nil {
		if e.Missing {
			return apierr.Missing(e.Name)
		}
		return op.malformed(e.Name)
	}
	for _, m := range domainErrors {
		if errors.Is(err, m.from) {
			return m.to
		}
	}
	switch {
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return apierr.ServiceUnavailable
	}
	return apierr.InternalError
}
