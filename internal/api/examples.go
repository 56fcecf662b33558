package api

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"tallylight/internal/api/events"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/wire"
)

// examples holds a call of each operation, written by the tests from what they
// have sent and received: NAME.request has a line for the call in JSON and one
// for that in XML, NAME.json and NAME.xml are the answers; NAME.events is the
// beginning of an answer that streams.
//
//go:embed examples
var examples embed.FS

// An exampleFormat is a format of answers.
type exampleFormat struct{ name, contentType string }

// newExamples reads the examples of an operation.
func newExamples(op *operation) (list []reference.Example) {
	requests := strings.Split(example(op.name+".request"), "\n")
	formats := []exampleFormat{{"JSON", wire.JSON.ContentType()}, {"XML", wire.XML.ContentType()}}
	if op.streams() {
		formats = []exampleFormat{{"events", events.ContentType}}
	}
	for i, format := range formats {
		list = append(list, reference.Example{
			Format:      format.name,
			Request:     requests[min(i, len(requests)-1)],
			Status:      http.StatusOK,
			ContentType: format.contentType,
			Body:        example(op.name + "." + strings.ToLower(format.name)),
		})
	}
	return list
}

// example returns a file without its last newline, or "" where there is none.
func example(name string) string {
	b, err := fs.ReadFile(examples, "examples/"+name)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(b), "\n")
}
