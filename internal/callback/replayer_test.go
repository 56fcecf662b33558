package callback

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// onSQLite runs a test in a bubble with a real store.
func onSQLite(t *testing.T, test func(t *testing.T, s *sqlite.Store)) {
	t.Helper()
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tallylight.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
}

func update(t *testing.T, s store.Store, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func deliveryOf(t *testing.T, s store.Store, id live.DeliveryID) (d live.Delivery) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) (err error) {
		d, err = r.Delivery(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const sinkURL = "http://93.184.216.34/hook"

func TestAReplayIsOneAttemptMoreUnderTheSameID(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
		var d live.Delivery
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			config := live.NotifyConfig{Domain: key.Domain, NotifyURL: sinkURL, NotifyAuthKey: "testkeyyourkey12"}
			if err := tx.AddNotifyConfig(ctx, config); err != nil {
				return err
			}
			e, err := tx.AddEvent(ctx, live.Event{ID: live.NewEventID(time.Now()), Type: live.EventRecordStarted, Key: key, OccurredAt: time.Now()})
			d = live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: sinkURL, State: live.DeliveryPending, DueAt: time.Now()}
			if err != nil {
				return err
			}
			return tx.AddDelivery(ctx, d)
		})
		up := false
		sink := sink{answer: func(received) int {
			if up {
				return http.StatusOK
			}
			return http.StatusServiceUnavailable
		}}
		net := newPipeNet()
		defer net.serve(sinkAddress, &sink)()
		b := run(t, s, net, Config{EventHeaders: true, TailOff: true})
		defer func() {
			if err := b.stop(); err != nil {
				t.Error(err)
			}
		}()
		wait(time.Minute) // the burst, in vain
		if d := deliveryOf(t, s, d.ID); d.State != live.DeliveryDead || d.Attempts != 6 {
			t.Fatalf("before the replay: %+v", d)
		}

		up = true
		secret := wire.NewSecret()
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: key.Domain, Secret: secret.Text(), CreatedAt: time.Now()})
		})
		r := NewReplayer(ReplayerConfig{Store: s, Log: slog.New(slog.DiscardHandler), Committed: b.d.Wake})
		for range 2 { // the second time it was delivered
			done, err := r.Replay(t.Context(), live.DeliveryQuery{ID: string(d.Event.ID), Limit: 10})
			if err != nil || done != (live.Replay{Replayed: 1}) {
				t.Errorf("Replay = %+v, %v", done, err)
			}
			wait(10 * time.Second)
		}
		got := sink.all()
		if len(got) != 8 {
			t.Fatalf("%d callbacks, want 6 and 2 replays", len(got))
		}
		for i, c := range got[6:] {
			if c.eventID != string(d.Event.ID) || c.attempt != fmt.Sprint(7+i) || c.header.Get(wire.HeaderReplay) != "1" || c.body != got[0].body {
				t.Errorf("replay %d: %+v", i, c)
			}
			if err := wire.VerifyLive(c.header, c.host, "testkeyyourkey12", c.at); err != nil {
				t.Errorf("the key of today: %v", err)
			}
			if err := wire.VerifyWebhook(c.header, []byte(c.body), secret, c.at); err != nil {
				t.Errorf("the secret of today: %v", err)
			}
		}
		if h := got[0].header; h.Get(wire.HeaderReplay) != "" || h.Get(wire.HeaderWebhookSignature) != "" || h.Get(wire.HeaderLiveSignature) != "" {
			t.Errorf("the first attempt: %v", h)
		}
		if d := deliveryOf(t, s, d.ID); d.State != live.DeliveryDelivered || d.Attempts != 1 || d.Earlier != 7 {
			t.Errorf("after the replays: %+v", d)
		}
		var marked []bool
		err := s.View(t.Context(), func(r store.Reader) error {
			attempts, err := r.Attempts(t.Context(), d.ID)
			for _, a := range attempts {
				marked = append(marked, a.Replay)
			}
			return err
		})
		if want := []bool{false, false, false, false, false, false, true, true}; err != nil || !slices.Equal(marked, want) {
			t.Errorf("attempts of replays: %v, want %v (%v)", marked, want, err)
		}
	})
}

func TestAReplayBeginsTheScheduleAnew(t *testing.T) {
	t.Parallel()
	d := New(Config{Guard: testGuard(t, GuardConfig{})})
	old := time.Now().Add(-2 * tailEnd)
	dv := live.Delivery{Event: live.Event{OccurredAt: old}, State: live.DeliveryPending, Attempts: burstRetries}
	if got := d.outcome(dv, live.Attempt{Status: 503}); got.State != live.DeliveryDead {
		t.Errorf("an old delivery is %s after its burst", got.State)
	}
	dv.ReplayedAt, dv.Earlier = time.Now(), 20
	got := d.outcome(dv, live.Attempt{Number: dv.NextAttempt(), Status: 503})
	if got.State != live.DeliveryPending || got.Attempts != burstRetries+1 || got.DueAt.After(time.Now().Add(2*time.Minute)) {
		t.Errorf("a replay of it: %+v", got)
	}
}

