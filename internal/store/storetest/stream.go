package storetest

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testDomainList(t *testing.T, b Backend) {
	list := func(account live.AccountID) func(context.Context, store.Reader) ([]live.Domain, error) {
		return func(ctx context.Context, r store.Reader) ([]live.Domain, error) { return r.Domains(ctx, account) }
	}
	equal(t, "domains of nobody", len(read(t, b.Store, list("1"))), 0)
	domains := []live.Domain{
		{Name: "c.example.com", AccountID: "1", Type: live.StreamingDomain, Status: live.DomainOnline, CreatedAt: epoch},
		{Name: "a.example.com", AccountID: "1", Type: live.IngestDomain, Status: live.DomainOffline, CreatedAt: after(time.Second)},
		{Name: "b.example.com", AccountID: "1", CreatedAt: after(time.Second), UpdatedAt: after(time.Minute)},
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, i := range []int{2, 0, 1} {
			if err := tx.AddDomain(ctx, domains[i]); err != nil {
				return err
			}
		}
		return tx.AddDomain(ctx, live.Domain{Name: "d.example.com", AccountID: "2", CreatedAt: epoch})
	})
	equal(t, "Domains", read(t, b.Store, list("1")), domains)
}

func testDomainMappingDeleted(t *testing.T, b Backend) {
	pull := "play.example.com"
	list := func(ctx context.Context, r store.Reader) ([]live.DomainMapping, error) {
		return r.DomainMappings(ctx, pull)
	}
	first := live.DomainMapping{PushDomain: "a.example.com", PullDomain: pull, CreatedAt: epoch}
	second := live.DomainMapping{PushDomain: "b.example.com", PullDomain: pull}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, m := range []live.DomainMapping{second, first, {PushDomain: "c.example.com", PullDomain: "other.example.com"}} {
			if err := tx.AddDomainMapping(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "DomainMappings", read(t, b.Store, list), []live.DomainMapping{first, second})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.DeleteDomainMapping(ctx, first.PushDomain, "other.example.com"), live.ErrConfigNotFound); err != nil {
			return err
		}
		if err := tx.DeleteDomainMapping(ctx, first.PushDomain, pull); err != nil {
			return err
		}
		return refused(tx.DeleteDomainMapping(ctx, first.PushDomain, pull), live.ErrConfigNotFound)
	})
	equal(t, "DomainMappings", read(t, b.Store, list), []live.DomainMapping{second})
}

