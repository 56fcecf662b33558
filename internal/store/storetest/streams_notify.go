package storetest

import (
	"context"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testStreamsNotifyConfigs(t *testing.T, b Backend) {
	c := live.StreamsNotifyConfig{Domain: "push.example.com", NotifyURL: urlA, NotifyReqAuth: true, NotifyAuthKey: "0123456789abcdef"}
	get := func(ctx context.Context, r store.Reader) (live.StreamsNotifyConfig, error) {
		return r.StreamsNotifyConfig(ctx, c.Domain)
	}
	missing(t, b.Store, live.ErrConfigNotFound, get)
	put := func() {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutStreamsNotifyConfig(ctx, c) })
		equal(t, "StreamsNotifyConfig", read(t, b.Store, get), c)
	}
	put()
	c = live.StreamsNotifyConfig{Domain: c.Domain, NotifyURL: urlB}
	put()
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteStreamsNotifyConfig(ctx, c.Domain); err != nil {
			return err
		}
		return refused(tx.DeleteStreamsNotifyConfig(ctx, c.Domain), live.ErrConfigNotFound)
	})
	missing(t, b.Store, live.ErrConfigNotFound, get)
}

func testAnnouncedPublishes(t *testing.T, b Backend) {
	list := func(ctx context.Context, r store.Reader) ([]live.AnnouncedPublish, error) {
		return r.AnnouncedPublishes(ctx)
	}
	full := live.AnnouncedPublish{
		Key: live.StreamKey{Domain: "push.example.com", App: "live", Stream: "show"}, URL: urlA, SignKey: "0123456789abcdef",
		Detail: live.PublishDetail{Session: "ses_2", IP: "192.0.2.1", Node: "node", Args: live.Args{{Name: "a", Value: "é"}}, Width: 1280, Height: 720},
	}
	bare := live.AnnouncedPublish{Key: full.Key, URL: urlB, Detail: live.PublishDetail{Session: "ses_1"}}
	equal(t, "AnnouncedPublishes of none", read(t, b.Store, list), nil)
	put := func(a live.AnnouncedPublish) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutAnnouncedPublish(ctx, a) })
	}
	put(full)
	put(bare)
	equal(t, "AnnouncedPublishes", read(t, b.Store, list), []live.AnnouncedPublish{bare, full})
	full.URL, full.Detail.Width = urlB, 0
	put(full)
	equal(t, "AnnouncedPublishes", read(t, b.Store, list), []live.AnnouncedPublish{bare, full})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteAnnouncedPublish(ctx, "ses_none"); err != nil {
			return err
		}
		return tx.DeleteAnnouncedPublish(ctx, "ses_2")
	})
	equal(t, "AnnouncedPublishes", read(t, b.Store, list), []live.AnnouncedPublish{bare})
}
