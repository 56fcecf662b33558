package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// An Upgrade is content of a database of an earlier version.
type Upgrade struct {
	Name    string
	Version int    // the newest migration of the database
	SQL     string // statements that write the content
	// Check wants the content as it was, in a store that was upgraded since.
	Check func(*testing.T, store.Store)
}

// Upgrades are for migrations that do more than to add.
var Upgrades = []Upgrade{
	{"attempts", 10, attemptsOfVersion10, checkAttemptsOfVersion10},
	{"events", 14, eventsOfVersion14, checkEventsOfVersion14},
}

// Told returns the names of the migrations that the one who opens a database of version
// is told of: none if the database is new.
func Told(migrations []sqlstore.Migration, version int) (names []string) {
	if version == 0 {
		return nil
	}
	for _, m := range migrations[version:] {
		names = append(names, m.Name)
	}
	return names
}

// attemptsOfVersion10 is a delivery that was delivered by its second attempt, when every
// attempt was kept in the table attempts.
const attemptsOfVersion10 = `
	INSERT INTO streams (domain, app, stream, last_seq) VALUES ('play.example.com', 'live', 'show', 1);
	INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		SELECT 'evt_old', id, 1, 'record_started', '', 1000000, '{}' FROM streams;
	INSERT INTO deliveries (id, event_id, stream_id, seq, url, origin, sign_key, state, attempts)
		SELECT 'dlv_old', 'evt_old', id, 1, 'http://b.example.com/notify', 'http://b.example.com', '', 'delivered', 2 FROM streams;
	INSERT INTO attempts (delivery_id, number, started_at, elapsed_ns, address, status, err, response, stream_id)
		SELECT 'dlv_old', 1, 1000000, 5, '', 0, 'timeout', '', id FROM streams;
	INSERT INTO attempts (delivery_id, number, started_at, elapsed_ns, address, status, err, response, stream_id)
		SELECT 'dlv_old', 2, 2000000, 6, '192.0.2.1:80', 200, '', 'ok', id FROM streams`

func checkAttemptsOfVersion10(t *testing.T, s store.Store) {
	t.Helper()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	want := []live.Attempt{
		{Delivery: "dlv_old", Number: 1, StartedAt: at(1), Elapsed: 5, Err: "timeout"},
		{Delivery: "dlv_old", Number: 2, StartedAt: at(2), Elapsed: 6, Address: "192.0.2.1:80", Status: 200, Response: "ok"},
	}
	log := func() (records []live.Attempt) {
		view(t, s, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.NotifyRecords(ctx, live.NotifyRecordQuery{Domain: show.Domain, From: at(0), To: at(60), Limit: 10})
			for _, n := range page {
				records = append(records, n.Attempt)
			}
			if total != len(page) {
				t.Errorf("%d records in all, %d of them on one page", total, len(page))
			}
			return err
		})
		return records
	}
	equal(t, "Attempts", read(t, s, attempts("dlv_old")), want)
	equal(t, "NotifyRecords", log(), []live.Attempt{want[1], want[0]})

	// A replay and a new event stand in the log beside them.
	replay := live.Attempt{Delivery: "dlv_old", Number: 3, StartedAt: at(3), Status: 200, Replay: true}
	first := live.Attempt{Delivery: "dlv_new_0", Number: 1, StartedAt: at(4), Status: 200}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.ReplayDelivery(ctx, "dlv_old", "", at(3), burst); err != nil {
			return err
		}
		if err := add(ctx, tx, show, "new", urlA); err != nil {
			return err
		}
		_, err := tx.FinishAttempts(ctx, []store.FinishedAttempt{
			{Delivery: live.Delivery{ID: "dlv_old", State: live.DeliveryDelivered, Attempts: 1}, Attempt: replay},
			{Delivery: live.Delivery{ID: "dlv_new_0", State: live.DeliveryDelivered, Attempts: 1}, Attempt: first},
		})
		return err
	})
	equal(t, "Attempts", read(t, s, attempts("dlv_old")), append(want, replay))
	equal(t, "NotifyRecords", log(), []live.Attempt{first, replay, want[1], want[0]})
}

// eventsOfVersion14 are those of two streams, of one of which the first was pruned, when
// an index found them.
const eventsOfVersion14 = `
	INSERT INTO streams (domain, app, stream, last_seq) VALUES ('play.example.com', 'live', 'other', 1), ('play.example.com', 'live', 'show', 5);
	INSERT INTO events (id, stream_id, seq, type, recording_id, occurred_at, detail)
		SELECT id, (SELECT id FROM streams WHERE stream = 'show'), seq, 'record_started', '', 1000000, '{}' FROM (
			SELECT 'evt_9' AS id, 2 AS seq UNION ALL SELECT 'evt_6', 3 UNION ALL SELECT 'evt_8', 4 UNION ALL SELECT 'evt_7', 5) e
		UNION ALL SELECT 'evt_1', (SELECT id FROM streams WHERE stream = 'other'), 1, 'record_started', '', 1000000, '{}';
	INSERT INTO deliveries (id, event_id, stream_id, seq, url, origin, sign_key, state, attempts)
		SELECT 'dlv_9', 'evt_9', stream_id, seq, 'http://b.example.com/notify', 'http://b.example.com', '', 'delivered', 1 FROM events WHERE id = 'evt_9'`

func checkEventsOfVersion14(t *testing.T, s store.Store) {
	t.Helper()
	other := live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"}
	update(t, s, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(add(ctx, tx, show, "new"), add(ctx, tx, other, "last"))
	})
	for _, test := range []struct {
		key  live.StreamKey
		want string
	}{{show, "2 evt_9, 3 evt_6, 4 evt_8, 5 evt_7, 6 evt_new"}, {other, "1 evt_1, 2 evt_last"}} {
		var got []string
		for _, e := range read(t, s, events(test.key, 0, 10)) {
			got = append(got, fmt.Sprintf("%d %s", e.Seq, e.ID))
		}
		equal(t, test.key.Stream, strings.Join(got, ", "), test.want)
	}
	equal(t, "a delivery's event", read(t, s, delivery("dlv_9")).Event.Seq, 2)
}
