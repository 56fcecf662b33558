package callback

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// Defaults of an AskerConfig.
const (
	DefaultAskDeadline  = 35 * time.Second // a burst of attempts that all time out
	DefaultAskPerOrigin = 64
)

// An AskerConfig is what an Asker is made of. Guard and Log are needed.
type AskerConfig struct {
	Guard *Guard
	Log   *slog.Logger
	// UserAgent is sent with every question; "" means DefaultUserAgent.
	UserAgent string
	// Deadline bounds a question with all its attempts; 0 means the default.
	Deadline time.Duration
	// PerOrigin bounds the connections to one server, so that one that hangs
	// cannot use them up; attempts wait for their turn. 0 means the default.
	PerOrigin int
}

// An Asker asks the operator's server whether pushes are to be recorded. Its
// methods may be called from several goroutines.
type Asker struct {
	transport *http.Transport
	log       *slog.Logger
	userAgent string
	deadline  time.Duration
}

// NewAsker returns an asker.
func NewAsker(c AskerConfig) *Asker {
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if c.Deadline <= 0 {
		c.Deadline = DefaultAskDeadline
	}
	if c.PerOrigin <= 0 {
		c.PerOrigin = DefaultAskPerOrigin
	}
	transport := newTransport(c.Guard, c.PerOrigin)
	transport.MaxConnsPerHost = c.PerOrigin
	return &Asker{transport: transport, log: c.Log, userAgent: c.UserAgent, deadline: c.Deadline}
}

// Close closes the connections that wait for another question.
func (a *Asker) Close() { a.transport.CloseIdleConnections() }

// errNoDecision ends a question.
var errNoDecision = errors.New("no decision within the deadline")

// Ask asks until there is an answer: once and, where that fails, five times more, a
// second apart, within the deadline. It blocks until then, or until ctx ends. A URL
// that may not be called is an error at once, which wraps live.ErrURLMalformed or
// live.ErrURLUnsafe.
func (a *Asker) Ask(ctx context.Context, q live.Question) (live.OnDemandAnswer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, a.deadline, errNoDecision)
	defer cancel()
	log := a.log.With(keyDomain, q.Key.Domain, keyApp, q.Key.App, keyStream, q.Key.Stream, keyOrigin, live.Origin(q.URL))
	for made := 1; ; made++ {
		trial := a.Try(ctx, q)
		if len(trial.Ignored) > 0 {
			log.Warn("answer ignored in part", keyAttempt, made, keyIgnored, strings.Join(trial.Ignored, "; "))
		}
		if trial.Err == nil {
			return trial.Answer, nil
		}
		err := trial.Err
		if ctx.Err() == nil && made <= burstRetries && !errors.Is(err, live.ErrURLMalformed) && !errors.Is(err, live.ErrURLUnsafe) {
			log.Warn("question failed", keyAttempt, made, keyErr, errText(err))
			select {
			case <-time.After(stretch(burstInterval, burstJitter*rand.Float64())):
				continue
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return live.OnDemandAnswer{}, fmt.Errorf("ask %s about %s, %d attempts: %w", live.Origin(q.URL), q.Key, made, err)
	}
}

// A Trial is a question that was asked once, and what came of it.
type Trial struct {
	URL     string      // with the parameters
	Header  http.Header // that was sent
	Elapsed time.Duration
	Status  int    // 0 if none came
	Body    []byte // of a status 200, unpacked
	Answer  live.OnDemandAnswer
	Ignored []string // what could not be used of the answer
	Err     error    // why there is no Answer; nil otherwise
}

// Try asks once, as Ask would, for somebody who wants to see what happens.
func (a *Asker) Try(ctx context.Context, q live.Question) (t Trial) {
	ctx, cancel := context.WithTimeoutCause(ctx, burstTimeout, fmt.Errorf("no answer within %v", burstTimeout))
	defer cancel()
	started := time.Now()
	defer func() {
		t.Elapsed = time.Since(started)
		if t.Err != nil && ctx.Err() != nil {
			t.Err = context.Cause(ctx) // says more than that the context ended
		}
	}()
	r, err := newQuestion(ctx, q, started)
	if err != nil {
		t.Err = err
		return t
	}
	r.Header.Set("User-Agent", a.userAgent)
	t.URL, t.Header = r.URL.String(), r.Header
	response, err := a.transport.RoundTrip(r) // which, unlike a client, follows no redirects
	if err != nil {
		t.Err = err
		return t
	}
	defer response.Body.Close()
	if t.Status = response.StatusCode; t.Status != http.StatusOK {
		t.Err = fmt.Errorf("status %d", t.Status)
		return t
	}
	if t.Body, err = readAnswer(response); err != nil {
		t.Err = fmt.Errorf("read answer: %w", err)
		return t
	}
	t.Answer, t.Ignored, t.Err = wire.ParseOnDemandAnswer(t.Body)
	return t
}

// newQuestion returns the request of an attempt that starts at now.
func newQuestion(ctx context.Context, q live.Question, now time.Time) (*http.Request, error) {
	t, err := parseURL(q.URL)
	if err != nil {
		return nil, err
	}
	r, err := newGet(ctx, q.URL, wire.OnDemandQuery(q))
	if err != nil {
		return nil, err
	}
	setHost(r, t)
	r.Header.Set("Accept-Encoding", "gzip")
	if q.SignKey != "" {
		wire.SignLive(r.Header, r.URL.Host, q.SignKey, now)
	}
	return r, nil
}

// readAnswer reads the first wire.MaxOnDemandAnswer bytes of an answer. The limit
// holds for what is sent and for what it unpacks to, which otherwise a few hundred
// bytes could make gigabytes of.
func readAnswer(response *http.Response) ([]byte, error) {
	body := io.LimitReader(response.Body, wire.MaxOnDemandAnswer)
	if strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = io.LimitReader(unpacked, wire.MaxOnDemandAnswer)
	}
	return io.ReadAll(body)
}
