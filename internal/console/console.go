package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// Root is the path under which everything of the console stands.
const Root = "/console/"

// defaultSessionLifetime is Config.SessionLifetime where none is given.
const defaultSessionLifetime = 12 * time.Hour

// A stateStore is what the pages read, and the few things that they change beside
// the operations of the API; store.Store has it.
type stateStore interface {
	Update(ctx context.Context, fn func(store.Tx) error) error
	View(ctx context.Context, fn func(store.Reader) error) error
}

// An apiServer answers calls and decides what callers may do; *api.Server is one.
type apiServer interface {
	http.Handler
	Decide(ctx context.Context, key live.AccessKey, action, resource string, r *http.Request) (ram.Decision, error)
}

// callbacks is what the pages of callbacks need of those who make them.
type callbacks interface {
	// Simulate makes one attempt of a delivery that nobody owes.
	Simulate(ctx context.Context, dv live.Delivery) (callback.Simulation, error)
	// Try asks a receiver once whether to record a stream.
	Try(ctx context.Context, q live.Question) callback.Trial
	// Wake has what became due looked for at once.
	Wake()
}

// recordings presents record files.
type recordings interface {
	// ServeFile answers with a record file as MP4, to whoever asks.
	ServeFile(w http.ResponseWriter, r *http.Request, id live.RecordFileID)
	// Sign returns path and query of a link to a record file that is good until it
	// expires; its errors are those of playback.Links.
	Sign(ctx context.Context, id live.RecordFileID, expires time.Time) (string, error)
}

// A urlGuard checks callback URLs; *callback.Guard is one.
type urlGuard interface {
	// CheckURL fails with live.ErrURLMalformed or live.ErrURLUnsafe, wrapped.
	CheckURL(ctx context.Context, rawURL string) error
}

// A Config is what a Console works with. Store, API, Streams, Recorder, Callbacks
// and Recordings are mandatory.
type Config struct {
	Store stateStore
	API   apiServer
	// Streams knows the streams that are live, Recorder what it does about them.
	Streams  liveStreams
	Recorder recorder
	// Space says how the files are doing that are not in their buckets yet; nil: that
	// is not shown.
	Space func() Space
	// Callbacks tries receivers.
	Callbacks callbacks
	// Recordings plays record files.
	Recordings recordings
	// URLs knows which addresses callbacks may be sent to. It is mandatory.
	URLs urlGuard
	// PushAddr returns the address at which the server takes pushes by RTMP; nil
	// stands for the port 1935.
	PushAddr func() net.Addr
	// Zone is that of the times in object names; nil stands for live.DefaultZone.
	Zone *time.Location
	// SessionLifetime is how long a visitor stays signed in who does nothing; 0
	// stands for 12 hours.
	SessionLifetime time.Duration
	// Secure says that visitors come by HTTPS although the server may not see it,
	// behind a proxy: cookies are sent over HTTPS alone.
	Secure bool
	// Version is shown at the foot of pages.
	Version string
	// Log takes a line for each change and each failure; nil discards them.
	Log *slog.Logger
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
}

// A Console is the http.Handler of all paths under Root.
type Console struct {
	Config
	mux      *http.ServeMux
	pages    pages
	assets   assets
	sessions *sessions
	failures *failures
	watchers *watchers
	totals   totals
	origins  *http.CrossOriginProtection
}

