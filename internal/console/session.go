package console

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// sessionCookie holds who has signed in: the id of his access key, when the
// session ends and a random name for it, authenticated with the key's secret. So
// a session needs no memory of the server: it lasts across restarts, every node
// knows it, and it ends with the key.
const sessionCookie = "tallylight_session"

// Labels keep what is authenticated with a secret for one purpose from being
// taken for another.
const (
	labelSession = "tallylight console session"
	labelForm    = "tallylight console form"
)

// maxEnded bounds the sessions that are remembered as ended by their visitors.
const maxEnded = 10_000

// A session is what the cookie says.
type session struct {
	keyID   string
	expires time.Time
	name    string // random
}

// sessions makes and checks sessions.
type sessions struct {
	lifetime time.Duration

	mu    sync.Mutex
	ended map[string]time.Time // names of sessions that were ended early, until they expire
}

func newSessions(lifetime time.Duration) *sessions {
	return &sessions{lifetime: lifetime, ended: make(map[string]time.Time)}
}

// begin returns a session of a key.
func (s *sessions) begin(keyID string, now time.Time) session {
	return session{keyID: keyID, expires: now.Add(s.lifetime), name: rand.Text()}
}

// end makes a session worthless before it expires. Where too many have been
// ended the one that expires first is forgotten.
func (s *sessions) end(se session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := ""
	for name, expires := range s.ended {
		if !now.Before(expires) {
			delete(s.ended, name)
		} else if first == "" || expires.Before(s.ended[first]) {
			first = name
		}
	}
	if len(s.ended) >= maxEnded {
		delete(s.ended, first)
	}
	// A renewed session has the same name and may end later.
	s.ended[se.name] = now.Add(s.lifetime)
}

func (s *sessions) hasEnded(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[name]
	return ended
}

// mac authenticates text for a purpose.
func mac(secret, label, text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(label + "\n" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// text returns the cookie's value under the secret of the session's key.
func (se session) text(secret string) string {
	payload := se.keyID + "\n" + strconv.FormatInt(se.expires.Unix(), 10) + "\n" + se.name
	return base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + mac(secret, labelSession, payload)
}

// formToken is what forms of the session carry, so that only its own pages can
// send them.
func (se session) formToken(secret string) string {
	return mac(secret, labelForm, se.keyID+"\n"+se.name)
}

// parseSession reads a cookie's value. It is to be believed only if text returns
// the same.
func parseSession(value string) (session, bool) {
	encoded, _, _ := strings.Cut(value, ".")
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return session{}, false
	}
	parts := strings.Split(string(payload), "\n")
	if len(parts) != 3 {
		return session{}, false
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return session{}, false
	}
	return session{keyID: parts[0], expires: time.Unix(seconds, 0), name: parts[2]}, true
}

// resume finds out who visits. One whose cookie does not hold, or no longer, is
// not signed in.
func (c *Console) resume(v *visit) (bool, error) {
	cookie, err := v.r.Cookie(sessionCookie)
	if err != nil {
		return false, nil
	}
	se, ok := parseSession(cookie.Value)
	now := c.Now()
	if !ok || !now.Before(se.expires) || c.sessions.hasEnded(se.name) {
		return false, nil
	}
	key, err := c.signInKey(v.r.Context(), se.keyID)
	if errors.Is(err, live.ErrAccessKeyMissing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !hmac.Equal([]byte(cookie.Value), []byte(se.text(key.Secret))) {
		return false, nil
	}
	v.key, v.session = key, se
	if se.expires.Sub(now) < c.sessions.lifetime*9/10 { // he is still here; not every answer need say so
		v.session.expires = now.Add(c.sessions.lifetime)
		v.setSession(v.session.text(key.Secret), v.session.expires)
	}
	return true, nil
}

// signInKey returns a key with which one can sign in: an active one that is not
// temporary. Another is live.ErrAccessKeyMissing.
func (c *Console) signInKey(ctx context.Context, id string) (key live.AccessKey, err error) {
	err = c.Store.View(ctx, func(r store.Reader) (err error) {
		key, err = r.AccessKey(ctx, id)
		return err
	})
	if err == nil && (!key.Active || key.Temporary()) {
		err = live.ErrAccessKeyMissing
	}
	return key, err
}

// setSession sets the cookie; an empty value deletes it. The browser is told how
// long to keep it, not until when: its clock may be wrong.
func (v *visit) setSession(value string, expires time.Time) {
	cookie := v.cookie(sessionCookie, value)
	cookie.MaxAge = int(expires.Sub(v.Now()) / time.Second)
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(v.w, cookie)
}

// cookie returns a cookie that scripts cannot read and other sites cannot send.
func (v *visit) cookie(name, value string) *http.Cookie {
	return &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     Root,
		Secure:   v.Secure || v.r.TLS != nil,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}

// formTokenField is the field of forms that holds the session's token.
const formTokenField = "form_token"

// checkToken refuses a change that no page of this session asks for.
func (v *visit) checkToken() error {
	if err := v.r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return refused(http.StatusRequestEntityTooLarge, "The form is too long: %d bytes are allowed.", maxForm)
		}
		return badRequest("This form cannot be read.")
	}
	if !hmac.Equal([]byte(v.r.PostForm.Get(formTokenField)), []byte(v.session.formToken(v.key.Secret))) {
		return errToken
	}
	return nil
}
