package ingest

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var testNow = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// openStore returns a store with the domains that the tests push to.
func openStore(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.Update(t.Context(), func(tx store.Tx) error {
		account := live.Account{ID: "1", CreatedAt: testNow}
		if err := tx.AddAccount(t.Context(), account); err != nil {
			return err
		}
		for _, d := range []live.Domain{
			{Name: "play.example.com", Type: live.StreamingDomain, Status: live.DomainOnline},
			{Name: "stopped.example.com", Type: live.StreamingDomain, Status: live.DomainOffline},
			{Name: "push.example.com", Type: live.IngestDomain, Status: live.DomainOnline},
			{Name: "push-stopped.example.com", Type: live.IngestDomain, Status: live.DomainOffline},
			{Name: "push-to-stopped.example.com", Type: live.IngestDomain, Status: live.DomainOnline},
			{Name: "unmapped.example.com", Type: live.IngestDomain, Status: live.DomainOnline},
		} {
			d.AccountID, d.CreatedAt = account.ID, testNow
			if err := tx.AddDomain(t.Context(), d); err != nil {
				return err
			}
		}
		for push, pull := range map[string]string{
			"push.example.com":            "play.example.com",
			"push-stopped.example.com":    "play.example.com",
			"push-to-stopped.example.com": "stopped.example.com",
		} {
			if err := tx.AddDomainMapping(t.Context(), live.DomainMapping{PushDomain: push, PullDomain: pull, CreatedAt: testNow}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A testReader keeps what it was called with.
type testReader struct {
	session live.Session
	written int
	dropped int64
	closed  int
	cause   error
	onClose func()
}

func (r *testReader) Write(units []media.Unit) {
	r.written += len(units)
	for i := range units {
		units[i].Release()
	}
}

func (r *testReader) Dropped() int64 { return r.dropped }

func (r *testReader) Close(cause error) {
	r.closed++
	r.cause = cause
	if r.onClose != nil {
		r.onClose()
	}
}

// newRegistry returns a registry whose readers are sent to opened.
func newRegistry(t *testing.T, defaultDomain string) (r *Registry, opened chan *testReader) {
	opened = make(chan *testReader, 10)
	return New(Config{
		Store: openStore(t),
		Open: func(_ context.Context, s live.Session) (Reader, error) {
			reader := &testReader{session: s}
			opened <- reader
			return reader, nil
		},
		DefaultDomain: defaultDomain,
		Log:           slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return testNow },
	}), opened
}

func TestAPushFindsItsDomain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		host          string
		defaultDomain string
		ingest        string
		streaming     string
		err           error
		says          string
	}{
		{"streaming domain", "play.example.com", "", "play.example.com", "play.example.com", nil, ""},
		{"ingest domain", "push.example.com", "", "push.example.com", "play.example.com", nil, ""},
		{"any case, trailing dot", "PUSH.Example.com.", "", "push.example.com", "play.example.com", nil, ""},
		{"IP address with default", "192.0.2.1", "play.example.com", "play.example.com", "play.example.com", nil, ""},
		{"IPv6 address with default", "2001:db8::1", "push.example.com", "push.example.com", "play.example.com", nil, ""},
		{"localhost with default", "localhost", "Play.example.com", "play.example.com", "play.example.com", nil, ""},
		{"no host with default", "", "play.example.com", "play.example.com", "play.example.com", nil, ""},
		{"a domain does not need the default", "push.example.com", "stopped.example.com", "push.example.com", "play.example.com", nil, ""},
		{"IP address without default", "192.0.2.1", "", "", "", ErrNoDomain, "?vhost=DOMAIN to the URL, or set ingest.default_domain"},
		{"localhost without default", "localhost", "", "", "", ErrNoDomain, "localhost"},
		{"no host without default", "", "", "", "", ErrNoDomain, ""},
		{"unknown domain", "other.example.com", "play.example.com", "", "", live.ErrDomainNotFound, "other.example.com; add it with AddLiveDomain"},
		{"unknown default domain", "localhost", "other.example.com", "", "", live.ErrDomainNotFound, "other.example.com"},
		{"name that cannot be a domain", "a_b.example.com", "", "", "", live.ErrDomainNotFound, "invalid character"},
		{"name that is too long", strings.Repeat("a.", 200) + "com", "", "", "", live.ErrDomainNotFound, "at most 253"},
		{"stopped streaming domain", "stopped.example.com", "", "", "", live.ErrDomainStopped, "StartLiveDomain"},
		{"stopped ingest domain", "push-stopped.example.com", "", "", "", live.ErrDomainStopped, "push-stopped.example.com"},
		{"ingest domain of a stopped one", "push-to-stopped.example.com", "", "", "", live.ErrDomainStopped, ": stopped.example.com"},
		{"ingest domain without mapping", "unmapped.example.com", "", "", "", ErrNotMapped, "AddLiveDomainMapping"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, opened := newRegistry(t, tc.defaultDomain)
			p, err := r.Publish(t.Context(), Request{Protocol: "rtmp", Host: tc.host, App: "live", Stream: "show"})
			if tc.err != nil {
				if !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.says) || !Refused(err) {
					t.Errorf("Publish: %v, want %v that says %q", err, tc.err, tc.says)
				}
				if len(opened) != 0 || len(r.Sessions()) != 0 {
					t.Error("a refused push left something behind")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			s := p.Session()
			if s.IngestDomain != tc.ingest || s.Key.Domain != tc.streaming {
				t.Errorf("domains %s and %s, want %s and %s", s.IngestDomain, s.Key.Domain, tc.ingest, tc.streaming)
			}
		})
	}
}

func TestNamesAreChecked(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	for _, tc := range []struct{ app, stream string }{{"", "show"}, {"live", ""}, {"li/ve", "show"}, {"live", ".."}, {"live", "a b"}} {
		if _, err := r.Publish(t.Context(), Request{Host: "play.example.com", App: tc.app, Stream: tc.stream}); !errors.Is(err, live.ErrStreamName) || !Refused(err) {
			t.Errorf("Publish of %q/%q: %v, want ErrStreamName", tc.app, tc.stream, err)
		}
	}
}

func TestASessionLives(t *testing.T) {
	t.Parallel()
	r, opened := newRegistry(t, "")
	req := Request{
		Protocol: "rtmp", Host: "push.example.com", App: "live", Stream: "show",
		Args:       live.Args{{Name: "callback_id", Value: "7"}},
		RemoteAddr: netip.MustParseAddrPort("192.0.2.1:1234"),
	}
	p, err := r.Publish(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	reader := <-opened
	want := live.Session{
		ID:           p.Session().ID,
		Key:          live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		IngestDomain: "push.example.com",
		Protocol:     "rtmp", RemoteAddr: req.RemoteAddr, Args: req.Args, StartedAt: testNow,
	}
	if !reflect.DeepEqual(reader.session, want) || !strings.HasPrefix(string(want.ID), "ses_") {
		t.Errorf("reader got session %+v, want %+v", reader.session, want)
	}

	var arena media.Arena
	video, config, audio, data := arena.Body(100), arena.Body(10), arena.Body(20), arena.Body(5)
	video.Kind, video.Codec = media.Video, media.HEVC
	config.Kind, config.Codec, config.Config = media.Video, media.HEVC, true
	audio.Kind, audio.Codec = media.Audio, media.Opus
	data.Kind = media.Data
	p.Write([]media.Unit{config, video, audio, data})
	p.Write(nil)
	if reader.written != 4 {
		t.Errorf("reader got %d units, want 4", reader.written)
	}
	info := live.SessionInfo{Session: want, Bytes: 135, VideoFrames: 1, AudioFrames: 1, VideoCodec: "hevc", AudioCodec: "opus"}
	if got := r.Sessions(); !reflect.DeepEqual(got, []live.SessionInfo{info}) {
		t.Errorf("Sessions = %+v, want %+v", got, info)
	}

	if _, err := r.Publish(t.Context(), req); !errors.Is(err, live.ErrStreamBusy) || !Refused(err) {
		t.Errorf("second publisher: %v, want ErrStreamBusy", err)
	}
	reader.onClose = func() {
		if _, err := r.Publish(t.Context(), req); !errors.Is(err, live.ErrStreamBusy) {
			t.Errorf("publisher before the reader knows of the end: %v, want ErrStreamBusy", err)
		}
	}
	cause := errors.New("cause")
	p.Close(cause)
	p.Close(nil)
	if reader.closed != 1 || reader.cause != cause {
		t.Errorf("reader closed %d times, with %v", reader.closed, reader.cause)
	}
	late := []media.Unit{arena.Body(1)}
	p.Write(late)
	if reader.written != 4 || late[0].Body != nil {
		t.Error("units written after Close are not just released")
	}

	if got := r.Sessions(); len(got) != 0 {
		t.Errorf("Sessions after Close = %v", got)
	}
	if _, err := r.Publish(t.Context(), req); err != nil {
		t.Errorf("publisher after Close: %v", err)
	}
}

func TestAStreamIsFreeAfterItsReaderFailedToOpen(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	fault := errors.New("fault")
	open := r.cfg.Open
	req := Request{Host: "play.example.com", App: "live", Stream: "show"}

	r.cfg.Open = func(context.Context, live.Session) (Reader, error) { return nil, fault }
	if _, err := r.Publish(t.Context(), req); !errors.Is(err, fault) || Refused(err) {
		t.Errorf("Publish: %v, want the reader's fault, which is no refusal", err)
	}
	r.cfg.Open = func(context.Context, live.Session) (Reader, error) { panic(fault) }
	func() {
		defer func() { recover() }()
		r.Publish(t.Context(), req)
	}()
	r.cfg.Open = func(ctx context.Context, s live.Session) (Reader, error) {
		if got := r.Sessions(); len(got) != 0 {
			t.Errorf("Sessions while a session starts = %v", got)
		}
		return open(ctx, s)
	}
	if _, err := r.Publish(t.Context(), req); err != nil {
		t.Errorf("Publish after the faults: %v", err)
	}
}

func TestAStoreThatFailsIsNoRefusal(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r := New(Config{Store: s, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	_, err := r.Publish(t.Context(), Request{Host: "play.example.com", App: "live", Stream: "show"})
	if !errors.Is(err, store.ErrClosed) || Refused(err) {
		t.Errorf("Publish: %v, want ErrClosed", err)
	}
}

func TestSessionsAreListedTheOldestFirst(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(t, "")
	now := testNow
	r.cfg.Now = func() time.Time { now = now.Add(time.Second); return now }
	var want []string
	for _, stream := range []string{"c", "a", "b"} {
		if _, err := r.Publish(t.Context(), Request{Host: "play.example.com", App: "live", Stream: stream}); err != nil {
			t.Fatal(err)
		}
		want = append(want, stream)
	}
	var got []string
	for _, s := range r.Sessions() {
		got = append(got, s.Key.Stream)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Sessions lists %v, want %v", got, want)
	}
}

// newBareRegistry returns a registry on a store of the test's own.
func newBareRegistry(s sessionStore) *Registry {
	return New(Config{Store: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return testNow }})
}
