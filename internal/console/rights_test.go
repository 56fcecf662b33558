package console

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// only binds the reader by one policy.
func (f *fixture) only(statements string) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.DeleteUserPolicy(ctx, accountID, "reader", "read")
	})
	f.grant(statements)
	f.signIn(readerKey)
}

const playResource = "acs:cdn:*:*:domain/" + playDomain

func TestNavigationLeadsNowhereForbidden(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const link = `href="/console/access"`
	f.signIn(accountKey)
	shows(t, f.page(Root), link)
	f.signIn(readerKey)
	shows(t, f.page(Root), "!"+link, `href="/console/domains"`)
	f.grant(allow("ram:ListUsers", "*"))
	shows(t, f.page(Root), link)
}

func TestADomainThatMayNotBeAddedIsForbidden(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(readerKey)
	for _, name := range []string{"new.example.com", playDomain, otherDomain, foreignDomain, ""} {
		if got := f.post(domainsPath, "name", name, "role", "liveVideo", "region", "local"); got.status != http.StatusForbidden {
			t.Errorf("adding %q answers %d, want 403", name, got.status)
		}
	}
}

func TestWhoMayReadFilesDoesNotSeeWhoIsTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.record(playDomain, "show", 5, live.FileStored)
	f.update(func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: id.EventID(), Type: live.EventFileCreated, Key: showKey, OccurredAt: testTime})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: testReceiver, State: live.DeliveryPending, DueAt: testTime})
	})
	f.signIn(readerKey)
	shows(t, f.page(recordingsPath+"/"+string(id)), "Who was told", live.Origin(testReceiver))
	f.only(allow("live:"+readRecordings, playResource))
	shows(t, f.page(recordingsPath+"/"+string(id)), "Download as MP4", "!Who was told", "!"+live.Origin(testReceiver))
}

func TestWhoMayReadStreamsDoesNotSeeFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.goLive(showKey)
	f.recorderDoes(showKey, live.RecordRunning, "rec_1")
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.PutRecording(ctx, live.Recording{ID: "rec_1", Key: showKey, StartedAt: testTime, Config: live.RecordConfig{OSSBucket: "secret-bucket"}})
	})
	id := f.record(playDomain, "show", 5, live.FileOpen)
	links := []string{`href="/console/recordings?domain=play.example.com&amp;app=live&amp;stream=show"`, "/console/recordings/timeline?", `href="/console/callbacks?domain=`}
	f.signIn(readerKey)
	shows(t, f.page(showPage), append(links, "secret-bucket", string(id))...)
	f.only(allow("live:"+readStreams, playResource))
	page := f.page(showPage)
	shows(t, page, "192.0.2.7:4711", "!secret-bucket", "!"+string(id))
	for _, link := range links {
		shows(t, page, "!"+link)
	}
}

func TestWhoMaySeeNoDomainIsToldSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.only(allow("live:Nothing", "*"))
	for _, path := range []string{livePath, livePath + "/forbidden", livePath + "/history", recordingsPath,
		callbacksPath, callbacksPath + "/deliveries", callbacksPath + "/test", callbacksPath + "/on-demand"} {
		body := f.page(path)
		shows(t, body, "No domain to look at", "live:Describe", "!"+playDomain)
		if n := strings.Count(body, `class="empty"`); n != 1 {
			t.Errorf("%s says %d times that there is nothing, want once", path, n)
		}
	}
}

func TestRegionsAreForThoseWhoMaySeeThePage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.goLive(otherKey)
	id := f.record(otherDomain, "show", 5, live.FileStored)
	f.signIn(readerKey)
	for path, want := range map[string]int{
		streamAddress(otherKey):                                                    http.StatusForbidden,
		recordingsPath + "/" + string(id):                                          http.StatusForbidden,
		recordingsPath + "?domain=other.example.com":                               http.StatusNotFound,
		recordingsPath + "/timeline?app=live&stream=show&domain=other.example.com": http.StatusForbidden,
		callbacksPath + "?domain=other.example.com":                                http.StatusNotFound,
		livePath + "?domain=other.example.com":                                     http.StatusNotFound,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", eventStream)
		if got := f.do(r); got.status != want || got.header.Get("Content-Type") == eventStream {
			t.Errorf("%s answers %d with %s, want %d", path, got.status, got.header.Get("Content-Type"), want)
		}
	}
}