// testDomainDeleted gives two domains one of everything, and deletes one.
func testDomainDeleted(t *testing.T, b Backend) {
	names := []string{"play.example.com", "stays.example.com"}
	key := func(name string) live.StreamKey { return live.StreamKey{Domain: name, App: "live", Stream: "show"} }
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.DeleteDomain(ctx, names[0]), live.ErrDomainNotFound); err != nil {
			return err
		}
		for _, name := range names {
			for _, step := range []func() error{
				func() error { return tx.AddDomain(ctx, live.Domain{Name: name, AccountID: "1"}) },
				func() error {
					return tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: "push-" + name, PullDomain: name})
				},
				func() error {
					return tx.AddDomainMapping(ctx, live.DomainMapping{PushDomain: name, PullDomain: "pull-" + name})
				},
				func() error {
					return tx.AddRecordConfig(ctx, live.RecordConfig{Domain: name, App: "live", Stream: "show"})
				},
				func() error { return tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: name}) },
				func() error { return tx.PutStreamsNotifyConfig(ctx, live.StreamsNotifyConfig{Domain: name}) },
				func() error { return tx.PutPushAuth(ctx, live.PushAuth{Domain: name}) },
				func() error { return tx.PutBlock(ctx, live.Block{Key: key(name), Until: after(time.Hour)}) },
				func() error {
					return tx.AddSession(ctx, live.Session{ID: live.SessionID(name), Key: key(name), StartedAt: epoch})
				},
				func() error { return tx.PutRecording(ctx, live.Recording{ID: live.RecordingID(name), Key: key(name)}) },
			} {
				if err := step(); err != nil {
					return err
				}
			}
		}
		return tx.DeleteDomain(ctx, names[0])
	})
	for i, name := range names {
		var got []error
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			keep := func(err error) { got = append(got, err) }
			_, err := r.Domain(ctx, name)
			keep(err)
			_, err = r.DomainMapping(ctx, "push-"+name)
			keep(err)
			_, err = r.DomainMapping(ctx, name)
			keep(err)
			_, err = r.RecordConfig(ctx, key(name))
			keep(err)
			_, err = r.NotifyConfig(ctx, name)
			keep(err)
			_, err = r.StreamsNotifyConfig(ctx, name)
			keep(err)
			_, err = r.PushAuth(ctx, name)
			keep(err)
			_, err = r.Block(ctx, key(name))
			keep(err)
			_, sessions, err := r.PastSessions(ctx, live.SessionQuery{Domain: name, To: after(time.Hour), Order: live.PublishTimeAscending})
			if err == nil && sessions == 0 {
				err = live.ErrNotFound
			}
			keep(err)
			if _, err := r.Recording(ctx, live.RecordingID(name)); err != nil {
				t.Errorf("the recording of %s: %v", name, err)
			}
			return nil
		})
		for what, err := range got {
			if (err != nil) != (i == 0) {
				t.Errorf("%s, part %d: %v", name, what, err)
			}
		}
	}
}

func testPushAuth(t *testing.T, b Backend) {
	a := live.PushAuth{
		Domain: "push.example.com", Type: live.PushAuthA, Key1: "0123456789abcdef", Key2: "fedcba9876543210",
		Validity: 45 * time.Minute, PlaylistAuth: true,
	}
	get := func(ctx context.Context, r store.Reader) (live.PushAuth, error) { return r.PushAuth(ctx, a.Domain) }
	put := func(a live.PushAuth) {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutPushAuth(ctx, a) })
	}
	missing(t, b.Store, live.ErrConfigNotFound, get)
	put(live.PushAuth{Domain: "other.example.com"})
	put(a)
	a.ID = read(t, b.Store, get).ID
	equal(t, "PushAuth", read(t, b.Store, get), a)
	if a.ID == 0 {
		t.Error("the store gave no ID")
	}
	a = live.PushAuth{ID: a.ID, Domain: a.Domain, Type: live.PushAuthNone}
	put(a)
	equal(t, "PushAuth", read(t, b.Store, get), a)
	for range 2 { // the second changes nothing
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeletePushAuth(ctx, a.Domain) })
	}
	missing(t, b.Store, live.ErrConfigNotFound, get)
}

func testBlocks(t *testing.T, b Backend) {
	get := func(key live.StreamKey) func(context.Context, store.Reader) (live.Block, error) {
		return func(ctx context.Context, r store.Reader) (live.Block, error) { return r.Block(ctx, key) }
	}
	put := func(block live.Block) {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutBlock(ctx, block) })
	}
	other := live.StreamKey{Domain: show.Domain, App: "game", Stream: show.Stream}
	missing(t, b.Store, live.ErrNotFound, get(show))
	block := live.Block{Key: show, Until: after(time.Minute), CreatedAt: epoch}
	put(block)
	equal(t, "Block", read(t, b.Store, get(show)), block)
	block.Until, block.CreatedAt = after(2*time.Minute), after(time.Second)
	put(block)
	equal(t, "Block", read(t, b.Store, get(show)), block)

	// Later blocks take those away that are over, of their domain only.
	elsewhere := live.StreamKey{Domain: "other.example.com", App: "live", Stream: "show"}
	put(live.Block{Key: elsewhere, Until: after(time.Minute), CreatedAt: epoch})
	put(live.Block{Key: other, Until: after(time.Hour), CreatedAt: after(2 * time.Minute)})
	missing(t, b.Store, live.ErrNotFound, get(show))
	read(t, b.Store, get(elsewhere))

	put(live.Block{Key: show, Until: after(time.Hour), CreatedAt: after(2 * time.Minute)})
	remove := func(key live.StreamKey) {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteBlocks(ctx, key) })
	}
	remove(show)
	missing(t, b.Store, live.ErrNotFound, get(show))
	remove(live.StreamKey{Domain: show.Domain, App: live.Any, Stream: "another"})
	read(t, b.Store, get(other))
	remove(live.StreamKey{Domain: show.Domain, App: live.Any, Stream: show.Stream})
	missing(t, b.Store, live.ErrNotFound, get(other))
	read(t, b.Store, get(elsewhere))
}

