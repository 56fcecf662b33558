package playback

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// keys makes the account and its keys those given.
func (w *world) keys(keys ...live.AccessKey) {
	w.t.Helper()
	err := w.Update(w.t.Context(), func(tx store.Tx) error {
		if _, err := tx.OwnerAccount(w.t.Context()); errors.Is(err, live.ErrAccountNotFound) {
			if err := tx.AddAccount(w.t.Context(), live.Account{ID: "1", CreatedAt: epoch}); err != nil {
				return err
			}
		}
		for i, k := range keys {
			k.AccountID, k.CreatedAt = "1", epoch.Add(time.Duration(i)*time.Second)
			if err := tx.PutAccessKey(w.t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// sign returns the query of a link that is good for an hour.
func sign(t *testing.T, w *world, id live.RecordFileID) url.Values {
	t.Helper()
	link, err := NewLinks(w, at(epoch)).Sign(t.Context(), id, epoch.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(link, "?")
	if want := "/recordings/" + string(id) + ".mp4"; path != want {
		t.Errorf("the link is to %s, want %s", path, want)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestALinkIsGoodForItsFileUntilItExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys(live.AccessKey{ID: "a", Secret: "first", Active: true})
	for _, tt := range []struct {
		name   string
		id     live.RecordFileID
		change func(url.Values)
		now    time.Time
		want   error
	}{
		{"at once", "file_1", nil, epoch, nil},
		{"in the last second", "file_1", nil, epoch.Add(time.Hour - 1), nil},
		{"with more in the query", "file_1", func(v url.Values) { v.Set("download", "1") }, epoch, nil},
		{"too late", "file_1", nil, epoch.Add(time.Hour), ErrLinkExpired},
		{"another file", "file_2", nil, epoch, ErrLinkInvalid},
		{"a later expiry", "file_1", func(v url.Values) { v.Set("expires", "1795437001") }, epoch, ErrLinkInvalid},
		{"no expiry", "file_1", func(v url.Values) { v.Del("expires") }, epoch, ErrLinkInvalid},
		{"no signature", "file_1", func(v url.Values) { v.Del("signature") }, epoch, ErrLinkInvalid},
		{"a signature of another form", "file_1", func(v url.Values) { v.Set("signature", "!") }, epoch, ErrLinkInvalid},
		{"another signature", "file_1", func(v url.Values) { v.Set("signature", strings.Repeat("A", 43)) }, epoch, ErrLinkInvalid},
	} {
		query := sign(t, w, "file_1")
		if tt.change != nil {
			tt.change(query)
		}
		if err := NewLinks(w, at(tt.now)).Verify(t.Context(), tt.id, query); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestLinksLastAMinuteToAWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys(live.AccessKey{ID: "a", Secret: "first", Active: true})
	for lifetime, want := range map[time.Duration]error{
		time.Minute - 1: ErrLinkLifetime, time.Minute: nil, 7 * 24 * time.Hour: nil, 7*24*time.Hour + 1: ErrLinkLifetime,
	} {
		if _, err := NewLinks(w, at(epoch)).Sign(t.Context(), "file_1", epoch.Add(lifetime)); !errors.Is(err, want) {
			t.Errorf("%v: %v, want %v", lifetime, err, want)
		}
	}
}

func TestALinkIsGoodAsLongAsItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := live.AccessKey{ID: "a", Secret: "first", Active: true}
	w.keys(first)
	query := sign(t, w, "file_1")
	verify := func() error { return NewLinks(w, at(epoch)).Verify(t.Context(), "file_1", query) }
	w.keys(first, live.AccessKey{ID: "b", Secret: "second", Active: true})
	if err := verify(); err != nil {
		t.Errorf("beside a new key: %v", err)
	}
	first.Active = false
	w.keys(first)
	if err := verify(); !errors.Is(err, ErrLinkInvalid) {
		t.Errorf("after the key was disabled: %v", err)
	}
	query = sign(t, w, "file_1")
	if err := verify(); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
}

func TestOnlyTheAccountsOwnKeysSignLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys(
		live.AccessKey{ID: "a", Secret: "inactive"},
		live.AccessKey{ID: "b", Secret: "of a user", User: "ann", Active: true},
		live.AccessKey{ID: "c", Secret: "temporary", TokenHash: live.TokenHash("token"), ExpiresAt: epoch.Add(time.Hour), Active: true},
	)
	if link, err := NewLinks(w, at(epoch)).Sign(t.Context(), "file_1", epoch.Add(time.Hour)); !errors.Is(err, ErrNoLinkKey) {
		t.Errorf("%q, %v", link, err)
	}
}

func TestALinkLeadsToItsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys(live.AccessKey{ID: "a", Secret: "first", Active: true})
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	query := sign(t, w, "file_1").Encode()
	other := sign(t, w, "file_2").Encode()
	for _, tt := range []struct {
		target string
		now    time.Time
		status int
		text   string
	}{
		{"/recordings/file_1.mp4?" + query, epoch, 200, "ftyp"},
		{"/recordings/file_1.mp4?" + query, epoch.Add(time.Hour), 403, "expired"},
		{"/recordings/file_1.mp4?" + other, epoch, 403, "not valid"},
		{"/recordings/file_1.mp4", epoch, 403, "not valid"},
		{"/recordings/file_2.mp4?" + other, epoch, 404, "no such recording"},
		{"/recordings/file_1.flv?" + query, epoch, 404, "not found"},
		{"/recordings/", epoch, 404, "not found"},
	} {
		h := &Handler{Files: files, Links: NewLinks(w, at(tt.now)), Log: slog.New(slog.DiscardHandler)}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", tt.target, nil))
		if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.text) {
			t.Errorf("%s: status %d, %.60q; want %d, %q", tt.target, rec.Code, rec.Body, tt.status, tt.text)
		}
	}
}
