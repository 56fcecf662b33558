package storetest

import (
	"context"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testStreamHeads(t *testing.T, b Backend) {
	first := live.StreamKey{Domain: show.Domain, App: "z", Stream: "first"}
	second := live.StreamKey{Domain: show.Domain, App: "a", Stream: "second"}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i, key := range []live.StreamKey{first, second, first, {Domain: "other.example.com", App: "a", Stream: "second"}, first} {
			if err := add(ctx, tx, key, string(rune('a'+i))); err != nil {
				return err
			}
		}
		return nil
	})
	heads := func(domain string, limit int) func(context.Context, store.Reader) ([]live.StreamHead, error) {
		return func(ctx context.Context, r store.Reader) ([]live.StreamHead, error) {
			return r.StreamHeads(ctx, domain, limit)
		}
	}
	equal(t, "heads", read(t, b.Store, heads(show.Domain, 9)), []live.StreamHead{{Key: second, Seq: 1}, {Key: first, Seq: 3}})
	equal(t, "heads of one stream", read(t, b.Store, heads(show.Domain, 1)), []live.StreamHead{{Key: second, Seq: 1}})
	equal(t, "heads of a domain without events", read(t, b.Store, heads("none.example.com", 9)), []live.StreamHead(nil))
}
