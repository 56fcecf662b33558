package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A peer is a store of one of several nodes on the same data.
type peer struct {
	store.Store
	name string
}

// peers opens the data of b for two nodes that have entered, each until an hour
// after epoch.
func peers(t *testing.T, b Backend) (x, y peer) {
	t.Helper()
	list := []peer{{b.Node(t, "x"), "x"}, {b.Node(t, "y"), "y"}}
	for _, p := range list {
		p.enter(t, "1", after(time.Hour))
	}
	return list[0], list[1]
}

func (p peer) enter(t *testing.T, run string, until time.Time) {
	t.Helper()
	update(t, p.Store, func(ctx context.Context, tx store.Tx) error {
		return tx.EnterNode(ctx, live.Node{Host: "host " + p.name, Run: run, LeasedUntil: until}, epoch)
	})
}

func testNodeEnters(t *testing.T, b Backend) {
	x := b.Node(t, "x")
	missing(t, x, live.ErrNotFound, func(ctx context.Context, r store.Reader) (live.Node, error) { return r.Node(ctx) })
	first := live.Node{Host: "a", Place: "folder 1", Run: "1", LeasedUntil: after(time.Minute)}
	enter := func(n live.Node, now time.Time) error {
		return x.Update(t.Context(), func(tx store.Tx) error { return tx.EnterNode(t.Context(), n, now) })
	}
	for _, step := range []struct {
		name string
		node live.Node
		now  time.Time
		want error
	}{
		{"a first process", first, epoch, nil},
		{"the same again", first, epoch, nil},
		{"another elsewhere", live.Node{Place: "folder 2", Run: "2", LeasedUntil: after(time.Minute)}, epoch, live.ErrNodeTaken},
		{"another of no known place", live.Node{Run: "2", LeasedUntil: after(time.Minute)}, epoch, live.ErrNodeTaken},
		{"the next at its place", live.Node{Place: "folder 1", Run: "3", LeasedUntil: after(time.Minute)}, epoch, nil},
		{"one of no known place after the lease", live.Node{Run: "4", LeasedUntil: after(time.Hour)}, after(time.Minute), nil},
		{"another of no known place again", live.Node{Run: "5", LeasedUntil: after(time.Hour)}, after(time.Minute), live.ErrNodeTaken},
	} {
		if err := enter(step.node, step.now); !errors.Is(err, step.want) {
			t.Errorf("%s: error %v, want %v", step.name, err, step.want)
		}
	}
	renew := func(run string) error {
		return x.Update(t.Context(), func(tx store.Tx) error { return tx.RenewNode(t.Context(), run, after(2*time.Hour)) })
	}
	if err := renew("1"); !errors.Is(err, live.ErrNodeTaken) {
		t.Errorf("renewal by a process that was replaced: %v, want %v", err, live.ErrNodeTaken)
	}
	if err := renew("4"); err != nil {
		t.Error(err)
	}
	got := read(t, x, func(ctx context.Context, r store.Reader) (live.Node, error) { return r.Node(ctx) })
	equal(t, "Node", got, live.Node{Name: "x", Run: "4", LeasedUntil: after(2 * time.Hour)})
}