// addDead adds n dead deliveries, numbered from 1.
func addDead(t *testing.T, s store.Store, n int) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		for i := range n {
			e, err := tx.AddEvent(ctx, live.Event{
				ID: live.EventID(fmt.Sprintf("evt_%04d", i+1)), Type: live.EventRecordStarted,
				Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
			})
			if err != nil {
				return err
			}
			if err := tx.AddDelivery(ctx, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: sinkURL, SignKey: "old", State: live.DeliveryDead}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestReplaysComeInBatches(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		addDead(t, s, 2*replayBatch+1)
		committed := 0
		r := NewReplayer(ReplayerConfig{Store: s, Log: slog.New(slog.DiscardHandler), Committed: func() { committed++ }})
		q := live.DeliveryQuery{State: live.DeliveryDead, Limit: replayBatch + 10}
		done, err := r.Replay(t.Context(), q)
		if err != nil || done.Replayed != q.Limit || done.Last == nil || done.Last.ID != live.DeliveryID(fmt.Sprintf("dlv_%04d", q.Limit)) || committed != 2 {
			t.Errorf("Replay = %+v, %v in %d commits", done, err, committed)
		}
		q.Limit = 1000
		if done, err = r.Replay(t.Context(), q); err != nil || done != (live.Replay{Replayed: replayBatch - 9}) {
			t.Errorf("the rest: %+v, %v", done, err)
		}
		if done, err = r.Replay(t.Context(), live.DeliveryQuery{Limit: 1000}); err != nil || done.Replayed != 0 || done.Left != 2*replayBatch+1 {
			t.Errorf("again: %+v, %v", done, err)
		}
		if d := deliveryOf(t, s, "dlv_0001"); d.SignKey != "old" {
			t.Errorf("without a configuration the key became %q", d.SignKey)
		}
	})
}

func TestOnlyTheDeadAreForgotten(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		addDead(t, s, 3)
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ReplayDelivery(ctx, "dlv_0002", "", time.Now(), burstRetries)
			return err
		})
		r := NewReplayer(ReplayerConfig{Store: s, Log: slog.New(slog.DiscardHandler)})
		if n, err := r.Forget(t.Context(), live.DeliveryQuery{Limit: 10}); n != 2 || err != nil {
			t.Errorf("Forget = %d, %v", n, err)
		}
		deliveryOf(t, s, "dlv_0002")
	})
}

// The key of a replay is that which its own configuration has today.
func TestTheKeyOfAReplay(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		update(t, s, func(ctx context.Context, tx store.Tx) error {
			if err := tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: "play", NotifyURL: sinkURL, NotifyAuthKey: "record"}); err != nil {
				return err
			}
			if err := tx.PutStreamsNotifyConfig(ctx, live.StreamsNotifyConfig{Domain: "push", NotifyURL: sinkURL, NotifyReqAuth: true, NotifyAuthKey: "push"}); err != nil {
				return err
			}
			for name, tt := range map[string]struct {
				domain string
				typ    live.EventType
				change func(*live.Delivery)
				want   string
			}{
				"of a recording":                {"play", live.EventFileCreated, func(*live.Delivery) {}, "record"},
				"of a push":                     {"push", live.EventPublish, func(*live.Delivery) {}, "push"},
				"without a configuration":       {"other", live.EventFileCreated, func(*live.Delivery) {}, "old"},
				"of pushes, without one":        {"other", live.EventPublish, func(*live.Delivery) {}, "old"},
				"to a URL that it no longer is": {"play", live.EventFileCreated, func(d *live.Delivery) { d.URL += "2" }, "old"},
				"to an endpoint beside it":      {"play", live.EventFileCreated, func(d *live.Delivery) { d.Endpoint, d.SignKey = "end_1", "" }, ""},
			} {
				d := live.Delivery{Event: live.Event{Type: tt.typ, Key: live.StreamKey{Domain: tt.domain}}, URL: sinkURL, SignKey: "old"}
				tt.change(&d)
				if got, err := currentSignKey(ctx, tx, d); got != tt.want || err != nil {
					t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
				}
			}
			return nil
		})
	})
}

func TestFailuresOfReplaysSayWhatWasDone(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *sqlite.Store) {
		addDead(t, s, replayBatch+5)
		failing := &failAfter{Store: s}
		failing.updates.Store(1)
		r := NewReplayer(ReplayerConfig{Store: failing, Log: slog.New(slog.DiscardHandler)})
		done, err := r.Replay(t.Context(), live.DeliveryQuery{Limit: 1000})
		if err == nil || !strings.Contains(err.Error(), "replay deliveries") || done.Replayed != replayBatch {
			t.Errorf("Replay = %+v, %v", done, err)
		}
		failing.updates.Store(1)
		if n, err := r.Forget(t.Context(), live.DeliveryQuery{Limit: 1000}); n != 5 || err != nil {
			t.Errorf("Forget = %d, %v", n, err)
		}
	})
}

// failAfter fails Updates after some.
type failAfter struct {
	*sqlite.Store
	updates atomic.Int64
}

func (s *failAfter) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.updates.Add(-1) < 0 {
		return store.ErrUnavailable
	}
	return s.Store.Update(ctx, fn)
}
