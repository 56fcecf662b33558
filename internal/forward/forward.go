// Package forward hands the events of a domain of a distant server to a server
// nearby, over one connection that goes out, so that callbacks can be developed
// on a machine that nobody can reach. It stands behind `tallylight listen
// --forward-to`.
//
// What is forwarded is a copy: it acknowledges nothing, and the deliveries of the
// distant server go on as they would.
package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/api/events"
	"tallylight/internal/api/sign"
	apiwire "tallylight/internal/api/wire"
	"tallylight/internal/callback/wire"
)

// Bounds.
const (
	targetTimeout = 10 * time.Second // for an answer of the target
	keptAnswer    = 2 << 10          // bytes
	keptRefusal   = 8 << 10          // bytes of a refusal of the server
	firstRetry    = time.Second
	lastRetry     = 30 * time.Second
	// silence is after how long without a word a connection counts as dead.
	silence = 3 * events.TimeInterval
	// overlap is how far back a return asks for streams that are new to it.
	overlap = time.Minute
)

// A Config is what a Forwarder is made of. Secret may be nil.
type Config struct {
	Server string // base URL of the API
	Key    sign.Key
	Domain string
	Target string      // URL that gets the callbacks
	Secret wire.Secret // adds a signature of Standard Webhooks

	// OnForward is told of each callback that was handed over or could not be.
	OnForward func(Result)
	// OnState is told in words when the connection is made and when it breaks.
	OnState func(string)
}

// A Result is what came of a callback.
type Result struct {
	events.Callback
	Status  int // of the target's answer; 0 if none came
	Answer  string
	Elapsed time.Duration
	Err     error // why none came
}

// A Forwarder forwards; Run is called once.
type Forwarder struct {
	config Config
	url    *url.URL // of the target
	server *http.Client
	target *http.Client
	retry  time.Duration // after the first failure
	seen   *seen
	since  time.Time // clock of the server, below which nothing was missed
	begun  time.Time // when it was heard first
}

// ErrRefused means that the server answered with a refusal that trying again does
// not change.
var ErrRefused = errors.New("server refuses")

// New returns a Forwarder. It fails if a URL of c is none.
func New(c Config) (*Forwarder, error) {
	if _, err := parseURL(c.Server); err != nil {
		return nil, err
	}
	targetURL, err := parseURL(c.Target)
	if err != nil {
		return nil, err
	}
	target := http.DefaultTransport.(*http.Transport).Clone()
	target.Proxy = nil // it is nearby
	return &Forwarder{
		config: c,
		url:    targetURL,
		server: &http.Client{},
		target: &http.Client{
			Transport:     target,
			Timeout:       targetTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		retry: firstRetry,
		seen:  newSeen(events.MaxPositions),
	}, nil
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", text)
	}
	return u, nil
}

// Run forwards until ctx ends, which is no error, or the server refuses for good,
// which wraps ErrRefused. A connection that breaks is made again, from where it
// was.
func (f *Forwarder) Run(ctx context.Context) error {
	for wait := f.retry; ; {
		heard, err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, ErrRefused) {
			return err
		}
		if heard {
			wait = f.retry
		}
		if err != nil { // else the server asks for the call again
			f.config.OnState(fmt.Sprintf("connection to %s is gone, trying again in %v: %v", f.config.Server, wait, err))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, lastRetry)
	}
}

// follow makes one connection and forwards what comes over it. It reports whether
// the server was heard; the error is nil where the server has ended the stream.
func (f *Forwarder) follow(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(silence, func() { cancel(errors.New("the server is silent")) })
	defer alarm.Stop()
	body, err := f.connect(ctx)
	if err != nil {
		return false, orCause(ctx, err)
	}
	defer body.Close()
	for r := events.NewReader(body); ; {
		e, err := r.Read()
		if err == io.EOF && heard {
			return true, nil
		}
		if err != nil {
			return heard, orCause(ctx, err)
		}
		alarm.Reset(silence)
		if e.Time != nil {
			if !heard {
				f.config.OnState(fmt.Sprintf("following %s at %s, forwarding to %s", f.config.Domain, f.config.Server, f.config.Target))
			}
			heard = true
			f.hear(e.Time.Now)
			continue
		}
		if f.seen.has(e.Callback) {
			continue
		}
		alarm.Stop() // the target takes its own time
		f.config.OnForward(f.forward(ctx, *e.Callback))
		alarm.Reset(silence)
		f.seen.add(e.Callback)
	}
}

// orCause returns why ctx was cancelled, if it was, else err.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// hear notes the server's clock.
func (f *Forwarder) hear(now time.Time) {
	if f.begun.IsZero() {
		f.begun = now
	}
	if back := now.Add(-overlap); back.After(f.begun) {
		f.since = back
	} else {
		f.since = f.begun
	}
}

// connect calls the server and returns the stream.
func (f *Forwarder) connect(ctx context.Context) (io.ReadCloser, error) {
	params := apiwire.Params{}.
		With("Action", "TallylightFollowEvents").With("Version", "2016-11-01").With("Format", "JSON").
		With("DomainName", f.config.Domain).With("CallbackUrl", f.config.Target)
	if !f.since.IsZero() {
		params = params.With("Since", apiwire.FormatTime(f.since)).With("After", events.FormatPositions(f.seen.positions()))
	}
	form := sign.RPC(f.config.Key, http.MethodPost, params, nonce(), time.Now()).Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(f.config.Server, "/")+"/", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := f.server.Do(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK && strings.HasPrefix(response.Header.Get("Content-Type"), events.ContentType) {
		return response.Body, nil
	}
	defer response.Body.Close()
	return nil, refusal(response)
}

// refusal returns what a server means that does not answer with a stream.
func refusal(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, keptRefusal))
	if err != nil {
		return err
	}
	var answer struct{ Code, Message string }
	if json.Unmarshal(body, &answer) != nil || answer.Code == "" {
		return fmt.Errorf("%w: status %s, which is no answer of Tallylight's API", ErrRefused, response.Status)
	}
	err = fmt.Errorf("%s: %s", answer.Code, answer.Message)
	if response.StatusCode >= http.StatusInternalServerError || strings.HasPrefix(answer.Code, "Throttling") {
		return err
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// forward hands a callback to the target. Of the URL only the query is the
// server's to say.
func (f *Forwarder) forward(ctx context.Context, c events.Callback) Result {
	result := Result{Callback: c}
	started := time.Now()
	to := *f.url
	named, err := url.Parse(c.URL)
	if err != nil {
		result.Err = err
		return result
	}
	to.RawQuery = named.RawQuery
	r, err := http.NewRequestWithContext(ctx, c.Method, to.String(), strings.NewReader(c.Body))
	if err != nil {
		result.Err = err
		return result
	}
	for name, values := range c.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if len(f.config.Secret) > 0 {
		wire.SignWebhook(r.Header, c.ID, []byte(c.Body), []wire.Secret{f.config.Secret}, started)
	}
	response, err := f.target.Do(r)
	result.Elapsed = time.Since(started)
	if err != nil {
		result.Err = err
		return result
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, keptAnswer)) // what came before an error counts
	result.Status, result.Answer = response.StatusCode, string(answer)
	return result
}
