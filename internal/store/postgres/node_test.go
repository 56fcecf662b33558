//go:build unix

package postgres

import (
	"errors"
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

func TestNodesLearnByThemselvesAndParkForAll(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	a, b := openTest(t, at, Options{Node: "a"}), openTest(t, at, Options{Node: "b"})
	ctx := t.Context()
	const url, origin = "https://cb.example.com/hook", "https://cb.example.com"
	err := a.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: origin, Unanswered: 1}), tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: url}))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(ctx, func(tx store.Tx) error {
		own, err := tx.OwnReceiverHealth(ctx)
		if err != nil || len(own) != 0 {
			t.Errorf("b has learned %+v", own)
		}
		return errors.Join(err, tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: origin, Unanswered: 2}))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Update(ctx, func(tx store.Tx) error {
		all, err1 := tx.ReceiverHealth(ctx)
		own, err2 := tx.OwnReceiverHealth(ctx)
		want := []live.ReceiverHealth{{Origin: origin, Node: "a", Unanswered: 1}, {Origin: origin, Node: "b", Unanswered: 2}}
		if !slices.Equal(all, want) || !slices.Equal(own, want[1:]) {
			t.Errorf("all have learned %+v, b %+v", all, own)
		}
		o := &store.Owing{
			Event:      live.Event{ID: "1", Key: live.StreamKey{Stream: "1"}},
			Deliveries: []live.Delivery{{ID: "1", URL: url, State: live.DeliveryPending, LeasedUntil: time.Now().Add(time.Minute)}},
		}
		err3 := tx.Owe(ctx, o)
		claimed, err4 := tx.ClaimDeliveries(ctx, time.Now(), time.Now().Add(time.Minute), 1, 10, nil)
		if d := o.Deliveries[0]; !d.LeasedUntil.IsZero() || len(claimed) != 0 {
			t.Errorf("b was given what is owed to a URL that a has parked: %+v, %+v", o, claimed)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	if err != nil {
		t.Fatal(err)
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
