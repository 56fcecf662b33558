// Package apierr holds every error that a caller of the API can see: its code,
// its HTTP status and its literal message, each once.
//
// Clients compare codes and some of them take messages apart, so both are part
// of the wire format. The words, slips of grammar included, are those of the
// service that Tallylight stands in for.
package apierr

import "net/http"

// An Error is what a refused call is answered with.
type Error struct {
	Code    string
	Status  int // HTTP
	Message string
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is reports whether target is an error of the same code, whatever its message.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// badRequest returns an error of status 400, which most of them have.
func badRequest(code, message string) *Error {
	return &Error{Code: code, Status: http.StatusBadRequest, Message: message}
}

// Missing returns the error for a mandatory parameter that is absent or empty.
func Missing(parameter string) *Error {
	return badRequest("Missing"+parameter, parameter+" is mandatory for this action.")
}

// Invalid returns the error for a parameter whose value cannot be used and that
// has no code of its own.
func Invalid(parameter string) *Error {
	return badRequest("Invalid"+parameter, "Specified parameter "+parameter+" is not valid.")
}

// InvalidParameter returns the error for something in the request that is no
// parameter of the operation, or that this server does not offer.
func InvalidParameter(name string) *Error {
	return badRequest("InvalidParameter", "The specified parameter "+name+" is not valid.")
}
