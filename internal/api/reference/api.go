package reference

import (
	"slices"
	"strings"
)

// An API is the whole reference. It is built once and never changes; its readers
// share it.
type API struct {
	Version string  // 2016-11-01
	Groups  []Group // in the order in which one reads them
	// CommonErrors are those that every call can meet, in the order of the checks.
	CommonErrors []Error
	// ErrorCodes explains every code, sorted.
	ErrorCodes []ErrorCode
	// NotBuilt names the operations of the service that this server refuses with
	// UnsupportedOperation, sorted.
	NotBuilt []string
}

// A Group is a set of operations on the same things, sorted by name.
type Group struct {
	ID         string // for links: lower-case letters and hyphens
	Title      Text
	Operations []*Operation
}

// An Operation is one action of the API.
type Operation struct {
	Name    string
	Summary Text
	// Own says that the service does not have the operation.
	Own bool
	// Reads says that the operation changes nothing.
	Reads bool
	// Streams says that the answer goes on for as long as the caller stays.
	Streams bool
	QPS     int // calls a second and account
	// Of policies: the action is live: and the name.
	Access   string // create, get, update or delete
	Action   string
	Resource string

	Parameters []*Parameter
	// Response are the members of the answer, RequestId first; nil for one that
	// streams.
	Response []*Member
	// Errors are those beside the common ones, sorted by code and message.
	Errors []Error
	// Differences tell where the operation departs from the service's, and what it
	// does where the service leaves a point open.
	Differences []Text
	Examples    []Example // one a format
}

// A Parameter is a parameter of an operation, or a member of the items of one.
type Parameter struct {
	Name      string // DomainName; of items of RecordFormat: Format
	Path      string // as documented: RecordFormat.N.Format
	Type      Type
	Mandatory bool
	Default   Text // of an absent one; empty if there is none
	Limits    Text
	// Allowed are the values that there are, if they can be counted.
	Allowed []string
	// MaxItems is the highest N of a list; 0 for others.
	MaxItems int
	Example  string
	About    Text
	// Items are the members of the items of a list of objects.
	Items []*Parameter
}

// A Type is that of a parameter or of a member of an answer.
type Type struct {
	Name string // string, integer, number, boolean, time or object
	List bool
}

// String returns the type as a reader of the wire knows it.
func (t Type) String() string {
	if t.List {
		return "list of " + t.Name + "s"
	}
	return t.Name
}

// A Member is a member of an answer.
type Member struct {
	Name     string
	Type     Type
	Optional bool // left out where there is nothing to say
	About    Text
	Members  []*Member // of an object, or of the items of a list of objects
}

// An Error is an error that an operation can end with.
type Error struct {
	Code    string
	Status  int // HTTP
	Message string
}

// An ErrorCode explains the errors of one code.
type ErrorCode struct {
	Code     string
	Status   int // HTTP
	Messages []string
	Meaning  Text
	Cause    Text
	Remedy   Text
	// Common says that every call can meet it.
	Common bool
	// Operations names those that can end with it beside, sorted.
	Operations []string
}

// An Example is a call that was made, and its answer.
type Example struct {
	Format string // JSON or XML; events for an answer that streams
	// Request is the request line, parameters and signature included.
	Request     string
	Status      int // HTTP
	ContentType string
	Body        string // of the answer, as it was received; the beginning of one that streams
}

// Operation returns the operation of that name, or nil.
func (a *API) Operation(name string) *Operation {
	for _, g := range a.Groups {
		for _, op := range g.Operations {
			if op.Name == name {
				return op
			}
		}
	}
	return nil
}

// ErrorCode returns the explanation of a code, or nil.
func (a *API) ErrorCode(code string) *ErrorCode {
	i := slices.IndexFunc(a.ErrorCodes, func(e ErrorCode) bool { return e.Code == code })
	if i < 0 {
		return nil
	}
	return &a.ErrorCodes[i]
}

// FindErrors returns the codes that hold the query, or whose messages or
// explanations do, in any language and in upper or lower case; codes first. An
// empty query finds all.
func (a *API) FindErrors(query string) []ErrorCode {
	query = strings.ToLower(strings.TrimSpace(query))
	holds := func(text string) bool { return strings.Contains(strings.ToLower(text), query) }
	var byCode, byText []ErrorCode
	for _, e := range a.ErrorCodes {
		texts := append([]string{e.Meaning.English, e.Meaning.Chinese, e.Cause.English, e.Cause.Chinese, e.Remedy.English, e.Remedy.Chinese}, e.Messages...)
		switch {
		case holds(e.Code):
			byCode = append(byCode, e)
		case slices.ContainsFunc(texts, holds):
			byText = append(byText, e)
		}
	}
	return append(byCode, byText...)
}
