package api

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var describeLiveStreamAuthChecking = operation{
	name:     "DescribeLiveStreamAuthChecking",
	summary:  "Says whether the auth_key of a URL is good for a domain now, by the code that checks pushes.",
	qps:      100,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		{name: "DomainName", about: "Domain that the URL is addressed to.", example: "push.example.com"},
		{name: "Url", about: "Complete URL with its auth_key.", limits: "Absolute; its host or its parameter vhost is DomainName, unless its host cannot be a domain.", example: "rtmp://push.example.com/live/show?auth_key=1767225600-0-0-fa7f8e5ae697a2a8aa2b335027ad345b"},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.InvalidParam,
	},
	handler: handle((*Server).describeLiveStreamAuthChecking),
}

type describeLiveStreamAuthCheckingRequest struct {
	DomainName string `rpc:"DomainName,required"`
	URL        string `rpc:"Url,required"`
	RegionID   string `rpc:"RegionId"`
}

type describeLiveStreamAuthCheckingResponse struct {
	Status      string `rpc:"Status"` // pass or false
	Description string `rpc:"Description"`
}

func (s *Server) describeLiveStreamAuthChecking(ctx context.Context, c caller, q *describeLiveStreamAuthCheckingRequest) (answer describeLiveStreamAuthCheckingResponse, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		d, err := domain(ctx, r, c, q.DomainName)
		if err != nil {
			return err
		}
		path, authKey, err := authPart(q.URL, d.Name)
		if err != nil {
			return err
		}
		auth, err := r.PushAuth(ctx, d.Name)
		if errors.Is(err, live.ErrConfigNotFound) {
			auth, err = live.PushAuth{Type: live.PushAuthNone}, nil
		}
		if err != nil {
			return err
		}
		answer = newAuthChecking(auth, auth.Check(path, authKey, s.now()))
		return nil
	})
	return answer, err
}

// newAuthChecking tells what became of a check.
func newAuthChecking(auth live.PushAuth, err error) describeLiveStreamAuthCheckingResponse {
	switch {
	case err == nil && auth.Type == live.PushAuthNone:
		return describeLiveStreamAuthCheckingResponse{"pass", "AUTH IS OFF"}
	case err == nil:
		return describeLiveStreamAuthCheckingResponse{"pass", "AUTH_KEY IS VALID"}
	case errors.Is(err, live.ErrAuthKeyMissing):
		return describeLiveStreamAuthCheckingResponse{"false", "MISSING AUTH_KEY"}
	case errors.Is(err, live.ErrAuthKeyExpired):
		return describeLiveStreamAuthCheckingResponse{"false", "EXPIRED AUTH_KEY"}
	}
	return describeLiveStreamAuthCheckingResponse{"false", "INVALID AUTH_KEY"}
}

// authPart returns the path and the auth_key of a URL that is addressed to a
// domain.
func authPart(rawURL, domain string) (path, authKey string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Path == "" {
		return "", "", apierr.InvalidParam
	}
	query := u.Query()
	host := u.Hostname()
	if vhost := query.Get("vhost"); vhost != "" {
		host = vhost
	}
	if name := live.NormalizeDomainName(host); name != domain && canBeDomain(name) {
		return "", "", apierr.InvalidParam
	}
	return u.Path, query.Get(live.AuthKeyArg), nil
}

// canBeDomain reports whether a host can be one of ours; IP addresses and names
// of one label stand for the server's default domain.
func canBeDomain(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && strings.Contains(host, ".")
}
