package console

import (
	"crypto/subtle"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tallylight/internal/live"
)

const signInPath = Root + "sign-in"

// accessRoutes are those of signing in and out.
var accessRoutes = []route{
	{pattern: "GET " + signInPath, open: true, handle: (*visit).signInPage},
	{pattern: "POST " + signInPath, open: true, handle: (*visit).signIn},
	{pattern: "POST " + Root + "sign-out", open: true, handle: (*visit).signOut},
}

// A signInForm is what the page of that name shows.
type signInForm struct {
	To      string // where the visitor goes afterwards
	KeyID   string
	Problem string
	Held    heldForm // that he has sent while he was not signed in
}

func (v *visit) signInPage() error {
	if v.signedIn() {
		v.redirect(within(v.r.FormValue("to")))
		return nil
	}
	return v.showSignIn(signInForm{To: within(v.r.FormValue("to"))})
}

func (v *visit) showSignIn(form signInForm) error { return v.render("sign_in.html", "Sign in", form) }

// signIn begins a session for an access key pair. It tells nobody whether the id
// or the secret was wrong.
func (v *visit) signIn() error {
	form := signInForm{To: within(v.r.PostFormValue("to")), KeyID: strings.TrimSpace(v.r.PostFormValue("access_key_id")), Held: v.heldForm()}
	from := v.visitorIP()
	if wait := v.failures.wait(from, v.Now()); wait > 0 {
		form.Problem = v.t("Too many attempts failed. Wait %d seconds.", int(math.Ceil(wait.Seconds())))
		v.status = http.StatusTooManyRequests
		return v.showSignIn(form)
	}
	key, err := v.signInKey(v.r.Context(), form.KeyID)
	if err != nil && !errors.Is(err, live.ErrAccessKeyMissing) {
		return err
	}
	secret := strings.TrimSpace(v.r.PostFormValue("access_key_secret"))
	if subtle.ConstantTimeCompare([]byte(secret), []byte(key.Secret)) != 1 || err != nil {
		v.failures.add(from, v.Now())
		v.Log.Warn("console sign-in refused", "access_key_id", form.KeyID, "ip", from)
		form.Problem = v.t("This is not an active access key with its secret.")
		v.status = http.StatusForbidden
		return v.showSignIn(form)
	}
	v.key = key
	v.session = v.sessions.begin(key.ID, v.Now())
	v.setSession(v.session.text(key.Secret), v.session.expires)
	v.audit("sign-in", "")
	asked, err := v.askAboutHeld(form.Held, v.t("Your session was over when you sent this form. It has not been carried out. Send it now?"))
	if err != nil || asked {
		return err
	}
	v.redirect(form.To)
	return nil
}

// signOut ends the session, if there still is one.
func (v *visit) signOut() error {
	if v.signedIn() {
		v.sessions.end(v.session, v.Now())
		v.audit("sign-out", "")
	}
	v.setSession("", time.Unix(0, 0))
	v.redirect(signInPath)
	return nil
}

// within returns a page of the console: the one that to names, or the first.
func within(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, Root) || strings.HasPrefix(u.Path, signInPath) {
		return Root
	}
	if !strings.HasPrefix(path.Clean(u.Path)+"/", Root) { // by dots
		return Root
	}
	return u.RequestURI()
}

// A visitor who failed to sign in may try as many times more at once, and again
// every so often.
const (
	signInBurst    = 10
	signInInterval = 6 * time.Second
	// maxFailing bounds the addresses that are remembered.
	maxFailing = 10_000
)

// failures counts attempts to sign in that failed, by address.
type failures struct {
	mu   sync.Mutex
	from map[netip.Addr]*rate.Limiter
}

func newFailures() *failures { return &failures{from: make(map[netip.Addr]*rate.Limiter)} }

// wait returns how long an address has to wait before its next attempt.
func (f *failures) wait(from netip.Addr, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := f.from[from]
	if limit == nil {
		return 0
	}
	if missing := 1 - limit.TokensAt(now); missing > 0 {
		return time.Duration(missing * float64(signInInterval))
	}
	return 0
}

// add counts a failure. Addresses that have nothing to wait for are forgotten
// when there are too many; if that is not enough, all are.
func (f *failures) add(from netip.Addr, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := f.from[from]
	if limit == nil {
		if len(f.from) >= maxFailing {
			for addr, l := range f.from {
				if l.TokensAt(now) >= signInBurst {
					delete(f.from, addr)
				}
			}
			if len(f.from) >= maxFailing {
				clear(f.from)
			}
		}
		limit = rate.NewLimiter(rate.Every(signInInterval), signInBurst)
		f.from[from] = limit
	}
	limit.AllowN(now, 1)
}

// visitorIP returns the network that the visitor comes from: his address, or of
// an IPv6 address the 64 bits that one subscriber has.
func (v *visit) visitorIP() netip.Addr {
	ap, err := netip.ParseAddrPort(v.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
