package sqlite

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// No statement may read a whole table: the tables of finished things grow for
// years. The statements are those that calling every method prepares.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	ctx := t.Context()
	if err := s.Update(ctx, func(tx store.Tx) error { return callEveryMethod(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
	// What is read whole must be small; what is left of a table by the condition of
	// a partial index is.
	allowed := regexp.MustCompile(`^(SEARCH .*|.*SUBQUERY.*|CREATE BLOOM FILTER|SCAN (accounts|schema_migrations|json_each .*)` +
		`|SCAN .* USING INDEX (deliveries_free|deliveries_line|deliveries_waiting|recordings_open|record_files_unfinished))$`)
	parameter := regexp.MustCompile(`\$\d+`)
	works := regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE) `)
	for query := range maps.Clone(s.writer.conn.stmts) {
		if !works.MatchString(query) {
			continue
		}
		var args []any
		for range parameter.FindAllString(query, -1) {
			args = append(args, 1)
		}
		rows, err := s.writer.conn.query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if !allowed.MatchString(step) {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// callEveryMethod calls the methods that run statements of their own.
func callEveryMethod(ctx context.Context, tx store.Tx) error {
	id := live.NewDeliveryID(time.Now())
	key := live.StreamKey{Domain: "d", App: "a", Stream: "s"}
	now := time.Now()
	e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Key: key})
	if err != nil {
		return err
	}
	d := live.Delivery{ID: id, Event: e, URL: "http://example.com/", State: live.DeliveryPending}
	var errs []error
	check := func(err error) { errs = append(errs, err) }
	check(tx.AddAccount(ctx, live.Account{ID: live.AccountID(id)}))
	check(tx.PutAccessKey(ctx, live.AccessKey{ID: string(id)}))
	check(tx.AddDomain(ctx, live.Domain{Name: string(id)}))
	check(tx.SetDomainStatus(ctx, string(id), live.DomainOffline))
	check(tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: string(id)}))
	check(tx.AddRecordConfig(ctx, live.RecordConfig{Domain: string(id)}))
	check(tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: string(id)}))
	check(tx.SetNotifyConfig(ctx, live.NotifyConfig{Domain: string(id)}))
	check(tx.PutRecording(ctx, live.Recording{ID: live.RecordingID(id)}))
	check(tx.PutRecordFile(ctx, live.RecordFile{ID: live.RecordFileID(id), State: live.FileOpen}))
	check(tx.AddDelivery(ctx, d))
	_, err = tx.OwnerAccount(ctx)
	check(err)
	_, err = tx.AccessKey(ctx, string(id))
	check(err)
	_, err = tx.DomainMapping(ctx, string(id))
	check(err)
	_, err = tx.Domain(ctx, string(id))
	check(err)
	_, err = tx.MatchRecordConfig(ctx, live.StreamKey{Domain: string(id)})
	check(err)
	for _, descending := range []bool{false, true} {
		_, _, err = tx.RecordConfigs(ctx, live.RecordConfigQuery{Domain: string(id), Limit: 1, Descending: descending})
		check(err)
	}
	_, err = tx.NotifyConfig(ctx, string(id))
	check(err)
	check(tx.DeleteNotifyConfig(ctx, string(id)))
	_, err = tx.OpenRecordings(ctx)
	check(err)
	_, err = tx.UnfinishedRecordFiles(ctx)
	check(err)
	_, err = tx.Recording(ctx, live.RecordingID(id))
	check(err)
	_, err = tx.RecordFile(ctx, live.RecordFileID(id))
	check(err)
	_, err = tx.Events(ctx, key, 0, 1)
	check(err)
	_, err = tx.ClaimDeliveries(ctx, now, now.Add(time.Minute), 1, 100, nil)
	check(err)
	_, _, err = tx.NextDue(ctx, 1, nil)
	check(err)
	check(tx.ReleaseClaims(ctx))
	check(tx.FinishAttempt(ctx, d, live.Attempt{Number: 1}))
	_, err = tx.Attempts(ctx, id)
	check(err)
	return errors.Join(errs...)
}