// New returns a Console.
func New(cfg Config) *Console {
	if cfg.SessionLifetime == 0 {
		cfg.SessionLifetime = defaultSessionLifetime
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	assets := newAssets()
	c := &Console{
		Config:   cfg,
		mux:      http.NewServeMux(),
		pages:    newPages(assets),
		assets:   assets,
		sessions: newSessions(cfg.SessionLifetime),
		failures: newFailures(),
		watchers: newWatchers(),
		origins:  http.NewCrossOriginProtection(),
	}
	c.mux.HandleFunc("GET "+staticPath+"{version}/{name}", c.assets.serve)
	for _, r := range routes() {
		c.mux.HandleFunc(r.pattern, c.handler(r))
	}
	c.mux.HandleFunc(Root, c.handler(route{open: true, handle: func(*visit) error {
		return notFound("There is no page at this address.")
	}}))
	return c
}

// EndStreams ends the connections over which pages are kept current, so that an
// orderly end of the server need not wait for them.
func (c *Console) EndStreams() { c.watchers.end() }

// A route is one page or action.
type route struct {
	pattern string // of http.ServeMux
	open    bool   // for visitors who have not signed in, too; its forms need no token
	handle  func(*visit) error
}

// maxForm bounds the body of a request, in bytes.
const maxForm = 1 << 20

// securityPolicy lets pages use what this server serves and nothing else.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", securityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.mux.ServeHTTP(w, r)
}

// handler does what every page needs: it knows the visitor, refuses forms that
// another site has sent, and shows what went wrong.
func (c *Console) handler(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := c.newVisit(w, r)
		err := c.admit(v, rt)
		if err == nil {
			err = v.run(rt.handle)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// admit signs the visitor in by his cookie and checks the form's origin.
func (c *Console) admit(v *visit, rt route) error {
	v.w.Header().Set("Cache-Control", "no-store")
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := c.origins.Check(v.r); err != nil {
		return refused(http.StatusForbidden, "This form was sent by another site.")
	}
	signedIn, err := c.resume(v)
	switch {
	case err != nil || rt.open:
		return err
	case !signedIn:
		return errSignIn
	case v.changes():
		return v.checkToken()
	}
	return nil
}

// run calls handle and turns a panic into an error.
func (v *visit) run(handle func(*visit) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = newPanicError(p)
		}
	}()
	return handle(v)
}

// changes reports whether the request is one that may change something.
func (v *visit) changes() bool {
	return v.r.Method != http.MethodGet && v.r.Method != http.MethodHead
}

// fail shows err to the visitor, or what he can do about it; what is the server's
// own goes to the log alone.
func (v *visit) fail(err error) {
	switch {
	case errors.Is(err, errSignIn):
		err = v.toSignIn()
	case errors.Is(err, errToken):
		err = v.refuseToken()
	}
	if err != nil {
		v.showError(err)
	}
}

// showError answers with the page of an error.
func (v *visit) showError(err error) {
	if errors.Is(err, context.Canceled) && v.r.Context().Err() != nil {
		return // the visitor has gone
	}
	shown, ok := errors.AsType[*refusal](err)
	if !ok {
		attrs := []any{"path", v.r.URL.Path, "err", err}
		if p, ok := errors.AsType[*panicError](err); ok {
			attrs = append(attrs, "stack", string(p.stack))
		}
		v.Log.Error("console page failed", attrs...)
		shown = &refusal{status: http.StatusInternalServerError, message: "The server could not make this page. Its log says why."}
	}
	v.status = shown.status
	if err := v.render("error.html", shown.Text(v.lang), shown); err != nil {
		http.Error(v.w, fmt.Sprint(shown), shown.status)
	}
}

// toSignIn sends a visitor who is not signed in to where he can, and back
// afterwards. A form that he has sent waits meanwhile.
func (v *visit) toSignIn() error {
	if v.watching() {
		return refused(http.StatusUnauthorized, "Your session is over. Sign in again.")
	}
	if v.changes() {
		v.status = http.StatusUnauthorized
		held := v.holdForm()
		return v.showSignIn(signInForm{To: held.Back, Held: held, Problem: v.t("Your session is over. Sign in again.")})
	}
	if v.r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// The browser keeps the cookie of a visitor whom a link on another site has led
		// here. It sends it to the same address, asked for from here.
		v.w.Header().Set("Refresh", "0; url="+v.r.URL.RequestURI())
		v.w.WriteHeader(http.StatusOK)
		return nil
	}
	v.redirect(signInPath + "?to=" + queryEscape(v.r.URL.RequestURI()))
	return nil
}