// What a node has made is its own, whoever changes it.
func testNodeOwns(t *testing.T, b Backend) {
	x, y := peers(t, b)
	for _, p := range []peer{x, y} {
		update(t, p.Store, func(ctx context.Context, tx store.Tx) error {
			rec := live.Recording{ID: live.RecordingID("rec_" + p.name), Key: show, State: live.RecordingActive}
			f := live.RecordFile{ID: live.RecordFileID("file_" + p.name), Recording: rec.ID, State: live.FileOpen}
			stored := live.RecordFile{ID: f.ID + "2", Recording: rec.ID, State: live.FileStored}
			return errors.Join(tx.PutRecording(ctx, rec), tx.PutRecordFile(ctx, f), tx.PutRecordFile(ctx, stored),
				tx.PutUpload(ctx, live.Upload{Name: string(stored.ID), File: stored.ID}),
				tx.AddSession(ctx, live.Session{ID: live.SessionID("ses_" + p.name), Key: show, StartedAt: epoch}),
				tx.PutAnnouncedPublish(ctx, live.AnnouncedPublish{Detail: live.PublishDetail{Session: live.SessionID("ses_" + p.name)}}))
		})
	}
	update(t, y.Store, func(ctx context.Context, tx store.Tx) error { // x's stay x's
		rec, err := tx.Recording(ctx, "rec_x")
		return errors.Join(err, tx.PutRecording(ctx, rec))
	})
	for _, p := range []peer{x, y} {
		view(t, p.Store, func(ctx context.Context, r store.Reader) error {
			recordings, err1 := r.OpenRecordings(ctx)
			files, err2 := r.UnfinishedRecordFiles(ctx)
			uploads, err3 := r.FinishedUploads(ctx, "", 10)
			pushes, err4 := r.AnnouncedPublishes(ctx)
			if err := errors.Join(err1, err2, err3, err4); err != nil {
				return err
			}
			var got []string
			for _, rec := range recordings {
				got = append(got, string(rec.ID))
			}
			for _, f := range files {
				got = append(got, string(f.ID))
			}
			for _, u := range uploads {
				got = append(got, u.Name)
			}
			for _, a := range pushes {
				got = append(got, string(a.Detail.Session))
			}
			equal(t, "what is unfinished on node "+p.name, got, []string{"rec_" + p.name, "file_" + p.name, "file_" + p.name + "2", "ses_" + p.name})
			return nil
		})
	}
	for id, want := range map[live.RecordFileID]bool{"file_x": true, "file_x2": true, "file_y": false, "file_none": false} {
		got := read(t, x.Store, func(ctx context.Context, r store.Reader) (bool, error) { return r.OwnRecordFile(ctx, id) })
		if got != want {
			t.Errorf("OwnRecordFile(%s) on node x = %v, want %v", id, got, want)
		}
	}
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndLiveSessions(ctx, after(time.Minute)) })
	ended := make(map[live.SessionID]bool)
	for _, s := range read(t, x.Store, allSessions) {
		ended[s.ID] = !s.EndedAt.IsZero()
	}
	equal(t, "sessions that ended with those of node x", ended, map[live.SessionID]bool{"ses_x": true, "ses_y": false})
}

// What was there before there were nodes is the first node's.
func testNodeAdopts(t *testing.T, b Backend) {
	update(t, b.Node(t, ""), func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.PutRecording(ctx, live.Recording{ID: "rec_1", State: live.RecordingPaused}),
			tx.PutAnnouncedPublish(ctx, live.AnnouncedPublish{Detail: live.PublishDetail{Session: "ses_1"}}),
			tx.AddSession(ctx, live.Session{ID: "ses_1", Key: show, StartedAt: epoch}))
	})
	x, y := peers(t, b)
	for p, want := range map[peer]int{x: 1, y: 0} {
		view(t, p.Store, func(ctx context.Context, r store.Reader) error {
			recordings, err1 := r.OpenRecordings(ctx)
			pushes, err2 := r.AnnouncedPublishes(ctx)
			if len(recordings) != want || len(pushes) != want {
				t.Errorf("node %s has %d recordings and %d pushes, want %d each", p.name, len(recordings), len(pushes), want)
			}
			return errors.Join(err1, err2)
		})
	}
	update(t, y.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndLiveSessions(ctx, epoch) })
	if s := read(t, y.Store, allSessions); len(s) != 1 || !s[0].EndedAt.IsZero() {
		t.Errorf("another node ended the sessions %+v", s)
	}
}

// begin begins a session of show, and returns why it cannot.
func (p peer) begin(ctx context.Context, id live.SessionID, now time.Time) error {
	return p.Update(ctx, func(tx store.Tx) error {
		return tx.BeginSession(ctx, live.Session{ID: id, Key: show, IngestDomain: show.Domain, StartedAt: now}, now)
	})
}

