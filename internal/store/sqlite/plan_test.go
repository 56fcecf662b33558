package sqlite

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
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
	// a partial index is. A sort is of what a search found, which its page bounds or
	// the window of time that a caller asks for; p is such a page.
	allowed := regexp.MustCompile(`^(SEARCH .*|USING INDEX .* FOR IN-OPERATOR|.*SUBQUERY.*|CREATE BLOOM FILTER|COMPOUND QUERY|UNION ALL|MERGE \(UNION ALL\)|LEFT|RIGHT|SCAN CONSTANT ROW|USE TEMP B-TREE FOR (ORDER|GROUP|LAST 2 TERMS OF ORDER) BY|CO-ROUTINE p|SCAN (p|n|nodes|accounts|accounts USING COVERING INDEX .*|announced_publishes|webhook_secrets|parked_endpoints|receiver_health|schema_migrations|json_each .*)` +
		`|SCAN .* USING (COVERING )?INDEX (deliveries_free|deliveries_line|deliveries_waiting|deliveries_dead|deliveries_dead_url|recordings_open|record_files_unfinished|record_files_started))$`)
	parameter := regexp.MustCompile(`\$\d+`)
	works := regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE) `)
	for query := range maps.Clone(s.writer.conn.stmts) {
		if !works.MatchString(query) || strings.HasSuffix(query, "WHERE node = ''") { // once in the life of a database
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
	if err := tx.AddOwner(ctx, live.Account{ID: "owner"}); !errors.Is(err, live.ErrAccountExists) {
		check(err)
	}
	check(tx.AddAccount(ctx, live.Account{ID: live.AccountID(id)}))
	check(tx.PutAccessKey(ctx, live.AccessKey{ID: string(id)}))
	check(tx.AddDomain(ctx, live.Domain{Name: string(id)}))
	check(tx.SetDomainStatus(ctx, string(id), live.DomainOffline, now))
	check(tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: string(id)}))
	check(tx.AddRecordConfig(ctx, live.RecordConfig{Domain: string(id)}))
	check(tx.SetRecordConfig(ctx, live.RecordConfig{Domain: string(id)}))
	check(tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: string(id)}))
	check(tx.SetNotifyConfig(ctx, live.NotifyConfig{Domain: string(id)}))
	check(tx.EnterNode(ctx, live.Node{Run: "1", LeasedUntil: now}, now))
	check(tx.RenewNode(ctx, "1", now))
	_, err = tx.Node(ctx)
	check(err)
	_, err = tx.NodeOf(ctx, key, now)
	if !errors.Is(err, live.ErrNotFound) {
		check(err)
	}
	check(tx.AddOrder(ctx, live.Order{ID: "ord_1"}, now))
	_, err = tx.TakeOrders(ctx, now)
	check(err)
	check(tx.AnswerOrder(ctx, "ord_1", "done"))
	_, err = tx.OrderAnswer(ctx, "ord_1")
	check(err)
	check(tx.DeleteOrder(ctx, "ord_1"))
	_, err = tx.UseNonce(ctx, 1, now)
	check(err)
	_, err = tx.OwnRecordFile(ctx, live.RecordFileID(id))
	check(err)
	check(tx.PutRecording(ctx, live.Recording{ID: live.RecordingID(id)}))
	check(tx.PutRecordFile(ctx, live.RecordFile{ID: live.RecordFileID(id), State: live.FileOpen}))
	check(tx.AddDelivery(ctx, d))
	d.LeasedUntil = now
	check(tx.Owe(ctx, &store.Owing{Event: d.Event, Deliveries: []live.Delivery{d}}))
	check(tx.ReleaseDeliveries(ctx, []live.DeliveryID{d.ID}))
	_, err = tx.ClaimOf(ctx, now, now.Add(time.Second), 5, 1, "http://example.com")
	check(err)
	_, err = tx.OwnerAccount(ctx)
	check(err)
	_, err = tx.AccessKey(ctx, string(id))
	check(err)
	_, err = tx.AccessKeys(ctx, live.AccountID(id))
	check(err)
	check(tx.DeleteAccessKey(ctx, string(id)))
	check(tx.AddUser(ctx, live.User{AccountID: live.AccountID(id), Name: "u"}))
	check(tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: live.AccountID(id), User: "u", Name: "p"}))
	_, err = tx.User(ctx, live.AccountID(id), "u")
	check(err)
	_, err = tx.Users(ctx, live.AccountID(id))
	check(err)
	_, err = tx.UserPolicies(ctx, live.AccountID(id), "u")
	check(err)
	check(tx.DeleteUserPolicy(ctx, live.AccountID(id), "u", "p"))
	check(tx.DeleteUser(ctx, live.AccountID(id), "u"))
	check(tx.AddNonces(ctx, live.Nonces{ExpiresAt: now, Digests: []uint64{1}}))
	_, err = tx.Nonces(ctx, now)
	check(err)
	check(tx.DeleteNonces(ctx, now))
	_, err = tx.DomainMapping(ctx, string(id))
	check(err)
	_, err = tx.Domain(ctx, string(id))
	check(err)
	_, err = tx.Domains(ctx, live.AccountID(id))
	check(err)
	_, err = tx.DomainMappings(ctx, string(id))
	check(err)
	check(tx.PutPushAuth(ctx, live.PushAuth{Domain: string(id)}))
	_, err = tx.PushAuth(ctx, string(id))
	check(err)
	check(tx.DeletePushAuth(ctx, string(id)))
	check(tx.PutBlock(ctx, live.Block{Key: key, Until: now}))
	_, err = tx.Block(ctx, key)
	check(err)
	_, _, err = tx.Blocks(ctx, live.BlockQuery{Domain: string(id), At: now, Limit: 1})
	check(err)
	check(tx.DeleteBlocks(ctx, key))
	check(tx.AddSession(ctx, live.Session{ID: live.SessionID(id), Key: key, StartedAt: now}))
	check(tx.EndSession(ctx, live.SessionID(id), now))
	for _, order := range []live.SessionOrder{live.PublishTimeAscending, live.PublishTimeDescending, live.StreamNameAscending, live.StreamNameDescending} {
		_, _, err = tx.PastSessions(ctx, live.SessionQuery{Domain: string(id), Order: order, Limit: 1})
		check(err)
	}
	check(tx.BeginSession(ctx, live.Session{ID: "ses_begun", Key: key, StartedAt: now}, now))
	check(tx.BeginSession(ctx, live.Session{ID: "ses_again", Key: key, StartedAt: now}, now))
	check(tx.CutStream(ctx, key))
	_, err = tx.HeldSessions(ctx)
	check(err)
	_, err = tx.UnwantedSessions(ctx, now)
	check(err)
	_, err = tx.SessionsElsewhere(ctx, "d", now)
	check(err)
	check(tx.EndLiveSessions(ctx, now))
	check(tx.DeleteSessions(ctx, now))
	check(tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: "push", PullDomain: string(id)}))
	check(tx.DeleteDomainMapping(ctx, "push", string(id)))
	_, err = tx.MatchRecordConfig(ctx, live.StreamKey{Domain: string(id)})
	check(err)
	for _, descending := range []bool{false, true} {
		_, _, err = tx.RecordConfigs(ctx, live.RecordConfigQuery{Domain: string(id), Limit: 1, Descending: descending})
		check(err)
	}
	_, err = tx.NotifyConfig(ctx, string(id))
	check(err)
	check(tx.DeleteNotifyConfig(ctx, string(id)))
	check(tx.PutStreamsNotifyConfig(ctx, live.StreamsNotifyConfig{Domain: string(id)}))
	_, err = tx.StreamsNotifyConfig(ctx, string(id))
	check(err)
	check(tx.DeleteStreamsNotifyConfig(ctx, string(id)))
	check(tx.PutAnnouncedPublish(ctx, live.AnnouncedPublish{Detail: live.PublishDetail{Session: live.SessionID(id)}}))
	_, err = tx.AnnouncedPublishes(ctx)
	check(err)
	check(tx.DeleteAnnouncedPublish(ctx, live.SessionID(id)))
	check(tx.AddDomain(ctx, live.Domain{Name: "deleted"}))
	check(tx.DeleteDomain(ctx, "deleted"))
	check(tx.DeleteRecordConfig(ctx, live.StreamKey{Domain: string(id)}))
	_, err = tx.OpenRecordings(ctx)
	check(err)
	_, err = tx.UnfinishedRecordFiles(ctx)
	check(err)
	_, err = tx.Recording(ctx, live.RecordingID(id))
	check(err)
	_, err = tx.RecordFile(ctx, live.RecordFileID(id))
	check(err)
	held := live.RecordFile{ID: live.RecordFileID(id), StartTime: now}
	for _, q := range []live.RecordFileQuery{
		{}, {After: &held}, {From: now, To: now}, {Domain: "d", App: "a", Stream: "s", State: live.FileOpen},
		{Domain: "d", State: live.FileStored}, {Domain: "d", State: live.FileStored, To: now, After: &held},
	} {
		_, err = tx.RecordFiles(ctx, q)
		check(err)
	}
	_, err = tx.LatestRecordingFiles(ctx, live.RecordingID(id), 1)
	check(err)
	_, err = tx.StoredTotals(ctx, now, 1)
	check(err)
	_, err = tx.LatestEvents(ctx, 1)
	check(err)
	_, err = tx.UndeliveredTotals(ctx, 1)
	check(err)
	_, err = tx.ObjectKnown(ctx, "b", "o")
	check(err)
	_, err = tx.RecordContents(ctx, live.RecordContentQuery{Key: key, To: now, Limit: 1})
	check(err)
	check(tx.AddSlice(ctx, live.Slice{Key: key, StoredAt: now}))
	_, err = tx.Slices(ctx, live.SliceQuery{Key: key, To: now, Limit: 1})
	check(err)
	check(tx.PutUpload(ctx, live.Upload{Name: string(id)}))
	check(tx.AddUploadPart(ctx, live.Upload{Name: string(id)}, live.UploadPart{Number: 1}))
	_, err = tx.Upload(ctx, string(id))
	check(err)
	_, err = tx.UploadParts(ctx, string(id))
	check(err)
	_, err = tx.FinishedUploads(ctx, "", 1)
	check(err)
	check(tx.DeleteUpload(ctx, string(id)))
	check(tx.AddIndexFile(ctx, live.IndexFile{ID: live.IndexFileID(id), Key: key, CreatedAt: now}))
	_, err = tx.IndexFile(ctx, live.IndexFileID(id))
	check(err)
	for _, descending := range []bool{false, true} {
		_, _, err = tx.IndexFiles(ctx, live.IndexFileQuery{Key: key, To: now, Descending: descending, Limit: 1})
		check(err)
	}
	check(tx.DeleteIndexFile(ctx, live.IndexFileID(id)))
	_, err = tx.Events(ctx, key, 0, 1)
	check(err)
	_, err = tx.Event(ctx, e.ID)
	check(err)
	_, err = tx.FileEvents(ctx, e.ID, 1)
	check(err)
	_, err = tx.ClaimDeliveries(ctx, now, now.Add(time.Minute), 1, 100, nil)
	check(err)
	_, _, err = tx.NextDue(ctx, 1, nil)
	check(err)
	for _, q := range []live.DeliveryQuery{
		{}, {ID: string(id), State: live.DeliveryPending, Origin: "o", From: now, To: now}, {ID: string(e.ID)}, {State: live.DeliveryDead, Origin: "o"},
		{Domain: "d"}, {Domain: "d", App: "a", Stream: "s", State: live.DeliveryDead, After: &d},
	} {
		_, err = tx.Deliveries(ctx, q)
		check(err)
	}
	_, err = tx.ReplayDelivery(ctx, id, "", now, 1)
	check(err)
	_, err = tx.ForgetDelivery(ctx, id)
	check(err)
	_, err = tx.PrunableEvents(ctx, now, "", 1)
	check(err)
	old, err := tx.AddEvent(ctx, live.Event{ID: live.NewEventID(now.Add(-time.Hour)), Key: key})
	check(err)
	_, err = tx.PruneEvents(ctx, now, []live.EventID{old.ID})
	check(err)
	check(tx.AddEndpoint(ctx, live.Endpoint{ID: live.EndpointID(id), Domain: "d"}))
	_, err = tx.Endpoint(ctx, live.EndpointID(id))
	check(err)
	_, err = tx.Endpoints(ctx, "d")
	check(err)
	check(tx.DeleteEndpoint(ctx, live.EndpointID(id)))
	secret := live.WebhookSecret{Owner: "d", Secret: "s", CreatedAt: now}
	check(tx.AddWebhookSecret(ctx, secret))
	_, err = tx.WebhookSecrets(ctx)
	check(err)
	check(tx.DeleteWebhookSecret(ctx, secret))
	check(tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: d.URL, ParkedAt: now}))
	_, err = tx.ParkedEndpoints(ctx)
	check(err)
	_, err = tx.GiveUpDeliveries(ctx, d.URL)
	check(err)
	check(tx.ResumeEndpoint(ctx, d.URL))
	_, err = tx.Backlogs(ctx)
	check(err)
	check(tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: "o"}))
	_, err = tx.ReceiverHealth(ctx)
	check(err)
	_, err = tx.OwnReceiverHealth(ctx)
	check(err)
	check(tx.DeleteReceiverHealth(ctx, now))
	check(tx.ReleaseClaims(ctx))
	check(tx.FinishAttempt(ctx, d, live.Attempt{Number: 1}))
	check(tx.FinishAttempt(ctx, d, live.Attempt{Number: 2}))
	_, err = tx.Attempts(ctx, id)
	check(err)
	_, _, err = tx.NotifyRecords(ctx, live.NotifyRecordQuery{Domain: key.Domain, To: now, Limit: 1})
	check(err)
	return errors.Join(errs...)
}
