package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/blob"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var (
	testKey  = sign.Key{ID: "testid", Secret: "testsecret"}
	otherKey = sign.Key{ID: "otherid", Secret: "othersecret"}
	testTime = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
)

// Domains of every fixture; all but foreign.example.com belong to testKey.
const (
	playDomain    = "play.example.com"
	pushDomain    = "push.example.com"
	foreignDomain = "foreign.example.com"
)

// A fixture is a server with two accounts and a few domains, at a clock that
// stands still until a test moves it.
type fixture struct {
	t       testing.TB
	server  *Server
	store   configStore
	memory  *memoryStore // the store, unless the fixture is one of sqliteFixture
	streams *fakeStreams
	now     time.Time
	nonce   int
}

func newFixture(t testing.TB, change ...func(*Config)) *fixture {
	t.Helper()
	memory := newMemoryStore()
	f := fixtureOn(t, memory, change...)
	f.memory = memory
	return f
}

// sqliteFixture is a fixture on the real store. It takes longer to make, so it
// serves the tests that are about what is stored.
func sqliteFixture(t testing.TB, change ...func(*Config)) *fixture {
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
	return fixtureOn(t, st, change...)
}

// runsAgain has every transaction run twice, as a store may: only what the last run
// leaves behind counts.
type runsAgain struct{ configStore }

func (s runsAgain) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.configStore.View(ctx, func(r store.Reader) error {
		_ = fn(r)
		return fn(r)
	})
}

func (s runsAgain) Update(ctx context.Context, fn func(store.Tx) error) error {
	errAgain := errors.New("run again")
	err := s.configStore.Update(ctx, func(tx store.Tx) error {
		_ = fn(tx)
		return errAgain // undoes it
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return s.configStore.Update(ctx, fn)
}

func fixtureOn(t testing.TB, st configStore, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, store: st, streams: &fakeStreams{}, now: testTime}
	config := Config{
		Store:     runsAgain{f.store},
		URLs:      fakeGuard{},
		Buckets:   fakeBuckets{},
		Recorder:  fakeRecorder{},
		Streams:   f.streams,
		Sent:      fakeSent,
		Log:       slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return f.now },
		QPSFactor: -1,
	}
	for _, fn := range change {
		fn(&config)
	}
	f.server = New(config)
	f.server.undeclared = func(op *operation, err *apierr.Error) {
		t.Errorf("%s answers with %s, which it does not declare", op.name, err.Code)
	}
	ctx := t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		var errs []error
		for account, key := range map[live.AccountID]sign.Key{"1001": testKey, "1002": otherKey} {
			errs = append(errs, tx.AddAccount(ctx, live.Account{ID: account}),
				tx.PutAccessKey(ctx, live.AccessKey{ID: key.ID, Secret: key.Secret, AccountID: account, Active: true}))
		}
		for name, d := range map[string]live.Domain{
			playDomain:    {AccountID: "1001", Type: live.StreamingDomain},
			pushDomain:    {AccountID: "1001", Type: live.IngestDomain},
			foreignDomain: {AccountID: "1002", Type: live.StreamingDomain},
		} {
			d.Name, d.Status, d.CreatedAt = name, live.DomainOnline, testTime
			errs = append(errs, tx.AddDomain(ctx, d))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// params builds parameters of an operation from "Name=Value" texts.
func params(action string, pairs ...string) wire.Params {
	p := wire.Params{}.With("Action", action).With("Version", apiVersion).With("Format", "JSON")
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		p = p.With(name, value)
	}
	return p
}

// sign signs p for a request by method with a fresh nonce.
func (f *fixture) sign(key sign.Key, method string, p wire.Params) wire.Params {
	f.nonce++
	return sign.RPC(key, method, p, fmt.Sprintf("nonce-%d", f.nonce), f.now)
}

// call sends a signed GET.
func (f *fixture) call(p wire.Params) answer {
	f.t.Helper()
	return f.callAs(testKey, p)
}

func (f *fixture) callAs(key sign.Key, p wire.Params) answer {
	f.t.Helper()
	return f.send(httptest.NewRequest("GET", "/?"+f.sign(key, "GET", p).Encode(), nil))
}

// mustCall fails the test if the call is refused.
func (f *fixture) mustCall(action string, pairs ...string) {
	f.t.Helper()
	if a := f.call(params(action, pairs...)); a.code != "" {
		f.t.Fatalf("%s %v: %s", action, pairs, a.body)
	}
}

// send hands r to the server.
func (f *fixture) send(r *http.Request) answer {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		var envelope struct {
			Code               any // no error in the answers of some operations
			Message, RequestId string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
			f.t.Fatalf("answer is no JSON: %v\n%s", err, a.body)
		}
		if a.message, a.requestID = envelope.Message, envelope.RequestId; w.Code != http.StatusOK {
			a.code, _ = envelope.Code.(string)
		}
	}
	return a
}

// An answer is what came back. The members after body are read from JSON only.
type answer struct {
	status    int
	header    http.Header
	body      string
	code      string
	message   string
	requestID string
}

func (a answer) wantError(t *testing.T, want *apierr.Error) {
	t.Helper()
	if a.code != want.Code || a.status != want.Status || a.message != want.Message {
		t.Errorf("got %d %s %q\nwant %d %s %q", a.status, a.code, a.message, want.Status, want.Code, want.Message)
	}
}

// fakeGuard refuses no URL at all, and URLs by words in them.
type fakeGuard struct{}

func (fakeGuard) CheckURL(_ context.Context, rawURL string) error {
	switch {
	case rawURL == "", strings.Contains(rawURL, "malformed"):
		return fmt.Errorf("%w: says the test", live.ErrURLMalformed)
	case strings.Contains(rawURL, "unsafe"):
		return fmt.Errorf("%w: says the test", live.ErrURLUnsafe)
	}
	return nil
}

// fakeBuckets has every bucket but one.
type fakeBuckets struct{}

func (fakeBuckets) HasBucket(name string) bool { return name != "no-such-bucket" }

func (fakeBuckets) PutObject(_ context.Context, _, key string, _ []byte) error {
	if strings.HasPrefix(key, "taken") {
		return blob.ErrExists
	}
	return nil
}

func (fakeBuckets) DeleteObject(context.Context, string, string) error { return nil }

// fakeRecorder carries out every command but those on streams whose names say
// why not.
type fakeRecorder struct{}

func (fakeRecorder) Command(_ context.Context, key live.StreamKey, _ live.RecordCommand) error {
	return map[string]error{
		"unmatched": errors.Join(live.ErrConfigNotFound, live.ErrStreamOffline),
		"offline":   live.ErrStreamOffline,
		"recorded":  live.ErrTaskStarted,
		"stopped":   live.ErrTaskNotStarted,
	}[key.Stream]
}

// fakeSent tells the event's type as body.
func fakeSent(d live.Delivery, _ live.Attempt) (http.Header, []byte, error) {
	return http.Header{"Content-Type": {"application/json"}}, []byte(`{"event":"` + d.Event.Type + `"}`), nil
}
