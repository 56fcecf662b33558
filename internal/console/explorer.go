package console

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tallylight/internal/api"
	"tallylight/internal/api/explore"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/samples"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

const explorerPath = Root + "explorer"

// explorerRoutes are those of the reference of operations, in which each can be
// called.
var explorerRoutes = []route{
	{pattern: "GET " + explorerPath, handle: (*visit).operationsPage},
	{pattern: "GET " + explorerPath + "/{operation}", handle: (*visit).operationPage},
	{pattern: "POST " + explorerPath + "/{operation}", handle: (*visit).exploreOperation},
}

// An operationList is the page of all operations.
type operationList struct {
	Search   string
	Groups   []reference.Group // with the operations that were searched for
	NotBuilt []string
	Version  string
}

func (v *visit) operationsPage() error {
	all := api.Reference()
	page := operationList{Search: strings.TrimSpace(v.r.URL.Query().Get("q")), Version: all.Version}
	search := strings.ToLower(page.Search)
	found := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), search) })
	}
	for _, g := range all.Groups {
		g.Operations = slices.DeleteFunc(slices.Clone(g.Operations), func(op *reference.Operation) bool {
			return !found(op.Name, op.Summary.In(v.lang.Tag))
		})
		if len(g.Operations) > 0 {
			page.Groups = append(page.Groups, g)
		}
	}
	page.NotBuilt = slices.DeleteFunc(slices.Clone(all.NotBuilt), func(name string) bool { return !found(name) })
	return v.render("explorer.html", "API", page)
}

// An exploration is the page of one operation, and what was asked of it.
type exploration struct {
	Operation *reference.Operation
	Fields    []exploredField
	Method    string
	Format    string
	Scheme    string
	Endpoint  string

	Problem   string // with what the form gives
	Request   *explore.Request
	Answer    *explore.Answer
	Body      string // of the answer, for reading
	Language  string
	Languages []samples.Language
	Code      string
	CodeFile  string
	CodeSetup string
}

// An exploredField is a parameter with its value or its items.
type exploredField struct {
	*reference.Parameter
	Wire  string // its name on the wire: RecordFormat.1.Format
	Value string
	// Of a list: what stands in it.
	Items []exploredItem
	Full  bool
}

// An exploredItem is one item of a list.
type exploredItem struct {
	Number int
	Fields []exploredField
}

// Names of the form's own fields; those of parameters begin with paramPrefix, those
// of the numbers of items with countPrefix.
const (
	paramPrefix = "p."
	countPrefix = "n."
	doField     = "do"
	doAdd       = "add." // with the name of a list
	doRemove    = "remove."
	doCall      = "call"
)

// operation returns the operation that the path names.
func (v *visit) operation() (*reference.Operation, error) {
	name := v.r.PathValue("operation")
	if op := api.Reference().Operation(name); op != nil {
		return op, nil
	}
	if slices.Contains(api.Reference().NotBuilt, name) {
		return nil, notFound("This server does not have the operation %s. It answers it with UnsupportedOperation.", name)
	}
	return nil, notFound("There is no operation %s.", name)
}

func (v *visit) operationPage() error {
	op, err := v.operation()
	if err != nil {
		return err
	}
	// Values can come with the address, for links to a call.
	get := v.r.URL.Query().Get
	page := v.exploration(op, func(name string) string {
		if value := get(strings.TrimPrefix(name, paramPrefix)); strings.HasPrefix(name, paramPrefix) && value != "" {
			return value
		}
		return get(name)
	})
	v.build(&page)
	return v.render("operation.html", op.Name, page)
}

func (v *visit) exploreOperation() error {
	op, err := v.operation()
	if err != nil {
		return err
	}
	page := v.exploration(op, v.r.PostFormValue)
	v.build(&page)
	if v.r.PostFormValue(doField) == doCall && page.Request != nil {
		if page.Answer, err = page.Request.Do(v.r, v.API); err != nil {
			return fmt.Errorf("explore %s: %w", op.Name, err)
		}
		page.Body = string(explore.Indent(page.Answer.Header.Get("Content-Type"), page.Answer.Body))
		if !op.Reads {
			v.audit(op.Name, "", "status", page.Answer.Status, "request_id", page.Answer.RequestID)
		}
	}
	return v.render("operation.html", op.Name, page)
}

