package console

import (
	"context"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// The first page counts what is of all domains; its links name none.
func TestListsBeginWithADomainOfWhichThereIsSomething(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	lists := map[string]string{
		recordingsPath + "?status=stored":              recordingsPath + "?domain=play.example.com&status=stored",
		callbacksPath:                                  callbacksPath + "?domain=play.example.com",
		callbacksPath + "/deliveries?status=delivered": callbacksPath + "/deliveries?domain=play.example.com&status=delivered",
	}
	for list := range lists {
		f.page(list) // where nothing is to be found, the first domain is shown
	}
	f.record(playDomain, "show", 5, live.FileStored)
	f.record(otherDomain, "show", 5, live.FileOpen)
	f.happen("1", showKey, live.Event{Type: live.EventRecordStarted}, live.DeliveryDelivered)
	for list, want := range lists {
		if got := f.get(list).header.Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", list, got, want)
		}
		f.page(want)
	}
	f.page(recordingsPath + "?status=open")
	f.page(recordingsPath + "?domain=" + otherDomain + "&status=stored") // who has chosen a domain sees it
	f.signIn(readerKey)
	for list := range lists {
		f.page(list)
	}
}

func TestEndpointsLeadToWhatWaitsForThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.notify()
	f.update(func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: "evt_1", Type: live.EventRecordStarted, Key: showKey, OccurredAt: testTime})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: testReceiver, State: live.DeliveryPending, DueAt: testTime})
	})
	f.signIn(accountKey)
	page := f.page(callbacksPath + "/endpoints")
	link := callbacksPath + "/deliveries?status=pending&domain=play.example.com&origin="
	shows(t, page, `<a href="`+callbacksPath+"/deliveries?status=pending&amp;domain=play.example.com&amp;origin=", `id="pending-0">1</a>`, "!status=dead")
	shows(t, f.page(link+live.Origin(testReceiver)), "dlv_1")
}
