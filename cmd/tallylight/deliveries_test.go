package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/receiver"
	"tallylight/internal/store"
)

// addDeliveries stores two events of each of two streams, owed to url; those of the
// stream show are dead, those of other delivered.
func addDeliveries(t *testing.T, s *server, url string) {
	t.Helper()
	ctx := t.Context()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AddDomain(ctx, live.Domain{Name: "play.example.com", AccountID: accountOf(t, tx), Type: live.StreamingDomain, Status: live.DomainOnline}); err != nil {
			return err
		}
		for i, stream := range []string{"show", "other", "show", "other"} {
			e, err := tx.AddEvent(ctx, live.Event{
				ID: live.EventID(fmt.Sprint("evt_", i)), Type: live.EventRecordStarted, OccurredAt: time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC),
				Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream},
			})
			if err != nil {
				return err
			}
			d := live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: url, State: live.DeliveryDead, Attempts: 1}
			a := live.Attempt{Number: 1, StartedAt: e.OccurredAt, Err: "no answer within 5s"}
			if stream == "other" {
				d.State, a.Status, a.Err, a.Response = live.DeliveryDelivered, 200, "", "thank\nyou"
			}
			added := d
			added.State, added.Attempts, added.DueAt = live.DeliveryPending, 0, time.Now().Add(time.Hour)
			if err := tx.AddDelivery(ctx, added); err != nil {
				return err
			}
			if err := tx.FinishAttempt(ctx, d, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func accountOf(t *testing.T, r store.Reader) live.AccountID {
	t.Helper()
	owner, err := r.OwnerAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return owner.ID
}

// listen runs a receiver that hands its callbacks to the channel.
func receive(t *testing.T, c receiver.Config) (url string, got chan receiver.Callback) {
	t.Helper()
	got = make(chan receiver.Callback, 16)
	c.OnCallback = func(cb receiver.Callback) { got <- cb }
	r, err := receiver.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return server.URL + "/hook", got
}

func TestDeliveriesAreListed(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addDeliveries(t, s, "https://cb.example.com/hook?token=secret")
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"all", nil, "0dead 1delivered 2dead 3delivered"},
		{"those that were given up", []string{"--failed"}, "0dead 2dead"},
		{"of a stream", []string{"--domain", "PLAY.example.com", "--app", "live", "--stream", "other"}, "1delivered 3delivered"},
		{"of an event", []string{"--id", "evt_2"}, "2dead"},
		{"of an id", []string{"--id", "dlv_3"}, "3delivered"},
		{"of a time", []string{"--from", "2026-11-23T12:01:00Z", "--to", "2026-11-23T12:03:00Z"}, "1delivered 2dead"},
		{"to a server", []string{"--endpoint", "https://CB.example.com:443"}, "0dead 1delivered 2dead 3delivered"},
		{"to another", []string{"--endpoint", "http://cb.example.com"}, ""},
	} {
		var got []string
		for line := range strings.Lines(mustRun(t, append([]string{"deliveries", "list", "--json", "--data", dir}, tt.args...)...)) {
			var d deliveryLine
			if err := json.Unmarshal([]byte(line), &d); err != nil || d.Attempts != 1 || d.URL == "" || d.Seq == 0 {
				t.Errorf("%s: %s: %v", tt.name, line, err)
			}
			got = append(got, strings.TrimPrefix(string(d.Delivery), "dlv_")+string(d.State))
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	table := mustRun(t, "deliveries", "list", "--data", dir)
	if strings.Contains(table, "secret") || !strings.Contains(table, "https://cb.example.com") || strings.Count(table, "\n") != 5 {
		t.Errorf("table:\n%s", table)
	}
	show := mustRun(t, "deliveries", "show", "evt_1", "--data", dir)
	for _, want := range []string{"dlv_1", "record_started", "number 1 of play.example.com/live/other", `"event":"record_started"}`, "delivered", "200", `"thank you"`} {
		if !strings.Contains(show, want) {
			t.Errorf("%q is missing in\n%s", want, show)
		}
	}
	if status, _, errOut := command(t, "deliveries", "show", "evt_9", "--data", dir); status != exitFailed || !strings.Contains(errOut, "evt_9: not found") {
		t.Errorf("an unknown event: status %d: %s", status, errOut)
	}
}

func TestDeliveriesAreReplayedBesideARunningServer(t *testing.T) {
	t.Parallel()
	secret := wire.NewSecret()
	url, got := receive(t, receiver.Config{Secret: secret})
	s, dir := startServer(t)
	addDeliveries(t, s, url)
	mustRun(t, "secrets", "rotate", "play.example.com", "--secret", secret.Text(), "--data", dir)

	status, out, errOut := command(t, "deliveries", "replay", "--failed", "--data", dir)
	if status != exitFailed || out != "" || !strings.Contains(errOut, "replay 2 deliveries? [y/N]") || !strings.Contains(errOut, "--yes") {
		t.Errorf("without an answer: status %d: %s%s", status, out, errOut)
	}
	if out := mustRun(t, "deliveries", "replay", "--failed", "--yes", "--data", dir); out != "replayed 2 deliveries; 0 were on their way anyway\n" {
		t.Error(out)
	}
	s.deliverer.Wake() // as the server would by itself soon
	var ids []string
	for range 2 {
		c := <-got
		ids = append(ids, c.EventID)
		if c.Attempt != 2 || c.WebhookSignature != receiver.Valid {
			t.Errorf("got %+v", c)
		}
	}
	if want := []string{"evt_0", "evt_2"}; !slices.Equal(ids, want) {
		t.Errorf("replayed %q, want %q", ids, want)
	}
	if out := mustRun(t, "deliveries", "replay", "--id", "evt_9", "--data", dir); out != "no deliveries are selected\n" {
		t.Error(out)
	}
}

func TestDeadDeliveriesAreForgotten(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addDeliveries(t, s, "https://cb.example.com/hook")
	if out := mustRun(t, "deliveries", "forget", "--domain", "play.example.com", "--yes", "--data", dir); out != "forgot 2 deliveries\n" {
		t.Error(out)
	}
	if out := mustRun(t, "deliveries", "list", "--json", "--data", dir); strings.Count(out, "\n") != 2 || strings.Contains(out, `"dead"`) {
		t.Errorf("left:\n%s", out)
	}
}

func TestSelectionsOfDeliveriesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"deliveries", "replay", "--yes"},
		{"deliveries", "forget", "--yes"},
		{"deliveries", "list", "--endpoint", "cb.example.com"},
		{"deliveries", "list", "--from", "2026-11-23T12:00:00Z", "--to", "2026-11-23T12:00:00Z"},
		{"deliveries", "show"},
	} {
		if status, _, errOut := command(t, args...); status != exitUsage {
			t.Errorf("%q: status %d: %s", args, status, errOut)
		}
	}
}