func testPublishers(t *testing.T, b Backend) {
	ctx := t.Context()
	x, y := peers(t, b)
	held := func(p peer, want ...live.SessionID) {
		t.Helper()
		got := read(t, p.Store, func(ctx context.Context, r store.Reader) ([]live.SessionID, error) { return r.HeldSessions(ctx) })
		equal(t, "sessions of node "+p.name, got, want)
	}
	begin := func(p peer, id live.SessionID, now time.Time, want error) {
		t.Helper()
		if err := p.begin(ctx, id, now); !errors.Is(err, want) {
			t.Errorf("session %s on node %s: error %v, want %v", id, p.name, err, want)
		}
	}
	end := func(p peer, id live.SessionID) {
		t.Helper()
		update(t, p.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndSession(ctx, id, after(time.Second)) })
	}
	begin(x, "ses_1", epoch, nil)
	begin(x, "ses_1", epoch, nil) // its outcome was unknown
	begin(y, "ses_2", epoch, live.ErrStreamBusy)
	held(x, "ses_1")
	held(y)
	elsewhere := func(p peer, now time.Time) []live.Session {
		return read(t, p.Store, func(ctx context.Context, r store.Reader) ([]live.Session, error) {
			return r.SessionsElsewhere(ctx, show.Domain, now)
		})
	}
	nodeOf := func(now time.Time) string {
		return read(t, y.Store, func(ctx context.Context, r store.Reader) (string, error) { return r.NodeOf(ctx, show, now) })
	}
	want := live.Session{ID: "ses_1", Key: show, IngestDomain: show.Domain, StartedAt: epoch}
	equal(t, "sessions elsewhere", elsewhere(y, epoch), []live.Session{want})
	equal(t, "sessions elsewhere than on their node", elsewhere(x, epoch), nil)
	equal(t, "NodeOf", nodeOf(epoch), "x")

	end(x, "ses_1")
	begin(y, "ses_2", epoch, nil)
	held(y, "ses_2")
	begin(y, "ses_3", epoch, nil) // the registry of the node knows better
	end(y, "ses_2")
	held(y, "ses_3")

	over := after(time.Hour) // the leases
	equal(t, "sessions on nodes that are dead", elsewhere(x, over), nil)
	missing(t, x.Store, live.ErrNotFound, func(ctx context.Context, r store.Reader) (string, error) { return r.NodeOf(ctx, show, over) })
	begin(x, "ses_4", over, nil)
	held(x, "ses_4")
	held(y)
	end(y, "ses_3") // too late to matter
	held(x, "ses_4")
	for _, s := range read(t, x.Store, allSessions) {
		if live := s.EndedAt.IsZero(); live != (s.ID == "ses_4") {
			t.Errorf("session %s: live is %v", s.ID, live)
		}
	}
	x.enter(t, "1", after(3*time.Hour))
	begin(y, "ses_5", after(2*time.Hour), live.ErrStreamBusy)
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndLiveSessions(ctx, over) })
	held(x)
	begin(y, "ses_5", over, nil)

	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteSessions(ctx, after(100*time.Hour)) })
	if left := read(t, x.Store, allSessions); len(left) != 0 {
		t.Errorf("sessions of nodes that stopped long ago are kept: %+v", left)
	}
}

func testPublishersRace(t *testing.T, b Backend) {
	x, y := peers(t, b)
	for i := range 20 {
		id := live.SessionID(fmt.Sprint("ses_", i))
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for j, p := range []peer{x, y} {
			wg.Go(func() { errs[j] = p.begin(t.Context(), id+live.SessionID(p.name), epoch) })
		}
		wg.Wait()
		refused := 0
		for j, p := range []peer{x, y} {
			switch {
			case errors.Is(errs[j], live.ErrStreamBusy):
				refused++
			case errs[j] != nil:
				t.Fatal(errs[j])
			default:
				update(t, p.Store, func(ctx context.Context, tx store.Tx) error {
					return tx.EndSession(ctx, id+live.SessionID(p.name), epoch)
				})
			}
		}
		if refused != 1 {
			t.Fatalf("of two nodes that take a stream at once, %d were refused, want 1", refused)
		}
	}
}

