package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// apiVersion is the one version that is spoken.
	apiVersion = "2016-11-01"

	// maxBody bounds the body of a request, in bytes. The longest that the
	// official clients can send is far below.
	maxBody = 1 << 20

	// callTimeout bounds a call. The most impatient official clients hang up
	// after 3 seconds.
	callTimeout = 2500 * time.Millisecond
)

// Headers of answers, spelt as net/http keeps them.
const (
	headerRequestID  = "X-Acs-Request-Id"
	headerTraceID    = "X-Acs-Trace-Id"
	headerRetryAfter = "X-Acs-Retry-After" // milliseconds
)

// configStore is what this package needs of a store; store.Store has it. It may run fn
// again: what an answer is made of is assigned in fn, never added to.
type configStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// urlChecker decides which callback URLs may be configured. It may look up
// addresses, and so it is never called inside a transaction. Its errors wrap
// live.ErrURLMalformed or live.ErrURLUnsafe; a host whose address cannot be
// found now is no error.
type urlChecker interface {
	CheckURL(ctx context.Context, rawURL string) error
}

// bucketSet knows the buckets that can be recorded to, and keeps the objects that
// operations make. DeleteObject wraps live.ErrBucketNotFound for a bucket that is
// not configured.
type bucketSet interface {
	HasBucket(name string) bool
	// PutObject stores an object that is durable when it returns nil. If the key
	// belongs to other content the error wraps blob.ErrExists.
	PutObject(ctx context.Context, bucket, key string, content []byte) error
	// DeleteObject deletes an object; that there is none is no error.
	DeleteObject(ctx context.Context, bucket, key string) error
}

// A Config is what a Server works with. Store, URLs, Buckets, Recorder, Streams
// and Sent are mandatory.
type Config struct {
	Store    configStore
	URLs     urlChecker
	Buckets  bucketSet
	Recorder commander
	Streams  streamRegistry
	// Sent tells what an attempt of a callback sent.
	Sent func(live.Delivery, live.Attempt) (http.Header, []byte, error)
	// Request returns the request of a callback and its body, for those who follow
	// events; nil leaves the operation out.
	Request func(live.Delivery, time.Time) (*http.Request, []byte, error)

	// Replays has callbacks made once more; nil leaves the operation out.
	Replays replayer

	// Shared says that other servers work on the same store: their streams are listed,
	// and a nonce that one of them took for a call that changes something is refused.
	Shared bool

	// Zone is that of the times in object names; nil stands for live.DefaultZone.
	Zone *time.Location
	// Log takes one line a call; nil discards them.
	Log *slog.Logger
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time

	// QPSFactor multiplies the documented rate of every operation. 0 stands for
	// 1; a negative factor switches the limits off.
	QPSFactor float64

	// RecommendURL is the page that errors point to: the parameters q (the code),
	// product and requestId are added to it. Empty leaves the member Recommend
	// out.
	RecommendURL string
}

// A Server is the http.Handler of the API. It answers on "/" and does not look
// at the host name. It has to stand before any http.ServeMux, which would
// redirect "//" to "/" and lose the form of a POST.
type Server struct {
	store        configStore
	urls         urlChecker
	buckets      bucketSet
	recorder     commander
	streams      streamRegistry
	sent         sentFunc
	request      requestFunc
	followers    *followers
	replays      replayer
	shared       bool
	zone         *time.Location
	log          *slog.Logger
	now          func() time.Time
	recommendURL string
	operations   map[string]*operation
	keeper       *nonceKeeper
	nonces       nonceStore // the keeper, but for tests
	throttle     *throttle
	supported    capabilities

	// undeclared is told when a handler answers with an error that its row of
	// the table does not declare.
	undeclared func(op *operation, err *apierr.Error)
}

