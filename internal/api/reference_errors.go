package api

import (
	"cmp"
	"slices"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/reference"
)

// newErrorCodes explains every code that a call can end with, sorted.
func newErrorCodes() []reference.ErrorCode {
	codes := map[string]*reference.ErrorCode{}
	add := func(e *apierr.Error) *reference.ErrorCode {
		c := codes[e.Code]
		if c == nil {
			explained, _ := apierr.Explain(e.Code) // a test sees that it can
			c = &reference.ErrorCode{
				Code:    e.Code,
				Status:  e.Status,
				Meaning: reference.Translate(explained.Meaning).With(explained.Name),
				Cause:   reference.Translate(explained.Cause).With(explained.Name),
				Remedy:  reference.Translate(explained.Remedy).With(explained.Name),
			}
			codes[e.Code] = c
		}
		if !slices.Contains(c.Messages, e.Message) {
			c.Messages = append(c.Messages, e.Message)
		}
		return c
	}
	for _, e := range commonErrors {
		add(e).Common = true
	}
	add(apierr.UnsupportedOperation("…"))
	for _, op := range slices.Concat(operations, ownOperations) {
		for _, e := range sortedErrors(op) {
			if c := add(e); !slices.Contains(c.Operations, op.name) {
				c.Operations = append(c.Operations, op.name)
			}
		}
	}
	list := make([]reference.ErrorCode, 0, len(codes))
	for _, c := range codes {
		slices.Sort(c.Operations)
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b reference.ErrorCode) int { return cmp.Compare(a.Code, b.Code) })
	return list
}