func testUnwantedSessions(t *testing.T, b Backend) {
	const push = "push.example.com"
	for _, test := range []struct {
		name   string
		change func(ctx context.Context, tx store.Tx) error
		want   error
	}{
		{"nothing happened", func(context.Context, store.Tx) error { return nil }, nil},
		{"the stream is forbidden", func(ctx context.Context, tx store.Tx) error {
			return tx.PutBlock(ctx, live.Block{Key: show, Until: after(time.Minute)})
		}, live.ErrStreamForbidden},
		{"the stream was forbidden", func(ctx context.Context, tx store.Tx) error {
			return tx.PutBlock(ctx, live.Block{Key: show, Until: epoch})
		}, nil},
		{"the session was cut", func(ctx context.Context, tx store.Tx) error { return tx.CutStream(ctx, show) }, live.ErrStreamForbidden},
		{"another stream was cut", func(ctx context.Context, tx store.Tx) error {
			return tx.CutStream(ctx, live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"})
		}, nil},
		{"the streaming domain is stopped", func(ctx context.Context, tx store.Tx) error {
			return tx.SetDomainStatus(ctx, show.Domain, live.DomainOffline, epoch)
		}, live.ErrDomainStopped},
		{"the ingest domain is stopped", func(ctx context.Context, tx store.Tx) error {
			return tx.SetDomainStatus(ctx, push, live.DomainOffline, epoch)
		}, live.ErrDomainStopped},
		{"the streaming domain is gone", func(ctx context.Context, tx store.Tx) error { return tx.DeleteDomain(ctx, show.Domain) }, live.ErrDomainNotFound},
		{"the ingest domain is gone", func(ctx context.Context, tx store.Tx) error { return tx.DeleteDomain(ctx, push) }, live.ErrDomainNotFound},
	} {
		name := "x " + test.name
		x, y := peer{b.Node(t, name), name}, b.Node(t, "y")
		x.enter(t, "1", after(time.Hour))
		undo := errors.New("undo")
		err := x.Update(t.Context(), func(tx store.Tx) error {
			ctx := t.Context()
			if err := errors.Join(
				tx.AddDomain(ctx, live.Domain{Name: show.Domain, Status: live.DomainOnline}),
				tx.AddDomain(ctx, live.Domain{Name: push, Status: live.DomainOnline}),
				tx.BeginSession(ctx, live.Session{ID: "ses_1", Key: show, IngestDomain: push}, epoch),
				test.change(ctx, tx)); err != nil {
				return err
			}
			var want []live.Unwanted
			if test.want != nil {
				want = []live.Unwanted{{Session: "ses_1", Reason: test.want}}
			}
			got, err := tx.UnwantedSessions(ctx, epoch)
			equal(t, test.name, got, want)
			return errors.Join(err, undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		view(t, y, func(ctx context.Context, r store.Reader) error {
			got, err := r.UnwantedSessions(ctx, epoch)
			equal(t, "sessions of another node", got, nil)
			return err
		})
	}
}

func testNodeOfPausedRecording(t *testing.T, b Backend) {
	x, y := peers(t, b)
	for i, p := range []peer{x, y} {
		update(t, p.Store, func(ctx context.Context, tx store.Tx) error {
			return tx.PutRecording(ctx, live.Recording{ID: live.RecordingID(p.name), Key: show, State: live.RecordingPaused, StartedAt: after(time.Duration(i))})
		})
	}
	nodeOf := func() string {
		return read(t, x.Store, func(ctx context.Context, r store.Reader) (string, error) { return r.NodeOf(ctx, show, epoch) })
	}
	equal(t, "node of the latest recording", nodeOf(), "y")
	if err := x.begin(t.Context(), "ses_1", epoch); err != nil {
		t.Fatal(err)
	}
	equal(t, "node of the stream", nodeOf(), "x")
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndSession(ctx, "ses_1", epoch) })
	equal(t, "node of the latest recording", nodeOf(), "y")
}

func testOrders(t *testing.T, b Backend) {
	x, y := peers(t, b)
	order := live.Order{ID: "ord_1", Node: "y", Key: show, Command: live.CommandStop, ExpiresAt: after(time.Second)}
	add := func(o live.Order, now time.Time) {
		update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.AddOrder(ctx, o, now) })
	}
	take := func(p peer, now time.Time) (taken []live.Order) {
		update(t, p.Store, func(ctx context.Context, tx store.Tx) (err error) {
			taken, err = tx.TakeOrders(ctx, now)
			return err
		})
		return taken
	}
	answer := func(ctx context.Context, r store.Reader) (string, error) { return r.OrderAnswer(ctx, order.ID) }
	missing(t, x.Store, live.ErrNotFound, answer)
	add(order, epoch)
	equal(t, "orders to another node", take(x, epoch), nil)
	equal(t, "orders that have expired", take(y, order.ExpiresAt), nil)
	equal(t, "orders", take(y, epoch), []live.Order{order})
	equal(t, "orders that were taken", take(y, epoch), nil)
	equal(t, "answer before there is one", read(t, x.Store, answer), "")
	update(t, y.Store, func(ctx context.Context, tx store.Tx) error { return tx.AnswerOrder(ctx, order.ID, "done") })
	equal(t, "answer", read(t, x.Store, answer), "done")
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteOrder(ctx, order.ID) })
	missing(t, x.Store, live.ErrNotFound, answer)
	update(t, y.Store, func(ctx context.Context, tx store.Tx) error { return tx.AnswerOrder(ctx, order.ID, "late") })
	missing(t, x.Store, live.ErrNotFound, answer)

	add(order, epoch)
	add(live.Order{ID: "ord_2", Node: "y", Key: show, ExpiresAt: after(time.Hour)}, order.ExpiresAt.Add(live.NodeLease))
	missing(t, x.Store, live.ErrNotFound, answer) // it expired long ago
	y.enter(t, "1", after(time.Hour))
	equal(t, "orders to the process before", take(y, epoch), nil)
}

