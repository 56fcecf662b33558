package console

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// fakeCallbacks answers trials as its receiver would: everything is taken, and
// everything is to be recorded.
type fakeCallbacks struct {
	simulated []live.Delivery
	asked     []live.Question
	woken     int
}

func (f *fakeCallbacks) Simulate(_ context.Context, dv live.Delivery) (callback.Simulation, error) {
	f.simulated = append(f.simulated, dv)
	return callback.Simulation{Method: http.MethodPost, URL: dv.URL, Header: http.Header{"X-Test": {"<b>"}}, Body: []byte(`{"a":1}`),
		Attempt: live.Attempt{Number: 1, Status: 204, Elapsed: 12 * time.Millisecond, Address: "192.0.2.7:443"}}, nil
}

func (f *fakeCallbacks) Try(_ context.Context, q live.Question) callback.Trial {
	f.asked = append(f.asked, q)
	return callback.Trial{URL: q.URL, Status: 200, Body: []byte(`{"NeedRecord":true}`), Answer: live.OnDemandAnswer{NeedRecord: true}}
}

func (f *fakeCallbacks) Wake() { f.woken++ }

const testReceiver = "https://hook.example.com/live?token=1"

// owe adds an event of a stream of playDomain, owed to testReceiver, with the
// statuses of its attempts; the delivery is dead, delivered or pending after them.
func (f *fixture) owe(stream string, state live.DeliveryState, statuses ...int) live.DeliveryID {
	f.t.Helper()
	var id live.DeliveryID
	f.update(func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: live.NewEventID(testTime), Type: live.EventRecordStarted, OccurredAt: testTime.Add(-time.Hour),
			Key: live.StreamKey{Domain: playDomain, App: "live", Stream: stream}, Recording: live.NewRecordingID(testTime)})
		if err != nil {
			return err
		}
		d := live.Delivery{ID: live.NewDeliveryID(testTime), Event: e, URL: testReceiver, State: live.DeliveryPending, DueAt: testTime}
		if err := tx.AddDelivery(ctx, d); err != nil {
			return err
		}
		id = d.ID
		for i, status := range statuses {
			d.Attempts, d.State = i+1, live.DeliveryPending
			if i == len(statuses)-1 {
				d.State = state
			}
			a := live.Attempt{Delivery: d.ID, Number: i + 1, StartedAt: testTime.Add(time.Duration(i-10) * time.Minute), Status: status,
				Elapsed: 5 * time.Millisecond, Address: "192.0.2.7:443", Response: `{"why":"<script>"}`}
			if err := tx.FinishAttempt(ctx, d, a); err != nil {
				return err
			}
		}
		return nil
	})
	return id
}

// notify gives playDomain a notify configuration.
func (f *fixture) notify() {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: playDomain, NotifyURL: testReceiver,
			OnDemandURL: "https://ask.example.com/", NeedStatusNotify: true}))
	})
}

func TestLogOfCallbacksShowsAttempts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	if body := f.page(callbacksPath); !strings.Contains(body, "No attempts") {
		t.Error("an empty log does not say so")
	}
	f.owe("show", live.DeliveryDelivered, 500, 200)
	f.owe("<i>other</i>", live.DeliveryPending, 503)
	body := f.page(callbacksPath + "?domain=" + playDomain)
	for _, want := range []string{"3 attempts", "Service Unavailable", "record_started", "&lt;i&gt;other&lt;/i&gt;", testReceiver} {
		if !strings.Contains(body, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if body := f.page(callbacksPath + "?status=success&domain=" + playDomain); !strings.Contains(body, "1 attempt<") {
		t.Error("the filter does not select what was accepted")
	}
	if body := f.page(callbacksPath + "?from=2026-11-23T07:59&stream=show&domain=" + playDomain); !strings.Contains(body, "Nothing matches") {
		t.Error("the filter does not select by time")
	}
	if got := f.get(callbacksPath + "?from=yesterday"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "yesterday is no time") {
		t.Errorf("a wrong time answers %d", got.status)
	}
}

func TestCallbacksOfOtherDomainsAreNotShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.owe("show", live.DeliveryDelivered, 200)
	f.signIn(accountKey)
	if got := f.get(callbacksPath + "?domain=" + foreignDomain); got.status != http.StatusNotFound {
		t.Errorf("the domain of another account answers %d", got.status)
	}
	f.signIn(readerKey)
	if body := f.page(callbacksPath); strings.Contains(body, otherDomain) {
		t.Error("a user sees a domain that his policies do not name")
	}
	if got := f.get(callbacksPath + "?domain=" + otherDomain); got.status != http.StatusNotFound {
		t.Errorf("a domain that policies do not name answers %d", got.status)
	}
	if body := f.page(callbacksPath + "/deliveries/" + string(id)); strings.Contains(body, "/console/callbacks/replay") {
		t.Error("a user is offered what he may not do")
	}
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.DeleteUserPolicy(ctx, accountID, "reader", "read")
	})
	if got := f.get(callbacksPath + "/deliveries/" + string(id)); got.status != http.StatusForbidden {
		t.Errorf("a delivery answers %d to a user without policies", got.status)
	}
	if body := f.page(callbacksPath); strings.Contains(body, playDomain) {
		t.Error("a user without policies sees a domain")
	}
}

