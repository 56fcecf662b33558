package console

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// errSignIn is returned where only a visitor who has signed in may go on.
var errSignIn = errors.New("console: not signed in")

// errToken is returned where a form has not the token of the visitor's session.
var errToken = errors.New("console: form of another session")

// A refusal is an error that the visitor is shown, in his language.
type refusal struct {
	status  int
	message string // in English, with verbs for args
	args    []any
}

func (e *refusal) Error() string { return fmt.Sprintf(e.message, e.args...) }

// Status is the number of the answer, for the template.
func (e *refusal) Status() int { return e.status }

// Text is what the template shows in a language.
func (e *refusal) Text(l *language) string { return l.text(e.message, e.args...) }

func refused(status int, message string, args ...any) error {
	return &refusal{status: status, message: message, args: args}
}

func notFound(message string, args ...any) error {
	return refused(http.StatusNotFound, message, args...)
}

func badRequest(message string, args ...any) error {
	return refused(http.StatusBadRequest, message, args...)
}

// A panicError is a panic of a page, caught.
type panicError struct {
	value any
	stack []byte
}

// newPanicError is to be called by the deferred function that recovered value.
func newPanicError(value any) *panicError {
	return &panicError{value: value, stack: debug.Stack()}
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
