package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api"
	"tallylight/internal/blob"
	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var testTime = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// Keys, accounts and domains of every fixture. The reader is a RAM user of the
// account who may only read, and only of playDomain; foreignDomain belongs to
// another account.
const (
	accountID     = live.AccountID("1001")
	accountKey    = "account-key"
	readerKey     = "reader-key"
	testSecret    = "a-secret-of-thirty-characters-"
	playDomain    = "play.example.com"
	otherDomain   = "other.example.com"
	pushDomain    = "push.example.com"
	foreignDomain = "foreign.example.com"
)

// A fixture is a console over a real store and the real API, and a browser.
type fixture struct {
	t       testing.TB
	console *Console
	store   store.Store
	streams *fakeStreams
	server  *httptest.Server
	browser *http.Client // keeps cookies; does not follow redirects
	now     time.Time
	logged  *strings.Builder
	token   string // of forms, from the page that was read last
}

func newFixture(t testing.TB, change ...func(*Config)) *fixture {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{t: t, store: st, streams: &fakeStreams{}, now: testTime, logged: &strings.Builder{}}
	now := func() time.Time { return f.now }
	calls := api.New(api.Config{
		Store:    st,
		URLs:     fakeGuard{},
		Buckets:  fakeBuckets{},
		Recorder: fakeRecorder{},
		Streams:  f.streams,
		Sent: func(live.Delivery, live.Attempt) (http.Header, []byte, error) {
			return http.Header{}, []byte("{}"), nil
		},
		Replays:   callback.NewReplayer(callback.ReplayerConfig{Store: st, Log: slog.New(slog.DiscardHandler)}),
		Now:       now,
		QPSFactor: -1,
	})
	cfg := Config{Store: st, API: calls, URLs: fakeGuard{}, Streams: f.streams, Recorder: f.streams, Callbacks: &fakeCallbacks{}, Recordings: fakeRecordings{}, Now: now, Version: "test", Log: slog.New(slog.NewTextHandler(f.logged, nil))}
	for _, fn := range change {
		fn(&cfg)
	}
	f.console = New(cfg)
	f.server = httptest.NewServer(f.console)
	t.Cleanup(f.server.Close)
	t.Cleanup(f.console.EndStreams)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	f.update(func(ctx context.Context, tx store.Tx) error {
		errs := []error{
			tx.AddAccount(ctx, live.Account{ID: accountID, CreatedAt: testTime}),
			tx.AddAccount(ctx, live.Account{ID: "1002", CreatedAt: testTime.Add(time.Second)}),
			tx.AddUser(ctx, live.User{AccountID: accountID, Name: "reader", CreatedAt: testTime}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: accountKey, Secret: testSecret, AccountID: accountID, Active: true, CreatedAt: testTime}),
			tx.PutAccessKey(ctx, live.AccessKey{ID: readerKey, Secret: testSecret, AccountID: accountID, User: "reader", Active: true, CreatedAt: testTime}),
			tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: accountID, User: "reader", Name: "read", CreatedAt: testTime,
				Document: `{"Version":"1","Statement":[{"Effect":"Allow","Action":"live:Describe*","Resource":"acs:cdn:*:*:domain/` + playDomain + `"}]}`}),
		}
		for _, d := range []live.Domain{
			{Name: playDomain, AccountID: accountID, Type: live.StreamingDomain},
			{Name: otherDomain, AccountID: accountID, Type: live.StreamingDomain},
			{Name: pushDomain, AccountID: accountID, Type: live.IngestDomain},
			{Name: foreignDomain, AccountID: "1002", Type: live.StreamingDomain},
		} {
			d.Status, d.CreatedAt = live.DomainOnline, testTime
			errs = append(errs, tx.AddDomain(ctx, d))
		}
		errs = append(errs, tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: pushDomain, PullDomain: playDomain, CreatedAt: testTime}))
		return errors.Join(errs...)
	})
	return f
}

// update changes the store as fn says.
func (f *fixture) update(fn func(context.Context, store.Tx) error) {
	f.t.Helper()
	ctx := f.t.Context()
	if err := f.store.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

// A reply is what the browser got.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request as a page of this server would.
func (f *fixture) do(r *http.Request) reply {
	f.t.Helper()
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := f.browser.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

var tokenPattern = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

// get reads a page; path may have a query.
func (f *fixture) get(path string) reply {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.server.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	got := f.do(r)
	if m := tokenPattern.FindStringSubmatch(got.body); m != nil {
		f.token = m[1]
	}
	return got
}

// page reads a page that has to be there, and follows no redirect.
func (f *fixture) page(path string) string {
	f.t.Helper()
	got := f.get(path)
	if got.status != http.StatusOK {
		f.t.Fatalf("GET %s answers %d:\n%s", path, got.status, got.body)
	}
	return got.body
}

// post sends a form with the token of the page that was read last. Fields are
// names and values in turns.
func (f *fixture) post(path string, fields ...string) reply {
	f.t.Helper()
	form := url.Values{}
	if f.token != "" {
		form.Set(formTokenField, f.token)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return f.do(r)
}

// signIn begins a session with one of the fixture's keys and reads the token of
// its forms.
func (f *fixture) signIn(key string) {
	f.t.Helper()
	if got := f.post(signInPath, "access_key_id", key, "access_key_secret", testSecret); got.status != http.StatusSeeOther {
		f.t.Fatalf("sign in as %s answers %d:\n%s", key, got.status, got.body)
	}
	f.page(Root)
}

// fakeGuard allows every URL but those with "private" in them.
type fakeGuard struct{}

func (fakeGuard) CheckURL(_ context.Context, rawURL string) error {
	if strings.Contains(rawURL, "private") {
		return live.ErrURLUnsafe
	}
	if !strings.HasPrefix(rawURL, "http") {
		return live.ErrURLMalformed
	}
	return nil
}

// fakeBuckets has every bucket, and keeps nothing.
type fakeBuckets struct{}

func (fakeBuckets) HasBucket(string) bool                                   { return true }
func (fakeBuckets) PutObject(context.Context, string, string, []byte) error { return blob.ErrExists }
func (fakeBuckets) DeleteObject(context.Context, string, string) error      { return nil }

// fakeStreams are the live streams of a fixture, and what is recorded of them.
type fakeStreams struct {
	sessions []live.SessionInfo
	rates    map[live.StreamKey][]live.Rate
	statuses map[live.StreamKey]live.RecordStatus
}

func (f *fakeStreams) Rates(key live.StreamKey) []live.Rate { return f.rates[key] }

func (f *fakeStreams) Status(key live.StreamKey) live.RecordStatus { return f.statuses[key] }

func (f *fakeStreams) Sessions() []live.SessionInfo { return f.sessions }

func (f *fakeStreams) Cut(func(live.Session) bool, error) int { return 0 }

// fakeRecorder carries out every command.
type fakeRecorder struct{}

func (fakeRecorder) Command(context.Context, live.StreamKey, live.RecordCommand) error { return nil }