func testBlockPages(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, block := range []live.Block{
			{Key: live.StreamKey{Domain: show.Domain, App: "live", Stream: "c"}, Until: after(time.Hour)},
			{Key: live.StreamKey{Domain: show.Domain, App: "live", Stream: "b"}, Until: after(time.Hour)},
			{Key: live.StreamKey{Domain: show.Domain, App: "game", Stream: "d"}, Until: after(time.Hour)},
			{Key: live.StreamKey{Domain: show.Domain, App: "live", Stream: "e"}, Until: after(time.Minute)},
			{Key: live.StreamKey{Domain: "other.example.com", App: "live", Stream: "f"}, Until: after(time.Hour)},
		} {
			if block.CreatedAt = epoch; tx.PutBlock(ctx, block) != nil {
				return errTest
			}
		}
		return nil
	})
	for _, test := range []struct {
		name  string
		query live.BlockQuery
		want  string // streams
		total int
	}{
		{"all", live.BlockQuery{At: epoch, Limit: 10}, "dbce", 4},
		{"those that still hold", live.BlockQuery{At: after(time.Minute), Limit: 10}, "dbc", 3},
		{"second page", live.BlockQuery{At: epoch, Offset: 2, Limit: 2}, "ce", 4},
		{"past the end", live.BlockQuery{At: epoch, Offset: 4, Limit: 2}, "", 4},
		{"no page", live.BlockQuery{At: epoch}, "", 4},
	} {
		test.query.Domain = show.Domain
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.Blocks(ctx, test.query)
			var got string
			for _, block := range page {
				got += block.Key.Stream
			}
			if got != test.want || total != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", test.name, got, total, test.want, test.total)
			}
			return err
		})
	}
}

// allSessions reads the sessions of the domain of show.
func allSessions(ctx context.Context, r store.Reader) ([]live.PastSession, error) {
	page, _, err := r.PastSessions(ctx, live.SessionQuery{
		Domain: show.Domain, To: after(1000 * time.Hour), Order: live.PublishTimeAscending, Limit: 100,
	})
	return page, err
}

func testSessions(t *testing.T, b Backend) {
	first := live.Session{
		ID: "ses_1", Key: show, IngestDomain: "push.example.com", Protocol: "rtmp",
		RemoteAddr: netip.MustParseAddrPort("192.0.2.1:5000"), LocalAddr: netip.MustParseAddrPort("[2001:db8::1]:1935"), StartedAt: epoch,
	}
	second := live.Session{ID: "ses_2", Key: show, StartedAt: after(time.Second)}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.EndSession(ctx, first.ID, epoch); err != nil { // one that is not there
			return err
		}
		for _, s := range []live.Session{first, second, {ID: first.ID, Key: show, StartedAt: after(time.Hour)}} {
			if err := tx.AddSession(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	want := []live.PastSession{{Session: first}, {Session: second}}
	equal(t, "sessions that are live", read(t, b.Store, allSessions), want)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndSession(ctx, first.ID, after(time.Minute)) })
	want[0].EndedAt = after(time.Minute)
	equal(t, "sessions of which one has ended", read(t, b.Store, allSessions), want)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.EndLiveSessions(ctx, after(2*time.Minute)) })
	want[1].EndedAt = after(2 * time.Minute)
	equal(t, "sessions that have ended", read(t, b.Store, allSessions), want)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddSession(ctx, live.Session{ID: "ses_3", Key: show, StartedAt: after(time.Minute)}); err != nil {
			return err
		}
		return tx.DeleteSessions(ctx, after(2*time.Minute))
	})
	want = append(want[1:], live.PastSession{Session: live.Session{ID: "ses_3", Key: show, StartedAt: after(time.Minute)}})
	if want[0].StartedAt.After(want[1].StartedAt) {
		want[0], want[1] = want[1], want[0]
	}
	equal(t, "sessions that are not forgotten", read(t, b.Store, allSessions), want)
}

