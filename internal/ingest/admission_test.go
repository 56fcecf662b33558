package ingest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const testKey = "0123456789abcdef"

// configure changes the registry's store.
func configure(t *testing.T, r *Registry, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := r.cfg.Store.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestAPushIsAuthorisedByTheDomainThatItIsAddressedTo(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	configure(t, r, func(ctx context.Context, tx store.Tx) error {
		return tx.PutPushAuth(ctx, live.PushAuth{Domain: "push.example.com", Type: live.PushAuthA, Key1: testKey, Validity: time.Minute})
	})
	key := func(path string, at time.Time) string { return live.AuthKey(path, at, "0", "0", testKey) }
	for _, tc := range []struct {
		name, host, authKey string
		want                error
	}{
		{"good", "push.example.com", key("/live/show", testNow.Add(-time.Minute)), nil},
		{"expired", "push.example.com", key("/live/show", testNow.Add(-time.Minute-time.Second)), live.ErrAuthKeyExpired},
		{"of another stream", "push.example.com", key("/live/talk", testNow), live.ErrAuthKeyInvalid},
		{"none", "push.example.com", "", live.ErrAuthKeyMissing},
		{"none, for a domain without push auth", "play.example.com", "", nil},
	} {
		var args live.Args
		if tc.authKey != "" {
			args = live.Args{{Name: "vhost", Value: tc.host}, {Name: live.AuthKeyArg, Value: tc.authKey}}
		}
		p, err := r.Publish(t.Context(), Request{Host: tc.host, App: "live", Stream: "show", Args: args})
		if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) || (err != nil && !Refused(err)) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
		if err == nil {
			p.Close(nil)
		}
	}
}

func TestAForbiddenStreamIsRefusedUntilItsTime(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	now := testNow
	r.cfg.Now = func() time.Time { return now }
	configure(t, r, func(ctx context.Context, tx store.Tx) error {
		key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
		return tx.PutBlock(ctx, live.Block{Key: key, Until: testNow.Add(time.Hour)})
	})
	publish := func(stream string) error {
		p, err := r.Publish(t.Context(), Request{Host: "push.example.com", App: "live", Stream: stream})
		if err == nil {
			p.Close(nil)
		}
		return err
	}
	if err := publish("show"); !errors.Is(err, live.ErrStreamForbidden) || !Refused(err) || !strings.Contains(err.Error(), "2026-07-01T13:00:00Z") {
		t.Errorf("forbidden stream: %v", err)
	}
	if err := publish("talk"); err != nil {
		t.Errorf("another stream: %v", err)
	}
	now = testNow.Add(time.Hour)
	if err := publish("show"); err != nil {
		t.Errorf("after its time: %v", err)
	}
}

func TestCutEndsTheSessionsThatMatch(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	var list []*Publication
	for _, stream := range []string{"a", "b"} {
		p, err := r.Publish(t.Context(), Request{Host: "play.example.com", App: "live", Stream: stream})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	reason := errors.New("reason")
	if n := r.Cut(func(s live.Session) bool { return s.Key.Stream == "b" }, reason); n != 1 {
		t.Errorf("Cut returns %d, want 1", n)
	}
	if list[0].Ended().Err() != nil {
		t.Error("the other session has ended, too")
	}
	if cause := context.Cause(list[1].Ended()); cause != reason {
		t.Errorf("ended for %v", cause)
	}
}

// A push that was admitted before a stream is forbidden must not start after.
func TestAPushThatStartsWhileItIsForbiddenDoesNotLive(t *testing.T) {
	t.Parallel()
	everything := func(live.Session) bool { return true }
	forbid := func(t *testing.T, r *Registry) {
		configure(t, r, func(ctx context.Context, tx store.Tx) error {
			return tx.SetDomainStatus(ctx, "play.example.com", live.DomainOffline, testNow)
		})
		r.Cut(everything, live.ErrDomainStopped)
	}
	req := Request{Host: "play.example.com", App: "live", Stream: "show"}

	t.Run("before its stream is reserved", func(t *testing.T) {
		t.Parallel()
		r, opened := newRegistry(t, "")
		r.cfg.Now = func() time.Time { return testNow }
		r.cfg.Store = &afterView{sessionStore: r.cfg.Store, then: func() { forbid(t, r) }}
		if _, err := r.Publish(t.Context(), req); !errors.Is(err, live.ErrDomainStopped) || len(opened) != 0 {
			t.Errorf("Publish: %v, with %d readers", err, len(opened))
		}
	})
	t.Run("while its reader is opened", func(t *testing.T) {
		t.Parallel()
		r, _ := newRegistry(t, "")
		open := r.cfg.Open
		r.cfg.Open = func(ctx context.Context, s live.Session) (Reader, error) {
			forbid(t, r)
			return open(ctx, s)
		}
		p, err := r.Publish(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if cause := context.Cause(p.Ended()); cause != live.ErrDomainStopped {
			t.Errorf("ended for %v", cause)
		}
	})
}

// An afterView calls then after the first View, once.
type afterView struct {
	sessionStore
	then func()
}

func (s *afterView) View(ctx context.Context, fn func(store.Reader) error) error {
	err := s.sessionStore.View(ctx, fn)
	if then := s.then; then != nil {
		s.then = nil
		then()
	}
	return err
}
