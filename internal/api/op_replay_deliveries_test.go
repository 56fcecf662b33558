package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/live/ram"
	"tallylight/internal/store"
)

// fakeReplays keeps the query that it was asked to replay.
type fakeReplays struct {
	query live.DeliveryQuery
	last  *live.Delivery
}

func (f *fakeReplays) Replay(_ context.Context, q live.DeliveryQuery) (live.Replay, error) {
	f.query = q
	return live.Replay{Replayed: 3, Left: 2, Last: f.last}, nil
}

func replayFixture(t *testing.T) (*fixture, *fakeReplays) {
	replays := &fakeReplays{}
	f := sqliteFixture(t, func(c *Config) { c.Replays = replays })
	f.addNotifyRecords()
	return f, replays
}

func TestReplaySelectsDeliveries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change []string
		want   string
	}{
		{"what was given up of a domain", nil, "{ID: Domain:play.example.com App: Stream: State:dead Origin: From:0001-01-01 00:00:00 +0000 UTC To:0001-01-01 00:00:00 +0000 UTC"},
		{"all of a stream", []string{"AppName=live", "StreamName=show", "Status=all"}, "{ID: Domain:play.example.com App:live Stream:show State: Origin: "},
		{"an event", []string{"Id=evt_1", "Status=all"}, "{ID:evt_1 Domain:play.example.com App: Stream: State: "},
		{"a server", []string{"Endpoint=HTTPS://cb.example.com:443/x", "Status=failed"}, "{ID: Domain:play.example.com App: Stream: State:dead Origin:https://cb.example.com "},
		{"a time", []string{"StartTime=2026-11-23T07:00:00Z", "EndTime=2026-11-23T08:00:00Z"}, "{ID: Domain:play.example.com App: Stream: State:dead Origin: From:2026-11-23 07:00:00 +0000 UTC To:2026-11-23 08:00:00 +0000 UTC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, replays := replayFixture(t)
			a := f.call(params("TallylightReplayDeliveries", append([]string{"DomainName=" + playDomain}, tt.change...)...))
			if a.status != 200 || !strings.Contains(a.body, `"Replayed":3`) || !strings.Contains(a.body, `"Left":2`) || !strings.Contains(a.body, `"Next":""`) {
				t.Errorf("%d %s", a.status, a.body)
			}
			if got := fmt.Sprintf("%+v", replays.query); !strings.HasPrefix(got, tt.want) || replays.query.Limit != maxReplays {
				t.Errorf("asked for %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReplayGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	f, replays := replayFixture(t)
	replays.last = &live.Delivery{ID: "dlv_1"}
	if a := f.call(params("TallylightReplayDeliveries", "DomainName="+playDomain)); !strings.Contains(a.body, `"Next":"dlv_1"`) {
		t.Error(a.body)
	}
	f.mustCall("TallylightReplayDeliveries", "DomainName="+playDomain, "After=dlv_1")
	if after := replays.query.After; after == nil || after.ID != "dlv_1" || after.Event.Seq != 2 {
		t.Errorf("went on after %+v", after)
	}
}

func TestReplayRefusesMistakes(t *testing.T) {
	t.Parallel()
	f, replays := replayFixture(t)
	ctx := t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: "evt_push", Type: live.EventPublish, Key: live.StreamKey{Domain: pushDomain, App: "live", Stream: "show"}})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: "dlv_push", Event: e, State: live.DeliveryDead})
	})
	if err != nil {
		t.Fatal(err)
	}
	provoked := map[string]bool{}
	for _, tt := range []struct {
		change string
		want   *apierr.Error
	}{
		{"DomainName=", apierr.Missing("DomainName")},
		{"DomainName=nowhere.example.com", apierr.InvalidDomainNotFound},
		{"DomainName=" + foreignDomain, apierr.InvalidDomainNotFound},
		{"Status=dead", apierr.Invalid("Status")},
		{"Endpoint=example.com", apierr.Invalid("Endpoint")},
		{"After=dlv_9", apierr.Invalid("After")},
		{"After=dlv_push", apierr.Invalid("After")},
		{"StartTime=now", apierr.Invalid("StartTime")},
		{"EndTime=2026-11-23", apierr.Invalid("EndTime")},
	} {
		name, value, _ := strings.Cut(tt.change, "=")
		p := params("TallylightReplayDeliveries", "DomainName="+playDomain).Without(name).With(name, value)
		f.call(p).wantError(t, tt.want)
		provoked[tt.want.Code] = true
	}
	if replays.query.Limit != 0 {
		t.Error("something was replayed")
	}
	for _, e := range replayDeliveries.declared() {
		if !provoked[e.Code] && e != apierr.InternalError && e != apierr.ServiceUnavailable {
			t.Errorf("%s is declared and not provoked", e.Code)
		}
	}
}

func TestReplayNeedsItsPermission(t *testing.T) {
	t.Parallel()
	f, _ := replayFixture(t)
	policies := map[string]string{
		"reader":   "live:Describe*",
		"operator": "live:" + replayDeliveries.name,
	}
	ctx := t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		for user, action := range policies {
			document := `{"Version":"1","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
			if _, err := ram.Parse([]byte(document)); err != nil {
				return err
			}
			for _, step := range []error{
				tx.AddUser(ctx, live.User{AccountID: "1001", Name: user}),
				tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: "1001", User: user, Name: "p", Document: document}),
				tx.PutAccessKey(ctx, live.AccessKey{ID: user, Secret: testKey.Secret, AccountID: "1001", User: user, Active: true}),
			} {
				if step != nil {
					return step
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]int{"reader": apierr.Forbidden.Status, "operator": 200} {
		key := testKey
		key.ID = user
		if a := f.callAs(key, params("TallylightReplayDeliveries", "DomainName="+playDomain)); a.status != want {
			t.Errorf("%s: %d %s, want %d", user, a.status, a.code, want)
		}
	}
}

func TestWithoutAReplayerThereIsNoReplay(t *testing.T) {
	t.Parallel()
	newFixture(t).call(params("TallylightReplayDeliveries", "DomainName="+playDomain)).wantError(t, apierr.InvalidActionNotFound)
}

func TestOwnOperationsAreNamedApart(t *testing.T) {
	t.Parallel()
	for _, op := range ownOperations {
		if !strings.HasPrefix(op.name, "Tallylight") || op.summary == "" || op.qps <= 0 || op.access == "" || op.resource == "" {
			t.Errorf("row of %q", op.name)
		}
		if fields := fieldNames(op.request, ""); len(fields) != len(op.params) {
			t.Errorf("%s documents %d parameters and decodes %v", op.name, len(op.params), fields)
		}
	}
}
