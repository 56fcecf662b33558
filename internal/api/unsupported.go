package api

import (
	"context"
	_ "embed"
	"strings"

	"tallylight/internal/api/apierr"
)

// vendorOperations names every operation of version 2016-11-01, one a line and
// sorted, as the official SDK has them. The conformance suite compares.
//
//go:embed vendor_operations.txt
var vendorOperations string

// operationNames returns vendorOperations as a list.
func operationNames() []string { return strings.Fields(vendorOperations) }

// unsupported returns the row of an operation that the service has and this
// server does not. It goes through all checks, so that a client learns first
// what is wrong with its keys, and then what to do without.
func unsupported(name string) *operation {
	return &operation{
		name:     name,
		summary:  "Is not offered by this server.",
		qps:      100,
		access:   accessGet,
		resource: resourceAny,
		errs:     []*apierr.Error{apierr.UnsupportedOperation(name)},
		handler: handle(func(*Server, context.Context, caller, *empty) (empty, error) {
			return empty{}, apierr.UnsupportedOperation(name)
		}),
	}
}
