package api

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
)

// An operation is one row of the table: all that is known of an action. The
// dispatcher, the limits, the reference pages and the tests read it. Every
// operation is called by GET or POST, with parameters in query or form.
type operation struct {
	name    string
	summary string
	qps     int // calls a second and account
	// access and resource are what policies say of the operation, whose action
	// is "live:" and the name.
	access   accessLevel
	resource resourceKind
	params   []parameter // those of the request struct, in its order
	errs     []*apierr.Error
	handler
}

// A parameter is the documentation of one field of a request struct, which says
// the rest: its type, whether it is mandatory and how long a list may be.
type parameter struct {
	name    string // items of lists: Name.N.Field
	about   string
	preset  string // value where it is absent, if the server has one
	limits  string
	example string
	// malformed is the error for a value that cannot be decoded; nil stands for
	// Invalid and the name.
	malformed *apierr.Error
}

// An accessLevel is the class of an operation in policies.
type accessLevel string

const (
	accessCreate accessLevel = "create"
	accessGet    accessLevel = "get"
	accessUpdate accessLevel = "update"
	accessDelete accessLevel = "delete"
)

// A resourceKind is the pattern of the resource that policies name.
type resourceKind string

const (
	resourceDomain resourceKind = "acs:cdn:*:{#accountId}:domain/{#DomainName}"
	resourceAny    resourceKind = "*"
)

// A handler is what an operation does, with its types for those who describe
// it.
type handler struct {
	request  reflect.Type // a struct with rpc tags
	response reflect.Type // a struct with rpc tags, without RequestId
	run      func(s *Server, ctx context.Context, c caller, p wire.Params) (any, error)
}

// handle makes a handler of a method.
func handle[Q, R any](fn func(*Server, context.Context, caller, *Q) (R, error)) handler {
	return handler{
		request:  reflect.TypeFor[Q](),
		response: reflect.TypeFor[R](),
		run: func(s *Server, ctx context.Context, c caller, p wire.Params) (any, error) {
			q := new(Q)
			if err := wire.Decode(p, q); err != nil {
				return nil, err
			}
			return fn(s, ctx, c, q)
		},
	}
}

// empty is the answer that has nothing to say but its RequestId.
type empty struct{}

// reads reports whether the operation changes nothing. The access level does not
// tell: the service calls some commands "get".
func (op *operation) reads() bool { return strings.HasPrefix(op.name, "Describe") }

// streams reports whether the answer goes on for as long as the caller stays.
func (op *operation) streams() bool { return op.response.Kind() != reflect.Struct }

// declared returns every error that the operation can end with once its caller
// is known: those of its row, and those that its parameters imply.
func (op *operation) declared() []*apierr.Error {
	all := append([]*apierr.Error{apierr.InternalError, apierr.ServiceUnavailable}, op.errs...)
	for _, f := range wire.Fields(op.request) {
		if f.Required {
			all = append(all, apierr.Missing(f.Name))
		}
	}
	return append(all, op.malformedErrors(op.request, "")...)
}

// malformedErrors returns the errors for values of type t that cannot be
// decoded. Strings always can.
func (op *operation) malformedErrors(t reflect.Type, prefix string) (all []*apierr.Error) {
	for _, f := range wire.Fields(t) {
		elem := f.Type
		for elem.Kind() == reflect.Pointer || elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if f.Max > 0 || elem.Kind() != reflect.String {
			all = append(all, op.malformed(prefix+f.Name))
		}
		if f.Max > 0 && elem.Kind() == reflect.Struct {
			all = append(all, op.malformedErrors(elem, prefix+f.Name+".N.")...)
		}
	}
	return all
}

// malformed returns the error for a value of the parameter that cannot be used.
func (op *operation) malformed(name string) *apierr.Error {
	for _, p := range op.params {
		if p.name == name && p.malformed != nil {
			return p.malformed
		}
	}
	return apierr.Invalid(name[strings.LastIndexByte(name, '.')+1:])
}

// declares reports whether e is among the errors of the operation.
func (op *operation) declares(e *apierr.Error) bool {
	return slices.ContainsFunc(op.declared(), func(d *apierr.Error) bool {
		before, after, open := strings.Cut(d.Message, "%s") // a name that the caller has given
		said := d.Message == e.Message || open && strings.HasPrefix(e.Message, before) && strings.HasSuffix(e.Message, after)
		return d.Code == e.Code && said
	})
}
