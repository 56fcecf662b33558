package announce

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const domain = "push.example.com"

var session = live.Session{
	ID: "ses_1", IngestDomain: domain, RemoteAddr: netip.MustParseAddrPort("[::ffff:192.0.2.1]:5000"),
	Key:  live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
	Args: live.Args{{Name: "a", Value: "b"}},
}

// A faultyStore fails Updates, before or after they are written.
type faultyStore struct {
	*sqlite.Store
	fail func(update func() error) error
}

func (s *faultyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	update := func() error { return s.Store.Update(ctx, fn) }
	if s.fail != nil {
		return s.fail(update)
	}
	return update()
}

func newStore(t *testing.T, c *live.StreamsNotifyConfig) *faultyStore {
	t.Helper()
	ctx := t.Context()
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if c != nil {
		if err := s.Update(ctx, func(tx store.Tx) error { return tx.PutStreamsNotifyConfig(ctx, *c) }); err != nil {
			t.Fatal(err)
		}
	}
	return &faultyStore{Store: s}
}

var signed = &live.StreamsNotifyConfig{Domain: domain, NotifyURL: "http://cb.example.com/", NotifyReqAuth: true, NotifyAuthKey: "0123456789abcdef"}

// notifier returns a Notifier that waits a short time, and a channel that gets a
// signal for each commit.
func notifier(s *faultyStore) (*Notifier, chan struct{}) {
	committed := make(chan struct{}, 10)
	n := New(Config{
		Store: s, Node: "node-1", Log: slog.New(slog.DiscardHandler),
		Size:      func(live.SessionID) (int, int) { return 1280, 720 },
		Committed: func(...live.Delivery) { committed <- struct{}{} },
	})
	n.delay = time.Millisecond
	return n, committed
}

// told returns the events of the stream, in its ingest domain, and how many
// deliveries are due.
func told(t *testing.T, s *faultyStore) (types []live.EventType, deliveries []live.Delivery) {
	t.Helper()
	ctx := t.Context()
	key := live.StreamKey{Domain: domain, App: "live", Stream: "show"}
	err := s.View(ctx, func(r store.Reader) error {
		events, err := r.Events(ctx, key, 0, 10)
		for _, e := range events {
			types = append(types, e.Type)
			d, err := r.Delivery(ctx, e.ID.DeliveryID())
			if err != nil {
				return err
			}
			deliveries = append(deliveries, d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return types, deliveries
}

func begin(t *testing.T, n *Notifier) *Push {
	t.Helper()
	p, err := n.Begin(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func closeNotifier(t *testing.T, n *Notifier) {
	t.Helper()
	if err := n.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPushIsToldOfAndItsEndToo(t *testing.T) {
	t.Parallel()
	s := newStore(t, signed)
	n, committed := notifier(s)
	p := begin(t, n)
	<-committed
	p.End()
	closeNotifier(t, n)
	types, deliveries := told(t, s)
	if want := []live.EventType{live.EventPublish, live.EventPublishDone}; !slices.Equal(types, want) {
		t.Fatalf("told of %q, want %q", types, want)
	}
	for _, d := range deliveries {
		p := d.Event.Detail.Publish
		if d.URL != signed.NotifyURL || d.SignKey != signed.NotifyAuthKey || p.IP != "192.0.2.1" || p.Node != "node-1" ||
			p.Width != 1280 || p.Height != 720 || p.Session != session.ID || p.Args.Get("a") != "b" {
			t.Errorf("delivery %+v of %+v", d, p)
		}
	}
}

func TestAPushThatEndsAtOnceIsNotToldOf(t *testing.T) {
	t.Parallel()
	s := newStore(t, signed)
	n, _ := notifier(s)
	n.delay = time.Hour
	begin(t, n).End()
	closeNotifier(t, n)
	if types, _ := told(t, s); types != nil {
		t.Errorf("told of %q", types)
	}
}

func TestPushesAreToldOfAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	if got := New(Config{}).delay; got != 2*time.Second {
		t.Errorf("after %v", got)
	}
}

func TestNothingIsToldWithoutAConfig(t *testing.T) {
	t.Parallel()
	n, _ := notifier(newStore(t, nil))
	if p := begin(t, n); p != nil {
		t.Error("there is something to end")
	} else {
		p.End() // does no harm
	}
	closeNotifier(t, n)
}

func TestEndpointsAreToldWithoutAConfig(t *testing.T) {
	t.Parallel()
	s := newStore(t, nil)
	ctx := t.Context()
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.AddEndpoint(ctx, live.Endpoint{ID: "end_done", Domain: domain, URL: "http://done.example.com/", Events: []live.EventType{live.EventPublishDone}}),
			tx.AddEndpoint(ctx, live.Endpoint{ID: "end_all", Domain: domain, URL: "http://all.example.com/", Rich: true}))
	})
	if err != nil {
		t.Fatal(err)
	}
	n, committed := notifier(s)
	p := begin(t, n)
	<-committed
	p.End()
	closeNotifier(t, n)
	var got []string
	err = s.View(ctx, func(r store.Reader) error {
		list, err := r.Deliveries(ctx, live.DeliveryQuery{Domain: domain, Limit: 10})
		for _, d := range list {
			got = append(got, string(d.Event.Type)+" "+string(d.Endpoint))
		}
		return err
	})
	slices.Sort(got) // events of one millisecond come in any order
	if want := []string{"publish end_all", "publish_done end_all", "publish_done end_done"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("told %q, want %q (%v)", got, want, err)
	}
}

func TestACommitThatFailsIsRepeatedAndCountsOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(update func() error) error{
		"failed, not written": func(func() error) error { return store.ErrUnavailable },
		"failed, yet written": func(update func() error) error { return errors.Join(update(), store.ErrUncertain) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, signed)
			faults := 2
			s.fail = func(update func() error) error {
				if faults--; faults >= 0 {
					return fault(update)
				}
				return update()
			}
			n, committed := notifier(s)
			p := begin(t, n)
			<-committed
			p.End()
			closeNotifier(t, n)
			if types, _ := told(t, s); len(types) != 2 {
				t.Errorf("told of %q", types)
			}
		})
	}
}

func TestTheEndIsToldAfterACrash(t *testing.T) {
	t.Parallel()
	s := newStore(t, signed)
	n, committed := notifier(s)
	p := begin(t, n)
	<-committed
	s.fail = func(func() error) error { return store.ErrUnavailable } // nothing more is written
	p.End()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Close(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v", err)
	}
	s.fail = nil
	for range 2 { // a second start has nothing more to tell
		next, _ := notifier(s)
		if err := next.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	types, deliveries := told(t, s)
	if want := []live.EventType{live.EventPublish, live.EventPublishDone}; !slices.Equal(types, want) {
		t.Fatalf("told of %q, want %q", types, want)
	}
	if deliveries[1].SignKey != signed.NotifyAuthKey {
		t.Error("the end is not signed")
	}
}

func TestUnsignedUnlessAskedFor(t *testing.T) {
	t.Parallel()
	if key := (live.StreamsNotifyConfig{NotifyAuthKey: "0123456789abcdef"}).SignKey(); key != "" {
		t.Errorf("SignKey() = %q", key)
	}
}
