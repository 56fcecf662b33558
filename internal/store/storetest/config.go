package storetest

import (
	"context"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testOwnerAccount(t *testing.T, b Backend) {
	owner := func(ctx context.Context, r store.Reader) (live.Account, error) { return r.OwnerAccount(ctx) }
	missing(t, b.Store, live.ErrAccountNotFound, owner)
	first := live.Account{ID: "9000000000000001", CreatedAt: epoch}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddAccount(ctx, first); err != nil {
			return err
		}
		return tx.AddAccount(ctx, live.Account{ID: "1000000000000001", CreatedAt: epoch})
	})
	equal(t, "OwnerAccount", read(t, b.Store, owner), first)
}

func testAccessKeys(t *testing.T, b Backend) {
	keys := []live.AccessKey{
		{ID: "LTAI1", Secret: "secret", AccountID: "1", Active: true, CreatedAt: epoch},
		{ID: "LTAI2", AccountID: "1"},
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddAccount(ctx, live.Account{ID: "1"}); err != nil {
			return err
		}
		for _, k := range keys {
			if err := tx.PutAccessKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	get := func(id string) func(context.Context, store.Reader) (live.AccessKey, error) {
		return func(ctx context.Context, r store.Reader) (live.AccessKey, error) { return r.AccessKey(ctx, id) }
	}
	for _, k := range keys {
		equal(t, "AccessKey", read(t, b.Store, get(k.ID)), k)
	}
	missing(t, b.Store, live.ErrAccessKeyMissing, get("LTAI3"))

	replaced := keys[0]
	replaced.Secret, replaced.Active = "another", !replaced.Active
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutAccessKey(ctx, replaced) })
	equal(t, "AccessKey", read(t, b.Store, get(replaced.ID)), replaced)
}

func testDomains(t *testing.T, b Backend) {
	domain := live.Domain{
		Name: "play.example.com", AccountID: "1", Type: live.StreamingDomain, Status: live.DomainOnline,
		Region: "cn-shanghai", Scope: "overseas", CreatedAt: epoch,
	}
	get := func(ctx context.Context, r store.Reader) (live.Domain, error) { return r.Domain(ctx, domain.Name) }
	missing(t, b.Store, live.ErrDomainNotFound, get)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.SetDomainStatus(ctx, domain.Name, live.DomainOffline, epoch), live.ErrDomainNotFound); err != nil {
			return err
		}
		if err := tx.AddDomain(ctx, domain); err != nil {
			return err
		}
		return refused(tx.AddDomain(ctx, live.Domain{Name: domain.Name}), live.ErrDomainExists)
	})
	equal(t, "Domain", read(t, b.Store, get), domain)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return tx.SetDomainStatus(ctx, domain.Name, live.DomainOffline, after(time.Hour))
	})
	domain.Status, domain.UpdatedAt = live.DomainOffline, after(time.Hour)
	equal(t, "Domain", read(t, b.Store, get), domain)
}

func testDomainMappings(t *testing.T, b Backend) {
	m := live.DomainMapping{PushDomain: "push.example.com", PullDomain: "play.example.com", CreatedAt: epoch}
	get := func(ctx context.Context, r store.Reader) (live.DomainMapping, error) {
		return r.DomainMapping(ctx, m.PushDomain)
	}
	missing(t, b.Store, live.ErrNotFound, get)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddDomainMapping(ctx, m); err != nil {
			return err
		}
		if err := refused(tx.AddDomainMapping(ctx, m), live.ErrMappingExists); err != nil {
			return err
		}
		other := live.DomainMapping{PushDomain: m.PushDomain, PullDomain: "other.example.com"}
		return refused(tx.AddDomainMapping(ctx, other), live.ErrMappingExists)
	})
	equal(t, "DomainMapping", read(t, b.Store, get), m)
}