func testUsedNonces(t *testing.T, b Backend) {
	x, y := peers(t, b)
	use := func(p peer, digest uint64) (fresh bool) {
		update(t, p.Store, func(ctx context.Context, tx store.Tx) (err error) {
			fresh, err = tx.UseNonce(ctx, digest, after(time.Minute))
			return err
		})
		return fresh
	}
	equal(t, "two nonces and one again, of which one is high", []bool{use(x, 1), use(y, 1), use(y, 1<<63)}, []bool{true, false, true})
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteNonces(ctx, after(time.Minute-1)) })
	equal(t, "a nonce again before it expires", use(x, 1), false)
	update(t, x.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteNonces(ctx, after(time.Minute)) })
	equal(t, "a nonce again after it has expired", use(x, 1), true)
}

// Updates that lock the configs may conclude from what they read what to write.
func testConfigsLocked(t *testing.T, b Backend) {
	stores := []store.Store{b.Store, b.Beside(t)}
	const each = 10
	var wg sync.WaitGroup
	for _, s := range stores {
		for range each {
			wg.Go(func() {
				err := s.Update(t.Context(), func(tx store.Tx) error {
					ctx := t.Context()
					if err := tx.LockConfigs(ctx); err != nil {
						return err
					}
					list, err := tx.Domains(ctx, "1")
					if err != nil {
						return err
					}
					return tx.AddDomain(ctx, live.Domain{Name: fmt.Sprint(len(list)), AccountID: "1"})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	list := read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Domain, error) { return r.Domains(ctx, "1") })
	if len(list) != len(stores)*each {
		t.Errorf("%d domains, want %d", len(list), len(stores)*each)
	}
}

// Two servers that start at once on an empty database agree on its owner.
func testOwnerRace(t *testing.T, b Backend) {
	stores := []store.Store{b.Store, b.Beside(t)}
	errs := make([]error, len(stores))
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			errs[i] = s.Update(t.Context(), func(tx store.Tx) error {
				return tx.AddOwner(t.Context(), live.Account{ID: live.AccountID(fmt.Sprint(i)), CreatedAt: epoch})
			})
		})
	}
	wg.Wait()
	winner := slices.Index(errs, nil)
	if winner < 0 || !errors.Is(errs[1-winner], live.ErrAccountExists) {
		t.Fatalf("errors %v, want one of them %v", errs, live.ErrAccountExists)
	}
	owner := read(t, b.Store, func(ctx context.Context, r store.Reader) (live.Account, error) { return r.OwnerAccount(ctx) })
	equal(t, "OwnerAccount", owner, live.Account{ID: live.AccountID(fmt.Sprint(winner)), CreatedAt: epoch})
}
