package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api"
	"tallylight/internal/api/events"
	"tallylight/internal/api/sign"
	"tallylight/internal/callback"
	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const (
	domain  = "play.example.com"
	authKey = "testkeyyourkey12"
)

var key = sign.Key{ID: "testid", Secret: "testsecret"}

// A world is a server with a domain that has events, and a target nearby.
type world struct {
	t      *testing.T
	store  *sqlite.Store
	api    *api.Server
	server *httptest.Server
	target *httptest.Server
	got    chan string // what the target received
	status int         // of its answers
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, got: make(chan string, 100), status: http.StatusOK}
	var err error
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	w.update(func(tx store.Tx) error {
		return errors.Join(
			tx.AddAccount(ctx, live.Account{ID: "1001"}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: key.ID, Secret: key.Secret, AccountID: "1001", Active: true}),
			tx.AddDomain(ctx, live.Domain{Name: domain, AccountID: "1001", Type: live.StreamingDomain, Status: live.DomainOnline}),
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: domain, NotifyURL: "https://cb.example.com/", NotifyAuthKey: authKey}))
	})
	w.api = api.New(api.Config{Store: w.store, Request: callback.RequestFor})
	w.server = httptest.NewServer(w.api)
	t.Cleanup(w.server.Close)
	t.Cleanup(w.api.EndStreams)
	w.target = httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(w.target.Close)
	return w
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// receive is the target: it says what it got, and what is wrong with it.
func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = wire.VerifyLive(r.Header, r.Host, authKey, time.Now())
	}
	w.got <- fmt.Sprint(r.Method, " ", r.URL, " ", string(body), " ", err)
	rw.WriteHeader(w.status)
	io.WriteString(rw, "seen")
}

// add commits an event of a stream.
func (w *world) add(stream, id string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		_, err := tx.AddEvent(w.t.Context(), live.Event{ID: live.EventID(id), Type: live.EventRecordStarted, OccurredAt: time.Now(),
			Key: live.StreamKey{Domain: domain, App: "live", Stream: stream}})
		return err
	})
	w.api.WakeFollowers()
}

// run forwards until the test ends. What is told of comes from the channels.
func (w *world) run(change ...func(*Config)) (results chan Result, states chan string) {
	w.t.Helper()
	results, states = make(chan Result, 100), make(chan string, 100)
	c := Config{Server: w.server.URL, Key: key, Domain: domain, Target: w.target.URL + "/hook?a=1",
		OnForward: func(r Result) { results <- r }, OnState: func(s string) { states <- s }}
	for _, fn := range change {
		fn(&c)
	}
	f, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	f.retry = time.Millisecond
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	if state := <-states; !strings.HasPrefix(state, "following play.example.com at ") {
		w.t.Errorf("state %q", state)
	}
	return results, states
}

func TestEventsReachALocalServerSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("show", "before")
	results, _ := w.run()
	w.add("show", "evt_1")
	want := `POST /hook?a=1 {"domain":"play.example.com","app":"live","stream":"show","event":"record_started"} <nil>`
	if got := <-w.got; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r := <-results; r.ID != "evt_1" || r.Seq != 2 || r.Status != http.StatusOK || r.Answer != "seen" || r.Err != nil {
		t.Errorf("result %+v", r)
	}
}

func TestABrokenConnectionIsMadeAgainWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	results, states := w.run()
	w.add("show", "evt_1")
	got := []string{(<-results).ID}
	w.server.CloseClientConnections()
	w.add("show", "evt_2")
	w.add("new", "evt_3") // of a stream that began meanwhile, or does now
	w.add("show", "evt_4")
	for range 3 {
		got = append(got, (<-results).ID)
	}
	w.add("show", "evt_5")
	got = append(got, (<-results).ID) // and nothing twice before it
	slices.Sort(got)
	if want := []string{"evt_1", "evt_2", "evt_3", "evt_4", "evt_5"}; !slices.Equal(got, want) {
		t.Errorf("forwarded %v, want %v", got, want)
	}
	if state := <-states; !strings.Contains(state, "trying again") {
		t.Errorf("state %q, want that the connection is gone", state)
	}
}

func TestATargetThatFailsIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.status = http.StatusTeapot
	results, _ := w.run()
	w.add("show", "evt_1")
	if r := <-results; r.Status != http.StatusTeapot || r.Err != nil {
		t.Errorf("result %+v, want the status", r)
	}
	w.target.Close()
	w.add("show", "evt_2")
	if r := <-results; r.Status != 0 || r.Err == nil {
		t.Errorf("result %+v, want an error", r)
	}
}

func TestASecretSignsForStandardWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := wire.Secret("a secret for these tests")
	verified := make(chan error, 1)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = wire.VerifyWebhook(r.Header, body, secret, time.Now())
		}
		verified <- err
	}))
	t.Cleanup(target.Close)
	w.run(func(c *Config) { c.Target, c.Secret = target.URL, secret })
	w.add("show", "evt_1")
	if err := <-verified; err != nil {
		t.Error(err)
	}
}

func TestARefusalEndsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a wrong secret":   {func(c *Config) { c.Key.Secret = "wrong" }, "SignatureDoesNotMatch"},
		"a foreign domain": {func(c *Config) { c.Domain = "other.example.com" }, "InvalidDomain.NotFound"},
		"another server":   {func(c *Config) { c.Server = page.URL }, "no answer of Tallylight's API"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Config{Server: w.server.URL, Key: key, Domain: domain, Target: w.target.URL, OnState: func(string) {}}
			tt.change(&c)
			f, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Run(t.Context()); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run() = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestURLsAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{Server: "localhost:8080", Target: "http://localhost/"}, {Server: "http://localhost:8080", Target: "/hook"}, {}} {
		if _, err := New(c); err == nil {
			t.Errorf("New(%+v) takes it", c)
		}
	}
}

func TestTheStreamHeardOfLeastRecentlyIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSeen(2)
	for i, stream := range []string{"a", "b", "a", "c"} {
		s.add(&events.Callback{App: "live", Stream: stream, Seq: int64(i + 1)})
	}
	for stream, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if got := s.has(&events.Callback{App: "live", Stream: stream, Seq: 1}); got != want {
			t.Errorf("has %s = %t, want %t", stream, got, want)
		}
	}
	if n := len(s.positions()); n != 2 {
		t.Errorf("%d positions, want 2", n)
	}
}