// recordConfig returns a rule that uses every member.
func recordConfig(app, stream string, created time.Time) live.RecordConfig {
	return live.RecordConfig{
		Domain: show.Domain, App: app, Stream: stream,
		OSSEndpoint: "oss-cn-shanghai.aliyuncs.com", OSSBucket: "shows",
		OnDemand: live.OnDemandManual, DelayTime: 90 * time.Second,
		StartTime: after(time.Hour), EndTime: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		Formats: []live.RecordFormat{
			{Format: live.FormatM3U8, CycleDuration: 6 * time.Hour, SliceDuration: 30 * time.Second,
				ObjectPrefix: "a/{Sequence}", SliceObjectPrefix: "s/{UnixTimestamp}"},
			{Format: live.FormatMP4, CycleDuration: time.Hour, ObjectPrefix: `"é" {StreamName}`},
		},
		CreatedAt: created,
	}
}

func testRecordConfigs(t *testing.T, b Backend) {
	full, bare := recordConfig("live", "show", epoch), live.RecordConfig{Domain: show.Domain, App: live.Any, Stream: live.Any}
	get := func(k live.StreamKey) func(context.Context, store.Reader) (live.RecordConfig, error) {
		return func(ctx context.Context, r store.Reader) (live.RecordConfig, error) { return r.RecordConfig(ctx, k) }
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddRecordConfig(ctx, full); err != nil {
			return err
		}
		if err := tx.AddRecordConfig(ctx, bare); err != nil {
			return err
		}
		return refused(tx.AddRecordConfig(ctx, live.RecordConfig{Domain: full.Domain, App: full.App, Stream: full.Stream}), live.ErrConfigExists)
	})
	equal(t, "RecordConfig", read(t, b.Store, get(full.Key())), full)
	equal(t, "RecordConfig", read(t, b.Store, get(bare.Key())), bare)
	other := live.StreamKey{Domain: show.Domain, App: "live", Stream: "other"}
	missing(t, b.Store, live.ErrConfigNotFound, get(other))

	changed := recordConfig("live", "show", after(time.Hour))
	changed.OSSEndpoint, changed.OSSBucket, changed.OnDemand, changed.DelayTime = "elsewhere", "others", live.OnDemandAutomatic, time.Minute
	changed.StartTime, changed.EndTime, changed.Formats = time.Time{}, after(time.Minute), changed.Formats[:1]
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.SetRecordConfig(ctx, recordConfig("live", "other", epoch)), live.ErrConfigNotFound); err != nil {
			return err
		}
		if err := refused(tx.DeleteRecordConfig(ctx, other), live.ErrConfigNotFound); err != nil {
			return err
		}
		if err := tx.DeleteRecordConfig(ctx, bare.Key()); err != nil {
			return err
		}
		return tx.SetRecordConfig(ctx, changed)
	})
	changed.CreatedAt = full.CreatedAt
	equal(t, "RecordConfig that was set", read(t, b.Store, get(full.Key())), changed)
	missing(t, b.Store, live.ErrConfigNotFound, get(bare.Key()))
}

func testMatchRecordConfig(t *testing.T, b Backend) {
	match := func(ctx context.Context, r store.Reader) (live.RecordConfig, error) {
		return r.MatchRecordConfig(ctx, show)
	}
	// Rules of others, and rules that do not fit, never match.
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, key := range []live.StreamKey{
			{Domain: "other.example.com", App: show.App, Stream: show.Stream},
			{Domain: "other.example.com", App: live.Any, Stream: live.Any},
			{Domain: show.Domain, App: "other", Stream: show.Stream},
			{Domain: show.Domain, App: show.App, Stream: "other"},
		} {
			if err := tx.AddRecordConfig(ctx, live.RecordConfig{Domain: key.Domain, App: key.App, Stream: key.Stream}); err != nil {
				return err
			}
		}
		return nil
	})
	missing(t, b.Store, live.ErrConfigNotFound, match)

	keys := live.MatchKeys(show)
	for i := range keys {
		key := keys[len(keys)-1-i] // the least specific first
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			return tx.AddRecordConfig(ctx, live.RecordConfig{Domain: key.Domain, App: key.App, Stream: key.Stream})
		})
		equal(t, "key of the match", read(t, b.Store, match).Key(), key)
	}
}

