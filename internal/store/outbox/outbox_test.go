package outbox_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/outbox"
	"tallylight/internal/store/sqlite"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestAnEventIsOwedToAllThatWantIt(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx := t.Context()
	update := func(fn func(tx store.Tx) error) {
		t.Helper()
		if err := st.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
	update(func(tx store.Tx) error {
		for _, p := range []live.Endpoint{
			{ID: "end_all", Domain: key.Domain, URL: "https://all.example.com/", Rich: true},
			{ID: "end_files", Domain: key.Domain, URL: "https://files.example.com/", Events: []live.EventType{live.EventFileCreated}},
			{ID: "end_other", Domain: "other.example.com", URL: "https://other.example.com/"},
		} {
			if err := tx.AddEndpoint(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	main := outbox.Target{URL: "https://main.example.com/", SignKey: "testkeyyourkey12"}
	for _, tt := range []struct {
		name string
		typ  live.EventType
		main outbox.Target
		want string
	}{
		{"a file", live.EventFileCreated, main, "dlv_1 dlv_1_all dlv_1_files"},
		{"a state", live.EventRecordStarted, main, "dlv_1 dlv_1_all"},
		{"without a notify config", live.EventFileCreated, outbox.Target{}, "dlv_1_all dlv_1_files"},
	} {
		e := live.Event{ID: "evt_1", Type: tt.typ, Key: key, OccurredAt: noon}
		for range 2 { // as after a commit of unknown outcome
			var owed []live.Delivery
			update(func(tx store.Tx) (err error) {
				owed, err = outbox.Owe(ctx, tx, e, tt.main, noon.Add(time.Minute))
				return err
			})
			if got := ids(owed); got != tt.want {
				t.Errorf("%s: owed %q, want %q", tt.name, got, tt.want)
			}
		}
		all := deliveries(t, st)
		if got := ids(all); got != tt.want {
			t.Errorf("%s: the store has %q, want %q", tt.name, got, tt.want)
		}
		for _, d := range all {
			if d.Event.Seq != 1 && tt.name == "a file" || d.State != live.DeliveryPending || !d.DueAt.Equal(noon) ||
				(d.Endpoint == "") != (d.SignKey == main.SignKey) || d.Rich != (d.Endpoint == "end_all") {
				t.Errorf("%s: %+v", tt.name, d)
			}
		}
		update(func(tx store.Tx) error { return forget(ctx, tx, all) })
	}
}

func ids(list []live.Delivery) string {
	var all []string
	for _, d := range list {
		all = append(all, string(d.ID))
	}
	return strings.Join(all, " ")
}

func deliveries(t *testing.T, st store.Store) (list []live.Delivery) {
	t.Helper()
	err := st.View(t.Context(), func(r store.Reader) (err error) {
		list, err = r.Deliveries(t.Context(), live.DeliveryQuery{Limit: 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// forget has deliveries and their event deleted.
func forget(ctx context.Context, tx store.Tx, list []live.Delivery) error {
	for _, d := range list {
		d.State = live.DeliveryDelivered
		if err := tx.FinishAttempt(ctx, d, live.Attempt{Number: 1}); err != nil {
			return err
		}
	}
	_, err := tx.PruneEvents(ctx, noon.Add(time.Hour), []live.EventID{"evt_1"})
	return err
}
