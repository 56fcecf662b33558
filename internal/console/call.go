package console

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tallylight/internal/api/explore"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// A callError is what the API answered to a call that it refused.
type callError struct {
	Status    int
	Code      string
	Message   string
	RequestID string `json:"RequestId"`
}

func (e *callError) Error() string { return e.Code + ": " + e.Message }

// call calls an operation of the API for the visitor, signed with his key, and
// decodes its answer into answer unless that is nil. What the API refuses is a
// *callError. A call that is not a Describe leaves a line in the log.
func (v *visit) call(operation string, params url.Values, answer any) error {
	given := wire.Params{}
	for name, values := range params {
		given = append(given, wire.Param{Name: name, Value: values[0]})
	}
	request, err := explore.Build(explore.Call{
		Action: operation, Params: given, Method: http.MethodPost, Format: wire.JSON, Scheme: explore.ACS3,
		Endpoint: v.origin(), Key: sign.Key{ID: v.key.ID, Secret: v.key.Secret}, Nonce: rand.Text(), Time: v.Now(),
	})
	if err != nil {
		return fmt.Errorf("call %s: %w", operation, err)
	}
	got, err := request.Do(v.r, v.API)
	if err != nil {
		return fmt.Errorf("call %s: %w", operation, err)
	}
	if !strings.HasPrefix(operation, "Describe") {
		v.audit(operation, params.Get("DomainName"), "status", got.Status, "request_id", got.RequestID)
	}
	if got.Status != http.StatusOK {
		refusal := &callError{Status: got.Status}
		if err := json.Unmarshal(got.Body, refusal); err != nil {
			return fmt.Errorf("call %s: answer %d: %w", operation, got.Status, err)
		}
		return refusal
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(got.Body, answer); err != nil {
		return fmt.Errorf("call %s: %w", operation, err)
	}
	return nil
}

// flashOf returns what the visitor is told of err; ok is false if it is nothing
// for him.
func (v *visit) flashOf(err error) (f flash, ok bool) {
	if e, ok := errors.AsType[*callError](err); ok {
		return flash{Kind: "bad", Text: e.Error(), Code: e.Code}, true
	}
	if e, ok := errors.AsType[*refusal](err); ok {
		return flash{Kind: "bad", Text: e.Text(v.lang)}, true
	}
	return flash{}, false
}
