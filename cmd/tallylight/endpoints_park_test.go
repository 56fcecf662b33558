package main

import (
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/receiver"
	"tallylight/internal/store"
	"tallylight/internal/store/outbox"
)

// owe adds an event of a stream, owes it to the endpoints of its domain and to main,
// and hands over what is owed.
func owe(t *testing.T, s *server, stream, main string) (owed []live.Delivery) {
	t.Helper()
	now := time.Now()
	e := live.Event{
		ID: live.NewEventID(now), Type: live.EventRecordStarted, OccurredAt: now,
		Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream},
	}
	err := s.store.Update(t.Context(), func(tx store.Tx) (err error) {
		owed, err = outbox.Owe(t.Context(), tx, e, outbox.Target{URL: main}, now.Add(live.DeliveryLease))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.committed(owed...)
	return owed
}

func TestEndpointsAreListedWithTheirHealth(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addDomains(t, s)
	const told, gone, silent, old = "https://told.example.com/hook", "https://told.example.com/gone", "http://silent.example.com/", "http://old.example.com/"
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ctx := t.Context()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		dead := live.Delivery{ID: "dlv_dead", Event: live.Event{ID: "evt_dead"}, URL: silent, State: live.DeliveryDead}
		waiting := live.Delivery{ID: "dlv_waiting", Event: live.Event{ID: "evt_dead"}, URL: old, State: live.DeliveryPending, DueAt: time.Now().Add(time.Hour)}
		_, err := tx.AddEvent(ctx, live.Event{ID: "evt_dead", Key: live.StreamKey{Domain: "play.example.com"}})
		return errors.Join(err, tx.AddDelivery(ctx, dead), tx.AddDelivery(ctx, waiting),
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: "play.example.com", NotifyURL: told}),
			tx.PutStreamsNotifyConfig(ctx, live.StreamsNotifyConfig{Domain: "push.example.com", NotifyURL: silent}),
			tx.AddEndpoint(ctx, live.Endpoint{ID: "end_1", Domain: "play.example.com", URL: gone, Rich: true}),
			tx.AddEndpoint(ctx, live.Endpoint{ID: "end_2", Domain: "play.example.com", URL: "http://new.example.com/"}),
			tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: gone, ParkedAt: at, Delivery: "dlv_1", Status: 410}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin(told), SucceededAt: at.Add(time.Hour), FailedAt: at, FailedStatus: 503}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin(silent), ProbeWait: time.Minute, FailedAt: at, FailedErr: "no answer within 5s"}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin(old), SucceededAt: at, FailedAt: at.Add(time.Second), FailedStatus: 404}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	out := regexp.MustCompile(` {2,}`).ReplaceAllString(mustRun(t, "endpoints", "list", "--data", dir), "|")
	const ok = "2026-11-23T13:00:00Z|2026-11-23T12:00:00Z status 503"
	for _, want := range []string{
		"-|play.example.com|file_created|vendor|" + told + "|ok|0|0|" + ok,
		"end_1|play.example.com|all|rich|" + gone + "|parked 2026-11-23T12:00:00Z by answer 410|0|0|" + ok,
		"end_2|play.example.com|all|vendor|http://new.example.com/|untried|0|0|-|-",
		"-|push.example.com|publish,publish_done|vendor|" + silent + "|open|0|1|-|2026-11-23T12:00:00Z no answer within 5s",
		"-|-|-|vendor|" + old + "|failing|1|0|2026-11-23T12:00:00Z|2026-11-23T12:00:01Z status 404",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "\n"); n != 6 {
		t.Errorf("%d lines:\n%s", n, out)
	}
	if out := mustRun(t, "endpoints", "list", "--domain", "push.example.com", "--data", dir); strings.Count(out, "\n") != 2 {
		t.Errorf("of one domain:\n%s", out)
	}

	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil))
	for _, want := range []string{"\ntallylight_callback_endpoints_parked 1\n", "\ntallylight_callback_receivers_open 0\n"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %q", want)
		}
	}
}

func TestEndpointsAreParkedAndResumed(t *testing.T) {
	t.Parallel()
	url, got := receive(t, receiver.Config{})
	s, dir := startServer(t)
	addDomains(t, s)
	mustRun(t, "endpoints", "add", "play.example.com", url, "--dev", "--data", dir)
	owe(t, s, "a", "")
	<-got

	mustRun(t, "endpoints", "park", url, "--data", dir)
	if list := mustRun(t, "endpoints", "list", "--data", dir); !strings.Contains(list, "parked ") || !strings.Contains(list, " by an operator") {
		t.Errorf("list:\n%s", list)
	}
	second := owe(t, s, "b", "")
	if len(second) != 1 || !second[0].LeasedUntil.IsZero() {
		t.Errorf("owed while it is parked: %+v", second)
	}
	mustRun(t, "endpoints", "resume", url, "--data", dir)
	s.deliverer.Wake() // would be half a minute
	if c := <-got; c.Stream != "b" {
		t.Errorf("after it was resumed: %+v", c)
	}

	mustRun(t, "endpoints", "park", url, "--data", dir)
	third := owe(t, s, "c", "")
	if status, _, errOut := command(t, "endpoints", "resume", url, "--give-up", "--data", dir); status != exitFailed || !strings.Contains(errOut, "--yes") {
		t.Errorf("giving up without an answer: status %d: %s", status, errOut)
	}
	if out := mustRun(t, "endpoints", "resume", url, "--give-up", "--yes", "--data", dir); out != "gave up 1 delivery\n" {
		t.Errorf("printed %q", out)
	}
	if d := deliveryIn(t, s, third[0].ID); d.State != live.DeliveryDead {
		t.Errorf("what was given up is %+v", d)
	}
	for name, args := range map[string][]string{
		"a URL that nobody has is parked":      {"park", url + "s"},
		"a URL that is not parked is resumed":  {"resume", url},
		"a URL that is not parked is given up": {"resume", url, "--give-up", "--yes"},
	} {
		if status, _, errOut := command(t, append(append([]string{"endpoints"}, args...), "--data", dir)...); status != exitFailed || !strings.Contains(errOut, "endpoints list") {
			t.Errorf("%s: status %d: %s", name, status, errOut)
		}
	}
}

func deliveryIn(t *testing.T, s *server, id live.DeliveryID) (d live.Delivery) {
	t.Helper()
	err := s.store.View(t.Context(), func(r store.Reader) (err error) {
		d, err = r.Delivery(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
