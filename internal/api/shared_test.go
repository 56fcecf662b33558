package api

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A sharedStore is a store with streams that are live on other servers.
type sharedStore struct {
	configStore
	elsewhere []live.Session
	cut       []live.StreamKey
}

type sharedReader struct {
	store.Reader
	*sharedStore
}

func (r sharedReader) SessionsElsewhere(_ context.Context, domain string, _ time.Time) (list []live.Session, err error) {
	for _, s := range r.elsewhere {
		if s.Key.Domain == domain {
			list = append(list, s)
		}
	}
	return list, nil
}

type sharedTx struct {
	store.Tx
	*sharedStore
}

func (t sharedTx) CutStream(_ context.Context, key live.StreamKey) error {
	t.cut = append(t.cut, key)
	return nil
}

func (s *sharedStore) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.configStore.View(ctx, func(r store.Reader) error { return fn(sharedReader{r, s}) })
}

func (s *sharedStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.configStore.Update(ctx, func(tx store.Tx) error { return fn(sharedTx{tx, s}) })
}

func TestStreamsOfOtherServersAreListedBesideOwnOnes(t *testing.T) {
	t.Parallel()
	shared := &sharedStore{elsewhere: []live.Session{
		{ID: "ses_0", Key: live.StreamKey{Domain: playDomain, App: "live", Stream: "elsewhere"}, IngestDomain: pushDomain, Protocol: "rtmp", StartedAt: testTime},
		{ID: "ses_1", Key: live.StreamKey{Domain: foreignDomain, App: "live", Stream: "foreign"}, StartedAt: testTime},
	}}
	f := sqliteFixture(t, func(c *Config) {
		shared.configStore = c.Store
		c.Store, c.Shared = shared, true
	})
	f.streams.push(pushDomain, playDomain, "live", "here")
	s, err := f.server.liveSessions(t.Context(), playDomain)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, session := range s {
		names = append(names, session.Key.Stream)
	}
	slices.Sort(names)
	if want := []string{"elsewhere", "here"}; !slices.Equal(names, want) {
		t.Errorf("live are %q, want %q", names, want)
	}
	if !slices.IsSortedFunc(s, func(a, b live.SessionInfo) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	}) {
		t.Errorf("%+v are not in the order of their ids", s)
	}
	f.mustCall("DescribeLiveStreamState", "DomainName="+playDomain, "AppName=live", "StreamName=elsewhere")

	f.mustCall("ForbidLiveStream", "DomainName="+playDomain, "AppName=live", "StreamName=elsewhere", "LiveStreamType=publisher", "Oneshot=yes")
	if want := []live.StreamKey{shared.elsewhere[0].Key}; !slices.Equal(slices.Compact(shared.cut), want) { // the fake undoes nothing
		t.Errorf("cut elsewhere: %v, want %v", shared.cut, want)
	}
}

// Of two servers that are sent the same call, one takes it.
func TestANonceIsTakenByOneOfTwoServers(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	keepers := []*nonceKeeper{newNonceKeeper(f.store, 100, f.server.now), newNonceKeeper(f.store, 100, f.server.now)}
	for _, k := range keepers {
		k.shared = true
	}
	expires := testTime.Add(clockWindow)
	for _, nonce := range []string{"a", "b", "c"} {
		errs := make([]error, len(keepers))
		var calls sync.WaitGroup
		for i, k := range keepers {
			calls.Go(func() { errs[i] = k.Use(t.Context(), "key", nonce, testTime, expires, true) })
		}
		calls.Wait()
		taken := slices.Index(errs, nil)
		if taken < 0 || !errors.Is(errs[1-taken], apierr.SignatureNonceUsed) {
			t.Errorf("nonce %s: %v, want one to be refused with %v", nonce, errs, apierr.SignatureNonceUsed)
		}
	}
	for _, k := range keepers {
		if err := k.Use(t.Context(), "key", "reading", testTime, expires, false); err != nil {
			t.Errorf("nonce of a call that reads: %v", err)
		}
	}
}

func TestANonceThatCannotBeTakenRefusesTheCall(t *testing.T) {
	t.Parallel()
	k := newNonceKeeper(&failingUpdates{newMemoryStore(), store.ErrUnavailable}, 100, func() time.Time { return testTime })
	k.shared = true
	if err := k.Use(t.Context(), "key", "a", testTime, testTime.Add(clockWindow), true); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Use: %v, want %v", err, store.ErrUnavailable)
	}
}