func testRecordConfigPages(t *testing.T, b Backend) {
	// Created in another order than added; c and d in the same microsecond.
	configs := []live.RecordConfig{
		recordConfig("live", "b", after(time.Second)),
		recordConfig("live", "a", epoch),
		recordConfig("live", "c", after(2*time.Second)),
		recordConfig("game", "d", after(2*time.Second)),
		recordConfig("game", live.Any, after(3*time.Second)),
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, c := range configs {
			if err := tx.AddRecordConfig(ctx, c); err != nil {
				return err
			}
		}
		other := recordConfig("live", "a", epoch)
		other.Domain = "other.example.com"
		return tx.AddRecordConfig(ctx, other)
	})
	for _, test := range []struct {
		name  string
		query live.RecordConfigQuery
		want  string // streams
		total int
	}{
		{"all", live.RecordConfigQuery{Limit: 10}, "abcd*", 5},
		{"all, newest first", live.RecordConfigQuery{Limit: 10, Descending: true}, "*dcba", 5},
		{"first page", live.RecordConfigQuery{Limit: 2}, "ab", 5},
		{"second page", live.RecordConfigQuery{Offset: 2, Limit: 2}, "cd", 5},
		{"last page", live.RecordConfigQuery{Offset: 4, Limit: 2}, "*", 5},
		{"second page, newest first", live.RecordConfigQuery{Offset: 2, Limit: 2, Descending: true}, "cb", 5},
		{"past the end", live.RecordConfigQuery{Offset: 5, Limit: 2}, "", 5},
		{"no page", live.RecordConfigQuery{Limit: 0}, "", 5},
		{"of an app", live.RecordConfigQuery{App: "live", Limit: 10}, "abc", 3},
		{"of an app, one", live.RecordConfigQuery{App: "live", Offset: 1, Limit: 1}, "b", 3},
		{"of a stream", live.RecordConfigQuery{Stream: "a", Limit: 10}, "a", 1},
		{"of an app and a stream", live.RecordConfigQuery{App: "game", Stream: "d", Limit: 10}, "d", 1},
		{"of every stream, literally", live.RecordConfigQuery{Stream: live.Any, Limit: 10}, "*", 1},
		{"of a stream elsewhere", live.RecordConfigQuery{App: "game", Stream: "a", Limit: 10}, "", 0},
	} {
		test.query.Domain = show.Domain
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.RecordConfigs(ctx, test.query)
			var got string
			for _, c := range page {
				got += c.Stream
			}
			if got != test.want || total != test.total {
				t.Errorf("%s: %q of %d, want %q of %d", test.name, got, total, test.want, test.total)
			}
			return err
		})
	}
}

func testNotifyConfigs(t *testing.T, b Backend) {
	c := live.NotifyConfig{
		Domain: show.Domain, NotifyURL: "https://example.com/notify?a=b", OnDemandURL: "https://example.com/decide",
		NeedStatusNotify: true, NotifyReqAuth: true, NotifyAuthOff: true, NotifyAuthKey: "0123456789abcdef",
	}
	get := func(ctx context.Context, r store.Reader) (live.NotifyConfig, error) {
		return r.NotifyConfig(ctx, c.Domain)
	}
	missing(t, b.Store, live.ErrConfigNotFound, get)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.SetNotifyConfig(ctx, c), live.ErrConfigNotFound); err != nil {
			return err
		}
		if err := refused(tx.DeleteNotifyConfig(ctx, c.Domain), live.ErrConfigNotFound); err != nil {
			return err
		}
		if err := tx.AddNotifyConfig(ctx, c); err != nil {
			return err
		}
		return refused(tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: c.Domain}), live.ErrConfigExists)
	})
	equal(t, "NotifyConfig", read(t, b.Store, get), c)

	c = live.NotifyConfig{Domain: c.Domain, NotifyURL: "http://example.com/"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.SetNotifyConfig(ctx, c) })
	equal(t, "NotifyConfig", read(t, b.Store, get), c)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteNotifyConfig(ctx, c.Domain) })
	missing(t, b.Store, live.ErrConfigNotFound, get)
}
