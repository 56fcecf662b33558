package callback

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

func TestASimulationIsSentAsACallbackIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := newPipeNet()
		sink := sink{answer: func(received) int { return http.StatusTeapot }}
		defer net.serve(sinkAddress, &sink)()
		g := testGuard(t, GuardConfig{})
		g.dial = net.dial
		secret := wire.NewSecret()
		c := Config{Guard: g, Secret: secret, EventHeaders: true, CloudEvents: true}
		dv := testDelivery(sinkURL)
		dv.Attempts, dv.Event.OccurredAt = 0, time.Now()
		for _, rich := range []bool{false, true} {
			dv.Rich = rich
			sim, err := Simulate(t.Context(), c, dv)
			if err != nil || sim.Attempt.Status != http.StatusTeapot || sim.Method != "POST" || sim.URL != sinkURL {
				t.Fatalf("Simulate = %+v, %v", sim, err)
			}
			got := sink.all()[len(sink.all())-1]
			if got.body != string(sim.Body) || rich != strings.Contains(got.body, `"id":"evt_1"`) {
				t.Errorf("sent %s, told %s", got.body, sim.Body)
			}
			for _, name := range []string{"Webhook-Signature", "Ce-Id", "Ce-Type", wire.HeaderEventSeq} {
				if value := sim.Header.Get(name); value == "" || value != got.header.Get(name) {
					t.Errorf("%s: sent %q, told %q", name, got.header.Get(name), value)
				}
			}
			if err := wire.VerifyWebhook(got.header, sim.Body, secret, got.at); err != nil {
				t.Error(err)
			}
		}
		// News of a push has no body, so that CloudEvents cannot go with it.
		dv.Rich, dv.Event.Type, dv.Event.Detail.Publish = false, live.EventPublish, &live.PublishDetail{}
		sim, err := Simulate(t.Context(), c, dv)
		if err != nil || sim.Method != "GET" || len(sim.Body) != 0 || sim.Header.Get("Ce-Id") != "" || sim.Header.Get("Webhook-Signature") == "" {
			t.Errorf("news of a push: %+v, %v", sim, err)
		}
		dv.Event.Detail.Publish = nil
		if _, err := Simulate(t.Context(), c, dv); err == nil {
			t.Error("an event that says nothing was sent")
		}
	})
}
