package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// Keys of log attributes.
const (
	keyRequestID = "request_id"
	keyAction    = "action"
	keyAccount   = "account"
	keyUser      = "user"
	keyStatus    = "status"
	keyCode      = "code"
	keyElapsed   = "elapsed"
	keyErr       = "err"
	keyStack     = "stack"
)

// logCall writes the one line of a call. What the client sent stays out of it,
// because queries hold keys and URLs with tokens; an error that is ours, which
// the client does not get to see, goes in.
func (s *Server) logCall(ctx context.Context, c *call, status int, code string, elapsed time.Duration, err error) {
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String(keyRequestID, c.requestID))
	if c.op != nil {
		attrs = append(attrs, slog.String(keyAction, c.op.name))
	}
	if c.caller.account != "" {
		attrs = append(attrs, slog.String(keyAccount, string(c.caller.account)))
	}
	if c.caller.user != "" {
		attrs = append(attrs, slog.String(keyUser, c.caller.user))
	}
	attrs = append(attrs, slog.Int(keyStatus, status))
	if code != "" {
		attrs = append(attrs, slog.String(keyCode, code))
	}
	attrs = append(attrs, slog.Duration(keyElapsed, elapsed))
	if level == slog.LevelError {
		attrs = append(attrs, slog.Any(keyErr, err))
		if p, ok := errors.AsType[*panicError](err); ok {
			attrs = append(attrs, slog.String(keyStack, string(p.stack)))
		}
	}
	s.log.LogAttrs(ctx, level, "api call", attrs...)
}

// A panicError is a panic of a handler, caught.
type panicError struct {
	value any
	stack []byte
}

// newPanicError is to be called by the deferred function that recovered value.
func newPanicError(value any) *panicError {
	return &panicError{value: value, stack: debug.Stack()}
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