// exploration reads the form.
func (v *visit) exploration(op *reference.Operation, value func(string) string) exploration {
	page := exploration{
		Operation: op, Endpoint: v.origin(),
		Method: value("method"), Format: value("format"), Scheme: value("scheme"), Language: value("language"),
		Languages: samples.For(op),
	}
	if page.Method == "" {
		page.Method = http.MethodPost
	}
	if page.Format == "" {
		page.Format = "JSON"
	}
	if page.Scheme == "" {
		page.Scheme = string(explore.ACS3)
	}
	if page.Language == "" && len(page.Languages) > 0 {
		page.Language = page.Languages[0].ID
	}
	page.Fields = exploredFields(op.Parameters, "", value)
	return page
}

// maxExploredItems bounds the items of a list that a form shows.
const maxExploredItems = 30

// exploredFields returns the fields of parameters whose names on the wire begin
// with prefix.
func exploredFields(params []*reference.Parameter, prefix string, value func(string) string) (fields []exploredField) {
	for _, p := range params {
		f := exploredField{Parameter: p, Wire: prefix + p.Name}
		if !p.Type.List {
			f.Value = value(paramPrefix + f.Wire)
			fields = append(fields, f)
			continue
		}
		limit := maxExploredItems
		if p.MaxItems > 0 {
			limit = min(limit, p.MaxItems)
		}
		count, _ := strconv.Atoi(value(countPrefix + f.Wire)) // 0 for what is no number
		switch value(doField) {
		case doAdd + f.Wire:
			count++
		case doRemove + f.Wire:
			count--
		}
		if p.Mandatory {
			count = max(count, 1)
		}
		count = min(max(count, 0), limit)
		for n := 1; n <= count; n++ {
			name := f.Wire + "." + strconv.Itoa(n)
			item := exploredItem{Number: n}
			if p.Items != nil {
				item.Fields = exploredFields(p.Items, name+".", value)
			} else {
				one := *p
				one.Type.List = false
				item.Fields = []exploredField{{Parameter: &one, Wire: name, Value: value(paramPrefix + name)}}
			}
			f.Items = append(f.Items, item)
		}
		f.Full = count == limit
		fields = append(fields, f)
	}
	return fields
}

// params returns what the fields hold. Empty ones are left out.
func params(fields []exploredField) (list wire.Params) {
	for _, f := range fields {
		for _, item := range f.Items {
			list = append(list, params(item.Fields)...)
		}
		if f.Value != "" {
			list = append(list, wire.Param{Name: f.Wire, Value: f.Value})
		}
	}
	return list
}

// build makes the request and the code of an exploration, or says what is wrong
// with it.
func (v *visit) build(page *exploration) {
	given := params(page.Fields)
	format := wire.JSON
	if page.Format == "XML" {
		format = wire.XML
	}
	request, err := explore.Build(explore.Call{
		Action: page.Operation.Name, Params: given, Method: page.Method, Format: format, Scheme: explore.Scheme(page.Scheme),
		Endpoint: page.Endpoint, Key: sign.Key{ID: v.key.ID, Secret: v.key.Secret}, Nonce: rand.Text(), Time: v.Now(),
	})
	switch {
	case errors.Is(err, explore.ErrFormat):
		page.Problem = v.t("Answers to the ACS3 scheme are JSON: choose RPC for XML.")
	case err != nil:
		page.Problem = err.Error()
	default:
		page.Request = request
	}
	for _, l := range page.Languages {
		if l.ID != page.Language {
			continue
		}
		page.CodeFile, page.CodeSetup = l.File, l.Setup
		code, err := samples.Write(l.ID, page.Operation, samples.Call{Endpoint: page.Endpoint, Params: given})
		if err != nil {
			code = err.Error()
		}
		page.Code = code
	}
}

// HeaderLines returns the headers of the request as they are sent.
func (p exploration) HeaderLines() string { return headerLines(p.Request.Header) }

// AnswerLines returns status and headers of the answer.
func (p exploration) AnswerLines() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", p.Answer.Status, http.StatusText(p.Answer.Status))
	for _, name := range slices.Sorted(maps.Keys(p.Answer.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(p.Answer.Header[name], ", "))
	}
	return b.String()
}
