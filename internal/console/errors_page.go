package console

import (
	"slices"
	"strings"

	"tallylight/internal/api"
	"tallylight/internal/api/reference"
)

const errorsPath = Root + "errors"

// errorsRoutes are those of the error center, which is open: answers of the API
// lead to it.
var errorsRoutes = []route{
	{pattern: "GET " + errorsPath, open: true, handle: (*visit).errorsPage},
	{pattern: "GET " + errorsPath + "/{code}", open: true, handle: (*visit).errorPage},
}

// An errorList is the page of all error codes.
type errorList struct {
	Search    string
	RequestID string // that an answer's Recommend brought along
	Codes     []reference.ErrorCode
}

func (v *visit) errorsPage() error {
	q := v.r.URL.Query()
	page := errorList{Search: strings.TrimSpace(q.Get("q")), RequestID: q.Get("requestId")}
	if code := api.Reference().ErrorCode(page.Search); code != nil {
		return v.render("error_code.html", code.Code, errorDetail{code, page.RequestID})
	}
	search := strings.ToLower(page.Search)
	for _, c := range api.Reference().ErrorCodes {
		texts := append([]string{c.Code, c.Meaning.In(v.lang.Tag), c.Cause.In(v.lang.Tag)}, c.Messages...)
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), search) }) {
			page.Codes = append(page.Codes, c)
		}
	}
	return v.render("errors.html", "Errors", page)
}

// An errorDetail is the page of one code.
type errorDetail struct {
	*reference.ErrorCode
	RequestID string
}

func (v *visit) errorPage() error {
	name := v.r.PathValue("code")
	code := api.Reference().ErrorCode(name)
	if code == nil {
		return notFound("This server does not answer with the code %s.", name)
	}
	return v.render("error_code.html", code.Code, errorDetail{code, v.r.URL.Query().Get("requestId")})
}
