// Package storetest is the suite that every backend of package store passes. It
// tests the contract as it is written there, method by method, and then what
// must hold when many callers work at once, when an Update fails and when the
// machine does.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A Backend is a fresh and empty store, and what the suite does with it beside
// calling it. The stores close with the test.
type Backend struct {
	Store store.Store
	// Updates is how many Updates run at once, 1 where they are serialised.
	Updates int
	// Beside opens the same data once more, as another process would. That store
	// closes with the test.
	Beside func(t *testing.T) store.Store
	// Node opens the same data once more for a node of that name, as its server would.
	// That store closes with the test.
	Node func(t *testing.T, name string) store.Store
	// Reopen closes the store and opens its data again.
	Reopen func(t *testing.T) store.Store
	// Crash opens a copy of what would be there if the power failed at this
	// moment. The store goes on.
	Crash func(t *testing.T) store.Store
}

// Run runs the suite; open makes a Backend for each of its tests.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b Backend)
	}{
		{"the first account is the owner", testOwnerAccount},
		{"access keys are kept", testAccessKeys},
		{"access keys are listed and deleted", testAccessKeysListed},
		{"users are kept and deleted with their keys", testUsers},
		{"users have policies", testUserPolicies},
		{"nonces are kept until they expire", testNonces},
		{"domains are kept and change their status", testDomains},
		{"an ingest domain is mapped once", testDomainMappings},
		{"an account's domains are listed as they were added", testDomainList},
		{"a mapping is undone", testDomainMappingDeleted},
		{"a domain goes with all that is its own", testDomainDeleted},
		{"a domain has one push auth, whose id stays", testPushAuth},
		{"blocks are kept, replaced and forgotten", testBlocks},
		{"blocks come in pages", testBlockPages},
		{"sessions begin and end", testSessions},
		{"sessions come in pages", testSessionPages},
		{"record configs are kept", testRecordConfigs},
		{"the most specific record config matches", testMatchRecordConfig},
		{"record configs come in pages", testRecordConfigPages},
		{"a domain has one notify config", testNotifyConfigs},
		{"an ingest domain has one streams notify config", testStreamsNotifyConfigs},
		{"pushes that were told of are kept until their end is", testAnnouncedPublishes},
		{"recordings are kept and replaced", testRecordings},
		{"open recordings come oldest first", testOpenRecordings},
		{"record files are kept and replaced", testRecordFiles},
		{"unfinished record files come oldest first", testUnfinishedRecordFiles},
		{"record files come in pages", testRecordFilePages},
		{"objects are known by their names", testObjectKnown},
		{"what was recorded is summed up", testRecordContents},
		{"the latest files of a recording come first", testLatestRecordingFiles},
		{"stored files are counted by domain", testStoredTotals},
		{"uploads keep their parts", testUploads},
		{"uploads of finished files are found", testFinishedUploads},
		{"slices are kept for their time", testSlices},
		{"index files are kept for their time", testIndexFiles},
		{"index files come in pages", testIndexFilePages},
		{"times are kept to the microsecond", testTimes},

		{"events count up within their stream", testEventSequence},
		{"an event is added once", testEventAddedTwice},
		{"events are read from a number on", testEvents},
		{"file events come by their ids", testFileEvents},
		{"streams tell how far they have come", testStreamHeads},
		{"the latest events come first", testLatestEvents},
		{"what is not delivered is counted by domain", testUndeliveredTotals},
		{"a delivery holds its event", testDelivery},
		{"a delivery is added once", testDeliveryAddedTwice},
		{"attempts are kept in order", testAttempts},
		{"attempts are listed by domain and time", testNotifyRecords},
		{"deliveries come in pages", testDeliveries},
		{"a delivery is made once more", testReplay},
		{"a dead delivery is forgotten", testForget},
		{"old events are pruned", testPrune},
		{"endpoints are kept beside the notify config", testEndpoints},
		{"an owner has two webhook secrets", testWebhookSecrets},
		{"URLs are parked and resumed", testParkedEndpoints},
		{"what is owed to a parked URL is not handed out", testParkedDeliveries},
		{"a tail is parked, too", testParkedTail},
		{"what is owed to a URL is given up", testGiveUp},
		{"the health of receivers is kept by node", testReceiverHealth},
		{"a burst is handed out in order", testBurstOrder},
		{"the tail neither waits nor is waited for", testTail},
		{"the burst changes when claims are released", testBurstChanges},
		{"an attempt may end late", testLateAttempt},
		{"a lease ends", testLease},
		{"what is owed is leased unless it must wait", testOwe},
		{"what is owed again has to be claimed", testOweAgain},
		{"what an Update owes is seen by what it does next", testOweAmongOthers},
		{"many owe at once", testOweAtOnce},
		{"leases are given back", testReleaseDeliveries},
		{"deliveries of one origin are claimed", testClaimOf},
		{"attempts are finished together", testFinishAttempts},
		{"skipped origins are passed over", testSkip},
		{"claims agree with a model", testClaimModel},

		{"one process serves as a node", testNodeEnters},
		{"a node has what it made", testNodeOwns},
		{"the first node takes what was there before", testNodeAdopts},
		{"a stream has one publisher on all nodes", testPublishers},
		{"one of two nodes that take a stream at once is refused", testPublishersRace},
		{"sessions are unwanted on every node", testUnwantedSessions},
		{"the node of a stream is found", testNodeOfPausedRecording},
		{"an order is taken once and answered", testOrders},
		{"a nonce is used once on all nodes", testUsedNonces},
		{"one of two first accounts is the owner", testOwnerRace},
		{"configs change one after the other where they are locked", testConfigsLocked},

		{"an update that fails leaves nothing", testUpdateFails},
		{"an update that panics leaves nothing", testUpdatePanics},
		{"an update that ends its goroutine leaves nothing", testUpdateEndsGoroutine},
		{"an update cannot pass over an error of the store", testErrorSticks},
		{"a cancelled update is not run", testUpdateCancelled},
		{"an update cancelled while it runs leaves nothing", testUpdateCancelledInside},
		{"updates that fail do no harm to others", testUpdatesAmongFailing},
		{"a transaction is useless after its end", testUseAfterEnd},
		{"a view sees one state", testViewIsSnapshot},
		{"a view sees what was updated before", testViewIsCurrent},
		{"concurrent updates all count", testConcurrentUpdates},
		{"concurrent claims hand out each delivery once", testConcurrentClaims},
		{"an event that two processes add is added once", testEventAddedByTwo},
		{"what two processes add at once is there once", testAddedByTwo},

		{"a closed store says so", testClosed},
		{"everything is there when opened again", testReopen},
		{"a crash loses nothing acknowledged", testCrash},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// epoch is when the tests happen.
var epoch = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// after returns the time d after epoch.
func after(d time.Duration) time.Time { return epoch.Add(d) }

var errTest = errors.New("test")

func update(t *testing.T, s store.Store, fn func(ctx context.Context, tx store.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := s.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s store.Store, fn func(ctx context.Context, r store.Reader) error) {
	t.Helper()
	ctx := t.Context()
	if err := s.View(ctx, func(r store.Reader) error { return fn(ctx, r) }); err != nil {
		t.Fatal(err)
	}
}

// refused reports, inside an Update, that err is not the wanted one.
func refused(err, want error) error {
	if !errors.Is(err, want) {
		return errors.Join(errors.New("want the error: "+want.Error()+"; got:"), err, errTest)
	}
	return nil
}

// read returns what get reads in a View of its own.
func read[T any](t *testing.T, s store.Store, get func(ctx context.Context, r store.Reader) (T, error)) T {
	t.Helper()
	var got T
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		got, err = get(ctx, r)
		return err
	})
	return got
}

// missing checks that get fails with want.
func missing[T any](t *testing.T, s store.Store, want error, get func(ctx context.Context, r store.Reader) (T, error)) {
	t.Helper()
	ctx := t.Context()
	err := s.View(ctx, func(r store.Reader) error {
		_, err := get(ctx, r)
		return err
	})
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

var show = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