func TestDeliveryShowsItsAttemptsInFull(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.owe("show", live.DeliveryDelivered, 500, 200)
	f.signIn(accountKey)
	body := f.page(callbacksPath + "/deliveries/" + string(id))
	for _, want := range []string{"Attempt 2", "Attempt 1", "192.0.2.7:443", "&lt;script&gt;", "Internal Server Error", "5.0 ms", `action="/console/callbacks/replay"`, testReceiver} {
		if !strings.Contains(body, want) {
			t.Errorf("the page of a delivery lacks %q", want)
		}
	}
	if got := f.get(callbacksPath + "/deliveries/dlv_none"); got.status != http.StatusNotFound {
		t.Errorf("an unknown delivery answers %d", got.status)
	}
}

func TestDeliveriesAreListedByState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dead := f.owe("dead", live.DeliveryDead, 500)
	f.owe("done", live.DeliveryDelivered, 200)
	f.signIn(accountKey)
	body := f.page(callbacksPath + "/deliveries?status=dead&domain=" + playDomain)
	if !strings.Contains(body, string(dead)) || strings.Contains(body, "live/done") {
		t.Error("the list is not that of what was given up")
	}
	if body := f.page(callbacksPath + "/deliveries?status=pending&domain=" + playDomain); !strings.Contains(body, "Nothing matches") {
		t.Error("an empty list does not say so")
	}
	for range callbackPageSize {
		f.owe("more", live.DeliveryDelivered, 200)
	}
	body = f.page(callbacksPath + "/deliveries?domain=" + playDomain)
	_, next, ok := strings.Cut(body, `rel="next" href="`)
	if !ok {
		t.Fatal("there is no next page")
	}
	next, _, _ = strings.Cut(next, `"`)
	if body := f.page(strings.ReplaceAll(next, "&amp;", "&")); strings.Count(body, `type="checkbox"`) != 2 {
		t.Errorf("the second page has %d deliveries, want 2", strings.Count(body, `type="checkbox"`))
	}
}

func TestWhatIsNotAllowedCannotBeReplayed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.owe("show", live.DeliveryDead, 500)
	f.signIn(readerKey)
	f.post(callbacksPath+"/replay", "domain", playDomain, "id", string(id), "back", callbacksPath)
	if body := f.page(callbacksPath); !strings.Contains(body, "Forbidden") {
		t.Error("the visitor is not told that he may not")
	}
	if got := f.post(callbacksPath+"/endpoints/park", "url", testReceiver); got.status != http.StatusForbidden {
		t.Errorf("parking answers %d", got.status)
	}
	if got := f.post(callbacksPath+"/test?domain="+playDomain, "url", testReceiver); got.status != http.StatusForbidden {
		t.Errorf("a trial answers %d", got.status)
	}
}

func TestReplayIsMadeByTheAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dead, done := f.owe("dead", live.DeliveryDead, 500), f.owe("done", live.DeliveryDelivered, 200)
	f.signIn(accountKey)
	back := callbacksPath + "/deliveries?domain=" + playDomain
	got := f.post(callbacksPath+"/replay", "domain", playDomain, "id", string(done), "back", back)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != back {
		t.Errorf("replay answers %d to %q", got.status, got.header.Get("Location"))
	}
	if body := f.page(back); !strings.Contains(body, "1 replayed.") {
		t.Error("the visitor is not told what was replayed")
	}
	f.post(callbacksPath+"/replay", "domain", playDomain, "all", "1")
	for _, id := range []live.DeliveryID{dead, done} {
		err := f.store.View(t.Context(), func(r store.Reader) error {
			d, err := r.Delivery(t.Context(), id)
			if err == nil && d.State != live.DeliveryPending {
				t.Errorf("%s is %s, want it pending", id, d.State)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := f.post(callbacksPath+"/replay", "domain", playDomain); got.status != http.StatusSeeOther {
		t.Errorf("a replay of nothing answers %d", got.status)
	}
	if body := f.page(back); !strings.Contains(body, "Choose what to replay.") {
		t.Error("a replay of nothing is not refused")
	}
}

func TestEndpointsAreParkedAndResumed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	path := callbacksPath + "/endpoints"
	if body := f.page(path); !strings.Contains(body, "Nobody is told") {
		t.Error("an empty list does not say so")
	}
	f.notify()
	if body := f.page(path); !strings.Contains(body, testReceiver) || !strings.Contains(body, "untried") {
		t.Error("the endpoint is not listed")
	}
	f.post(path+"/park", "url", testReceiver, "back", path)
	shows(t, f.page(path), "parked", path+"/resume", "Nothing more is sent to https://hook.example.com/live?token=1 until it is resumed.")
	f.post(path+"/resume", "url", testReceiver, "back", path)
	if body := f.page(path); strings.Contains(body, "parked") || !strings.Contains(body, "is sent again.") || f.console.Callbacks.(*fakeCallbacks).woken != 2 {
		t.Error("the endpoint is not resumed")
	}
	f.post(path+"/park", "url", "https://nobody.example.com/", "back", path)
	if body := f.page(path); !strings.Contains(body, "Nobody is told by https://nobody.example.com/.") {
		t.Error("a URL that nobody is told by is not refused")
	}
	if log := f.logged.String(); !strings.Contains(log, "park endpoint") || strings.Contains(log, "token=1") {
		t.Errorf("the log tells of the change, without the URL's query:\n%s", log)
	}
}

func TestAddressIsChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	path := callbacksPath + "/endpoints?check="
	if body := f.page(path + "https://public.example.com/"); !strings.Contains(body, "https://public.example.com/ may be called.") {
		t.Error("a good URL is not said to be one")
	}
	if body := f.page(path + "https://private.example.com/"); !strings.Contains(body, "Why https://private.example.com/ was refused") {
		t.Error("a bad URL is not explained")
	}
	f.signIn(readerKey)
	if got := f.get(path + "https://private.example.com/"); got.status != http.StatusForbidden {
		t.Errorf("a user whose policies do not allow it is answered %d", got.status)
	}
}

func TestSampleEventsAreSentToThoseWhoWouldBeTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	path := callbacksPath + "/test?type=record_error&domain=" + playDomain
	if body := f.page(path); !strings.Contains(body, "Nobody is told of this event") {
		t.Error("that nobody is told is not said")
	}
	f.notify()
	f.page(path)
	got := f.post(path, "url", testReceiver)
	if got.status != http.StatusOK || !strings.Contains(got.body, "X-Test: &lt;b&gt;") || !strings.Contains(got.body, ">204<") {
		t.Errorf("a trial answers %d:\n%s", got.status, got.body)
	}
	sent := f.console.Callbacks.(*fakeCallbacks).simulated
	if len(sent) != 1 || sent[0].Event.Type != live.EventRecordError || sent[0].URL != testReceiver {
		t.Errorf("sent was %+v", sent)
	}
	if got := f.post(path, "url", "https://another.example.com/"); strings.Contains(got.body, "X-Test") {
		t.Error("a URL that is not told was sent something")
	}
}

func TestOnDemandIsTried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.notify()
	f.signIn(accountKey)
	path := callbacksPath + "/on-demand?domain=" + playDomain + "&stream=mine"
	if body := f.page(path); !strings.Contains(body, "https://ask.example.com/") || !strings.Contains(body, "none matches this stream") {
		t.Error("the page does not say whom it would ask, and that no rule would")
	}
	got := f.post(path)
	asked := f.console.Callbacks.(*fakeCallbacks).asked
	if got.status != http.StatusOK || !strings.Contains(got.body, "NeedRecord") || len(asked) != 1 || asked[0].Key.Stream != "mine" {
		t.Errorf("a trial answers %d; asked was %+v", got.status, asked)
	}
	if got := f.post(callbacksPath + "/on-demand?domain=" + otherDomain); got.status != http.StatusBadRequest {
		t.Errorf("a domain without OnDemandUrl answers %d", got.status)
	}
}

func TestSignInsOfOneIPv6SubscriberCountTogether(t *testing.T) {
	t.Parallel()
	a := (&visit{r: &http.Request{RemoteAddr: "[2001:db8:1:2::5]:1"}}).visitorIP()
	b := (&visit{r: &http.Request{RemoteAddr: "[2001:db8:1:2:ffff::6]:2"}}).visitorIP()
	if a != b || a != netip.MustParseAddr("2001:db8:1:2::") {
		t.Errorf("addresses = %v, %v", a, b)
	}
}