func testSessionPages(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i, s := range []struct {
			domain, app, stream string
			started             time.Time
		}{
			{show.Domain, "live", "b", after(time.Second)},
			{show.Domain, "live", "a_x", epoch},
			{show.Domain, "game", "c", after(2 * time.Second)},
			{show.Domain, "live", "b", after(3 * time.Second)},
			{show.Domain, "live", "AX", after(4 * time.Second)},
			{"other.example.com", "live", "a", epoch},
		} {
			err := tx.AddSession(ctx, live.Session{
				ID:        live.SessionID("ses_" + string(rune('0'+i))),
				Key:       live.StreamKey{Domain: s.domain, App: s.app, Stream: s.stream},
				StartedAt: s.started,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		name  string
		query live.SessionQuery
		want  string // last digits of the ids
		total int
	}{
		{"all", live.SessionQuery{Limit: 10}, "10234", 5},
		{"latest first", live.SessionQuery{Order: live.PublishTimeDescending, Limit: 10}, "43201", 5},
		{"by stream", live.SessionQuery{Order: live.StreamNameAscending, Limit: 10}, "41032", 5},
		{"by stream, last first", live.SessionQuery{Order: live.StreamNameDescending, Limit: 10}, "20314", 5},
		{"first page", live.SessionQuery{Limit: 2}, "10", 5},
		{"second page", live.SessionQuery{Offset: 2, Limit: 2}, "23", 5},
		{"past the end", live.SessionQuery{Offset: 5, Limit: 2}, "", 5},
		{"no page", live.SessionQuery{}, "", 5},
		{"from a time on", live.SessionQuery{From: after(time.Second), Limit: 10}, "0234", 4},
		{"before a time", live.SessionQuery{To: after(2 * time.Second), Limit: 10}, "10", 2},
		{"of an app", live.SessionQuery{App: "live", Limit: 10}, "1034", 4},
		{"of a stream", live.SessionQuery{Stream: "b", Limit: 10}, "03", 2},
		{"of an app and a stream", live.SessionQuery{App: "game", Stream: "b", Limit: 10}, "", 0},
		{"of a part of a name, literally", live.SessionQuery{Stream: "_", Fuzzy: true, Limit: 10}, "1", 1},
		{"of a part of a name, in its case", live.SessionQuery{Stream: "A", Fuzzy: true, Limit: 10}, "4", 1},
		{"of a whole name", live.SessionQuery{Stream: "b", Fuzzy: true, Limit: 10}, "03", 2},
		{"of a part where whole names are asked for", live.SessionQuery{Stream: "_", Limit: 10}, "", 0},
	} {
		q := test.query
		q.Domain = show.Domain
		if q.Order == "" {
			q.Order = live.PublishTimeAscending
		}
		if q.To.IsZero() {
			q.To = after(time.Hour)
		}
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.PastSessions(ctx, q)
			var got string
			for _, s := range page {
				got += string(s.ID[len(s.ID)-1:])
			}
			if got != test.want || total != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", test.name, got, total, test.want, test.total)
			}
			return err
		})
	}
}
