package api

import (
	"cmp"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/wire"
)

// Reference returns what can be read of the API, built from the table of
// operations at the first call. It must not be changed.
var Reference = sync.OnceValue(newReference)

func newReference() *reference.API {
	ref := &reference.API{
		Version:      apiVersion,
		CommonErrors: wireErrors(commonErrors),
		ErrorCodes:   newErrorCodes(),
	}
	byName := map[string]*operation{}
	for _, op := range operations {
		byName[op.name] = op
	}
	for _, g := range operationGroups {
		group := reference.Group{ID: g.id, Title: reference.Translate(g.title)}
		for _, name := range g.names {
			group.Operations = append(group.Operations, newReferenceOperation(byName[name]))
		}
		ref.Groups = append(ref.Groups, group)
	}
	own := reference.Group{ID: "own", Title: reference.Translate("Operations of Tallylight")}
	for _, op := range ownOperations {
		described := newReferenceOperation(op)
		described.Own = true
		own.Operations = append(own.Operations, described)
	}
	ref.Groups = append(ref.Groups, own)
	for _, name := range operationNames() {
		if byName[name] == nil {
			ref.NotBuilt = append(ref.NotBuilt, name)
		}
	}
	return ref
}

func newReferenceOperation(op *operation) *reference.Operation {
	r := &reference.Operation{
		Name:       op.name,
		Summary:    reference.Translate(op.summary),
		Reads:      op.reads(),
		Streams:    op.streams(),
		QPS:        op.qps,
		Access:     string(op.access),
		Action:     "live:" + op.name,
		Resource:   string(op.resource),
		Parameters: newParameters(op, requestFields(op.request, ""), ""),
		Errors:     wireErrors(sortedErrors(op)),
		Examples:   newExamples(op),
	}
	if !r.Streams {
		requestID := &reference.Member{Name: "RequestId", Type: reference.Type{Name: "string"}, About: memberText(op, "", "RequestId")}
		r.Response = append([]*reference.Member{requestID}, newMembers(op, op.response, "")...)
	}
	for _, text := range differences[op.name] {
		r.Differences = append(r.Differences, reference.Translate(text))
	}
	for _, note := range errorNotes()[op.name] {
		r.Differences = append(r.Differences, reference.Translate(note.Text).With(note.Name))
	}
	return r
}

// newParameters returns the parameters of op whose documented names are prefix
// and one word.
func newParameters(op *operation, fields map[string]wire.Field, prefix string) (list []*reference.Parameter) {
	for _, p := range op.params {
		name, ok := strings.CutPrefix(p.name, prefix)
		if !ok || strings.Contains(name, ".") {
			continue
		}
		f := fields[p.name]
		parameter := &reference.Parameter{
			Name:      name,
			Path:      p.name,
			Type:      newType(f.Type),
			Mandatory: f.Required,
			Default:   reference.Translate(p.preset),
			Limits:    reference.Translate(p.limits),
			MaxItems:  f.Max,
			Example:   p.example,
			About:     reference.Translate(p.about),
		}
		if enumeration.MatchString(p.limits) {
			parameter.Allowed = strings.Split(p.limits, ", ")
			parameter.Limits.Chinese = strings.Join(parameter.Allowed, "、")
		}
		if f.Max > 0 {
			parameter.Items = newParameters(op, fields, p.name+".N.")
		}
		list = append(list, parameter)
	}
	return list
}

// enumeration matches limits that list the values.
var enumeration = regexp.MustCompile(`^[A-Za-z0-9_]+(, [A-Za-z0-9_]+)*$`)

// newMembers returns the members of an answer or, of one of its objects, those
// of the object named parent.
func newMembers(op *operation, t reflect.Type, parent string) (list []*reference.Member) {
	for _, f := range wire.Fields(t) {
		m := &reference.Member{Name: f.Name, Type: newType(f.Type), Optional: f.Omit, About: memberText(op, parent, f.Name)}
		if m.Type.Name == "object" {
			m.Members = newMembers(op, elementOf(f.Type), f.Name)
		}
		list = append(list, m)
	}
	return list
}

// memberText returns what memberDocs says of a member of an object of an answer.
func memberText(op *operation, parent, name string) reference.Text {
	return reference.Translate(cmp.Or(memberDocs[parent+"."+name], memberDocs[op.name+"."+name], memberDocs[name]))
}

// newType returns a type as a reader of the wire knows it.
func newType(t reflect.Type) reference.Type {
	list := t.Kind() == reflect.Slice
	switch t = elementOf(t); {
	case t == reflect.TypeFor[time.Time]():
		return reference.Type{Name: "time", List: list}
	case t.Kind() == reflect.Struct:
		return reference.Type{Name: "object", List: list}
	case t.Kind() == reflect.Bool:
		return reference.Type{Name: "boolean", List: list}
	case t.Kind() == reflect.String:
		return reference.Type{Name: "string", List: list}
	case t.Kind() == reflect.Float32:
		return reference.Type{Name: "number", List: list}
	}
	return reference.Type{Name: "integer", List: list}
}

// elementOf returns the type of the items of a list, or of what a pointer points
// to, or t.
func elementOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// requestFields returns the fields of a request struct by their documented names.
func requestFields(t reflect.Type, prefix string) map[string]wire.Field {
	fields := map[string]wire.Field{}
	for _, f := range wire.Fields(t) {
		fields[prefix+f.Name] = f
		if f.Max > 0 && f.Type.Elem().Kind() == reflect.Struct {
			maps.Copy(fields, requestFields(f.Type.Elem(), prefix+f.Name+".N."))
		}
	}
	return fields
}

// sortedErrors returns the errors of an operation beside the common ones of the
// server itself, each text once, by code.
func sortedErrors(op *operation) []*apierr.Error {
	list := slices.DeleteFunc(op.declared(), func(e *apierr.Error) bool {
		return e == apierr.InternalError || e == apierr.ServiceUnavailable
	})
	slices.SortStableFunc(list, func(a, b *apierr.Error) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b *apierr.Error) bool { return a.Code == b.Code && a.Message == b.Message })
}

func wireErrors(list []*apierr.Error) []reference.Error {
	errs := make([]reference.Error, len(list))
	for i, e := range list {
		errs[i] = reference.Error{Code: e.Code, Status: e.Status, Message: e.Message}
	}
	return errs
}