// New returns a Server.
func New(c Config) *Server {
	s := &Server{
		store:        c.Store,
		urls:         c.URLs,
		buckets:      c.Buckets,
		recorder:     c.Recorder,
		streams:      c.Streams,
		sent:         c.Sent,
		request:      c.Request,
		followers:    newFollowers(),
		replays:      c.Replays,
		shared:       c.Shared,
		zone:         c.Zone,
		log:          c.Log,
		now:          c.Now,
		recommendURL: c.RecommendURL,
		operations:   make(map[string]*operation),
		throttle:     newThrottle(c.QPSFactor),
		supported:    supported,
	}
	for _, name := range operationNames() {
		s.operations[name] = unsupported(name)
	}
	for _, op := range operations {
		s.operations[op.name] = op
	}
	if s.request != nil {
		s.operations[followEvents.name] = &followEvents
	}
	if s.replays != nil {
		s.operations[replayDeliveries.name] = &replayDeliveries
	}
	if s.shared {
		s.store = store.OneByOne(c.Store)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.zone == nil {
		s.zone = live.DefaultZone
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.keeper = newNonceKeeper(c.Store, maxNonces, s.now)
	s.keeper.shared = s.shared
	s.nonces = s.keeper
	s.undeclared = func(op *operation, err *apierr.Error) {
		s.log.Error("operation answered with an undeclared error", keyAction, op.name, keyCode, err.Code)
	}
	return s
}

// Restore reads what an earlier run has left, so that no request of that time
// can be sent again. It comes before the first request.
func (s *Server) Restore(ctx context.Context) error { return s.keeper.restore(ctx) }

// Run keeps the nonces of calls in the store until ctx ends, and then the last
// ones. ctx has to outlive the last request.
func (s *Server) Run(ctx context.Context) {
	s.keeper.run(ctx, func(err error) { s.log.Error("nonces are not kept", keyErr, err) })
}

// A caller is who sent a request that was authenticated.
type caller struct {
	account live.AccountID
	user    string // of the account; empty for the account itself
}

// A call is one request on its way through the server, and what the log tells
// of it.
type call struct {
	requestID  string
	op         *operation // nil until known
	caller     caller
	format     wire.Format
	retryAfter time.Duration // of a throttled call
	denied     accessDenied  // detail of a call that policies refuse
	streamed   streamer      // the answer, if it is not one piece
}

// A streamer is an answer that is written while it comes to be. Its error is for
// the log.
type streamer interface {
	stream(ctx context.Context, w http.ResponseWriter) error
}

// ServeHTTP answers one request. Whatever happens, the answer has a RequestId
// and, unless it is to OPTIONS, a body that the official clients can read.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := s.now()
	c := &call{requestID: newRequestID()}
	h := w.Header()
	h.Set(headerRequestID, c.requestID)
	h.Set(headerTraceID, newTraceID())
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "*")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "POST, GET, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "*")
		return
	}
	body, err := s.do(w, r, c)
	if c.streamed != nil {
		err = c.streamed.stream(r.Context(), w)
		s.logCall(r.Context(), c, http.StatusOK, "", s.now().Sub(started), nil)
		if err != nil {
			s.log.Warn("stream ended", keyRequestID, c.requestID, keyAction, c.op.name, keyErr, err)
		}
		return
	}
	status, code := http.StatusOK, ""
	if err != nil {
		refusal := wireError(c.op, err)
		status, code = refusal.Status, refusal.Code
		body = s.encodeError(c, r.Host, refusal)
	}
	if c.retryAfter > 0 {
		// Rounded up, so that a client that obeys is not too early.
		ms := (c.retryAfter + time.Millisecond - 1) / time.Millisecond
		h.Set(headerRetryAfter, strconv.FormatInt(int64(ms), 10))
	}
	h.Set("Content-Type", c.format.ContentType())
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // a client that has gone needs no answer
	s.logCall(r.Context(), c, status, code, s.now().Sub(started), err)
}

// do takes a call through all checks to its handler, and encodes the answer.
func (s *Server) do(w http.ResponseWriter, r *http.Request, c *call) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()

	req, err := readRequest(w, r)
	c.format = req.format
	if err != nil {
		return nil, err
	}
	if c.op, err = s.identify(&req); err != nil {
		return nil, err
	}
	if c.caller, err = s.authenticate(ctx, &req, c.op); err != nil {
		return nil, err
	}
	if c.denied, err = s.authorise(ctx, &req, c.op, c.caller); err != nil {
		return nil, err
	}
	if c.retryAfter = s.throttle.wait(c.caller.account, c.op, s.now()); c.retryAfter > 0 {
		return nil, apierr.ThrottlingUser
	}
	answer, err := c.op.run(s, ctx, c.caller, req.params)
	if err != nil {
		if e := wireError(c.op, err); !c.op.declares(e) {
			s.undeclared(c.op, e)
		}
		return nil, err
	}
	if streamed, ok := answer.(streamer); ok {
		c.streamed = streamed
		return nil, nil
	}
	return wire.Encode(c.format, c.op.name+"Response", c.requestID, answer), nil
}

// errorBody is the envelope of every refusal.
type errorBody struct {
	HostID    string `rpc:"HostId"`
	Code      string `rpc:"Code"`
	Message   string `rpc:"Message"`
	Recommend string `rpc:"Recommend,omitempty,cdata"`

	AccessDeniedDetail accessDenied `rpc:"AccessDeniedDetail,omitempty"`
}

func (s *Server) encodeError(c *call, host string, e *apierr.Error) []byte {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	body := errorBody{HostID: host, Code: e.Code, Message: e.Message, AccessDeniedDetail: c.denied}
	if s.recommendURL != "" {
		query := url.Values{"q": {e.Code}, "product": {"live"}, "requestId": {c.requestID}}
		body.Recommend = s.recommendURL + "?" + query.Encode()
	}
	return wire.Encode(c.format, "Error", c.requestID, body)
}
