package api

import (
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestAddLiveDomainStoresTheDomain(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveDomain", "DomainName=New.Example.COM.", "LiveDomainType=liveEdge", "Region=cn-shanghai", "TopLevelDomain=example.com", "CheckUrl=http://new.example.com/status")
	var got live.Domain
	err := f.store.View(t.Context(), func(r store.Reader) (err error) {
		got, err = r.Domain(t.Context(), "new.example.com")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := live.Domain{Name: "new.example.com", AccountID: "1001", Type: live.IngestDomain, Status: live.DomainOnline, Region: "cn-shanghai", Scope: "domestic", CreatedAt: testTime}
	if !got.CreatedAt.Equal(want.CreatedAt) {
		t.Errorf("created at %v, want %v", got.CreatedAt, want.CreatedAt)
	}
	got.CreatedAt = want.CreatedAt
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAddLiveDomainMappingStoresTheMapping(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveDomainMapping", "PullDomain=PLAY.example.com", "PushDomain=PUSH.example.com")
	err := f.store.View(t.Context(), func(r store.Reader) error {
		m, err := r.DomainMapping(t.Context(), pushDomain)
		if err == nil && m.PullDomain != playDomain {
			t.Errorf("mapped to %q", m.PullDomain)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
