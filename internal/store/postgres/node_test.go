//go:build unix

package postgres

import (
	"slices"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
)

func TestANodeGivesBackWhatItHasClaimed(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := openTest(t, at, Options{Node: "a"}), openTest(t, at, Options{Node: "b"})
	ctx := t.Context()
	for _, id := range []string{"1", "2"} {
		err := a.Update(ctx, func(tx store.Tx) error {
			e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Key: live.StreamKey{Stream: id}})
			if err != nil {
				return err
			}
			return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID(id), Event: e, State: live.DeliveryPending})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	claim := func(s *Store, limit int) (ids []live.DeliveryID) {
		t.Helper()
		err := s.Update(ctx, func(tx store.Tx) error {
			list, err := tx.ClaimDeliveries(ctx, now, now.Add(time.Minute), 1, limit, nil)
			for _, d := range list {
				ids = append(ids, d.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	claimedByA, claimedByB := claim(a, 1), claim(b, 1)
	if len(claimedByA) != 1 || len(claimedByB) != 1 {
		t.Fatalf("a claimed %q, b %q, want one each", claimedByA, claimedByB)
	}
	again := openTest(t, at, Options{Node: "a"}) // a was started again
	if err := again.Update(ctx, func(tx store.Tx) error { return tx.ReleaseClaims(ctx) }); err != nil {
		t.Fatal(err)
	}
	if got := claim(again, 10); !slices.Equal(got, claimedByA) {
		t.Errorf("claimed after the release: %q, want %q", got, claimedByA)
	}
}

func TestTextThatPostgreSQLCannotHoldIsKeptAsFarAsItCan(t *testing.T) {
	t.Parallel()
	s := openTest(t, pgtest.Start(t), Options{})
	ctx := t.Context()
	err := s.Update(ctx, func(tx store.Tx) error {
		return tx.AddDomain(ctx, live.Domain{Name: "a.example.com", Region: "a\x00é\xff"})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(ctx, func(r store.Reader) error {
		d, err := r.Domain(ctx, "a.example.com")
		if want := "a\uFFFDé\uFFFD"; d.Region != want {
			t.Errorf("text is %q, want %q", d.Region, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
