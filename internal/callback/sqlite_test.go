package callback

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// A faultyStore fails one Update in three, half of them although it is written.
type faultyStore struct {
	*sqlite.Store
	off     atomic.Bool
	random  *rand.Rand // used by one Update at a time
	turn    chan struct{}
	killing atomic.Bool // Updates fail as if the process were gone
}

func (s *faultyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.off.Load() {
		return s.Store.Update(ctx, fn)
	}
	if s.killing.Load() {
		return errKilled
	}
	s.turn <- struct{}{}
	fate := s.random.IntN(6)
	<-s.turn
	if fate == 0 {
		return fmt.Errorf("injected: %w", store.ErrUnavailable)
	}
	err := s.Store.Update(ctx, fn)
	if err == nil && fate == 1 {
		return fmt.Errorf("injected: %w", store.ErrUncertain)
	}
	return err
}

// TestDeliveryOnSQLiteSurvivesFaultsAndRestarts has events of several streams, a
// receiver that refuses some, a store that fails at random and a deliverer that
// is killed every few seconds.
func TestDeliveryOnSQLiteSurvivesFaultsAndRestarts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tallylight.db")
			synctest.Test(t, func(t *testing.T) { deliverOnSQLite(t, path, rand.New(rand.NewPCG(seed, seed))) })
		})
	}
}

func deliverOnSQLite(t *testing.T, path string, random *rand.Rand) {
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	faulty := &faultyStore{Store: s, random: rand.New(rand.NewPCG(random.Uint64(), 1)), turn: make(chan struct{}, 1)}
	net := newPipeNet()
	refuse := rand.New(rand.NewPCG(random.Uint64(), 2))
	sink := sink{answer: func(received) int {
		if refuse.IntN(5) == 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}}
	defer net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond) // so that a kill meets attempts under way
		sink.ServeHTTP(w, r)
	}))()

	const rounds, streams = 8, 5
	var owed []live.Delivery
	for round := range rounds {
		faulty.killing.Store(false)
		b := run(t, faulty, net, Config{EventHeaders: true})
		for i := range streams * 2 {
			d := oweOnSQLite(t, s, fmt.Sprint("s", i%streams))
			owed = append(owed, d)
			b.d.HandOver(d)
			wait(time.Duration(random.IntN(800)) * time.Millisecond)
		}
		faulty.killing.Store(round < rounds-1)
		if round == rounds-1 {
			faulty.off.Store(true)
			wait(4 * time.Hour) // what is in its tail
		}
		if err := b.stop(); err != nil {
			t.Fatalf("Run = %v", err)
		}
	}

	ids := make(map[string]bool)
	for _, c := range sink.all() {
		ids[c.eventID] = true
	}
	if len(sink.all()) <= len(owed) {
		t.Error("no callback was repeated: the test tests nothing")
	}
	if len(ids) != len(owed) {
		t.Errorf("%d events arrived, want %d", len(ids), len(owed))
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		for _, d := range owed {
			got, err := r.Delivery(t.Context(), d.ID)
			if err != nil {
				return err
			}
			attempts, err := r.Attempts(t.Context(), d.ID)
			if err != nil {
				return err
			}
			if !ids[string(d.Event.ID)] || got.State != live.DeliveryDelivered || got.Attempts != len(attempts) {
				t.Errorf("event %s: delivery %+v with %d attempts recorded", d.Event.ID, got, len(attempts))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkFirstArrivals(t, sink.all(), owed)
}

// checkFirstArrivals fails unless the events of a stream first came in their
// order: their bursts are longer than the receiver ever refuses.
func checkFirstArrivals(t *testing.T, got []received, owed []live.Delivery) {
	t.Helper()
	streams, seqs := make(map[string]string), make(map[string]int64)
	for _, d := range owed {
		streams[string(d.Event.ID)], seqs[string(d.Event.ID)] = d.Event.Key.Stream, d.Event.Seq
	}
	last := make(map[string]int64)
	for _, c := range got {
		stream, seq := streams[c.eventID], seqs[c.eventID]
		if seq > last[stream]+1 {
			t.Errorf("stream %s: event %d came after event %d", stream, seq, last[stream])
		}
		last[stream] = max(last[stream], seq)
	}
}

func oweOnSQLite(t *testing.T, s *sqlite.Store, stream string) live.Delivery {
	t.Helper()
	return oweURLOnSQLite(t, s, stream, hook)
}

func oweURLOnSQLite(t *testing.T, s *sqlite.Store, stream, url string) live.Delivery {
	t.Helper()
	now := time.Now()
	o := store.Owing{
		Event: live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordStarted, OccurredAt: now,
			Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream},
		},
		Deliveries: []live.Delivery{{
			ID: live.NewDeliveryID(now), URL: url, SignKey: "testkeyyourkey12",
			State: live.DeliveryPending, DueAt: now, LeasedUntil: now.Add(live.DeliveryLease),
		}},
	}
	err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Owe(t.Context(), &o) })
	if err != nil {
		t.Fatal(err)
	}
	return o.Deliveries[0]
}
