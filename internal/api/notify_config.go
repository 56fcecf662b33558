package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
)

// notifyConfigParameters documents notifyConfigRequest.
var notifyConfigParameters = []parameter{
	streamingDomainParameter,
	{name: "NotifyUrl", about: "URL that is told of finished files and, if asked for, of states.", limits: "Absolute http or https URL of at most 2048 bytes, at a public address unless the server's configuration allows more.", example: "https://example.com/recorded"},
	{name: "OnDemandUrl", about: "URL that is asked whether to record a push.", limits: "As NotifyUrl.", example: "https://example.com/decide"},
	{name: "NeedStatusNotify", about: "Whether NotifyUrl is told when a recording starts, pauses, resumes and fails, too.", preset: "false", limits: "true, false, yes, no, 1, 0", example: "true"},
	{name: "NotifyReqAuth", about: "Whether callbacks are signed. Left out, they are signed if there is a key.", preset: "false", limits: "true, false, yes, no, 1, 0", example: "true"},
	{name: "NotifyAuthKey", about: "Key that callbacks are signed with; mandatory if NotifyReqAuth is on.", limits: "16 to 64 letters and digits.", example: "testkeyyourkey12"},
}

// notifyConfigErrors are the errors that notifyConfigRequest can be refused
// with.
var notifyConfigErrors = []*apierr.Error{
	apierr.InvalidDomainNotFound,
	apierr.IllegalOperation,
	apierr.InvalidNotifyURLMalformed,
	apierr.InvalidNotifyURLUnsafe,
	apierr.InvalidOnDemandURLMalformed,
	apierr.InvalidOnDemandURLUnsafe,
	apierr.MissingNotifyAuthKey,
	apierr.InvalidNotifyAuthKeyMalformed,
}

// A notifyConfigRequest asks for a notify config to be added or changed.
type notifyConfigRequest struct {
	DomainName       string  `rpc:"DomainName,required"`
	NotifyURL        string  `rpc:"NotifyUrl,required"`
	OnDemandURL      *string `rpc:"OnDemandUrl"`
	NeedStatusNotify bool    `rpc:"NeedStatusNotify"`
	NotifyReqAuth    *bool   `rpc:"NotifyReqAuth"`
	NotifyAuthKey    *string `rpc:"NotifyAuthKey"`
}

// validateNotifyConfig checks everything in q that does not depend on what is
// stored, in the order in which errors are to be found: domain, NotifyUrl,
// OnDemandUrl, key. It may look up addresses, so no transaction may be open. It
// returns the domain.
func (s *Server) validateNotifyConfig(ctx context.Context, c caller, q *notifyConfigRequest) (live.Domain, error) {
	d, err := s.streamingDomain(ctx, c, q.DomainName)
	if err != nil {
		return d, err
	}
	if err := s.checkURL(ctx, q.NotifyURL, apierr.InvalidNotifyURLMalformed, apierr.InvalidNotifyURLUnsafe); err != nil {
		return d, err
	}
	if q.OnDemandURL != nil && *q.OnDemandURL != "" {
		if err := s.checkURL(ctx, *q.OnDemandURL, apierr.InvalidOnDemandURLMalformed, apierr.InvalidOnDemandURLUnsafe); err != nil {
			return d, err
		}
	}
	if q.NotifyAuthKey != nil && *q.NotifyAuthKey != "" && !isAuthKey(*q.NotifyAuthKey) {
		return d, apierr.InvalidNotifyAuthKeyMalformed
	}
	return d, nil
}

// apply writes q into config. What q leaves out stays as it is, except for the
// booleans, whose documented default is false; an empty value clears.
func (q *notifyConfigRequest) apply(config *live.NotifyConfig) error {
	config.NotifyURL = q.NotifyURL
	config.NeedStatusNotify = q.NeedStatusNotify
	config.NotifyReqAuth = q.NotifyReqAuth != nil && *q.NotifyReqAuth
	config.NotifyAuthOff = q.NotifyReqAuth != nil && !*q.NotifyReqAuth
	if q.OnDemandURL != nil {
		config.OnDemandURL = *q.OnDemandURL
	}
	if q.NotifyAuthKey != nil {
		config.NotifyAuthKey = *q.NotifyAuthKey
	}
	if config.NotifyReqAuth && config.NotifyAuthKey == "" {
		return apierr.MissingNotifyAuthKey
	}
	return nil
}

// urlCheckTimeout bounds the check of one URL, so that two of them fit into
// callTimeout.
const urlCheckTimeout = time.Second

// checkURL returns malformed or unsafe if the URL is that. A name server that
// does not answer in time is no reason to refuse: the address is checked again
// whenever it is dialled.
func (s *Server) checkURL(ctx context.Context, rawURL string, malformed, unsafe *apierr.Error) error {
	timed, cancel := context.WithTimeout(ctx, urlCheckTimeout)
	defer cancel()
	switch err := s.urls.CheckURL(timed, rawURL); {
	case err == nil:
		return nil
	case errors.Is(err, live.ErrURLMalformed):
		return malformed
	case errors.Is(err, live.ErrURLUnsafe):
		return unsafe
	case timed.Err() != nil && ctx.Err() == nil:
		return nil
	default:
		return fmt.Errorf("check callback URL: %w", err)
	}
}

// isAuthKey reports whether s has 16 to 64 letters and digits.
func isAuthKey(s string) bool {
	return len(s) >= 16 && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
