package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// testClaimModel lets a store and a model of its deliveries do the same random
// things, and compares what they hand out.
func testClaimModel(t *testing.T, b Backend) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{s: b.Store, run: run, now: after(time.Duration(run) * 24 * time.Hour)}
		m.clear(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"add":     m.add,
			"wait":    m.wait,
			"claim":   m.claim,
			"finish":  m.finish,
			"release": m.release,
			"park":    m.park,
			"resume":  m.resume,
			"":        m.compareNextDue,
		})
	})
}

// A modelDelivery is what decides whether a delivery can be claimed.
type modelDelivery struct {
	live.Delivery
	free time.Time // due, or the end of the lease
}

// A model is a store's pending deliveries, and the clock.
type model struct {
	s       store.Store
	run     int // makes ids and streams of a run its own
	now     time.Time
	added   int
	pending []*modelDelivery // in the order in which they were added
	parked  []string         // URLs
}

func (m *model) update(t *rapid.T, fn func(ctx context.Context, tx store.Tx) error) {
	ctx := t.Context()
	if err := m.s.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// clear ends what an earlier run left pending.
func (m *model) clear(t *rapid.T) {
	m.update(t, func(ctx context.Context, tx store.Tx) error {
		if err := tx.ReleaseClaims(ctx); err != nil {
			return err
		}
		parked, err := tx.ParkedEndpoints(ctx)
		if err != nil {
			return err
		}
		for _, p := range parked {
			if err := tx.ResumeEndpoint(ctx, p.URL); err != nil {
				return err
			}
		}
		for {
			list, err := tx.ClaimDeliveries(ctx, m.now, m.now.Add(time.Second), -1, 100, nil) // all are in their tail
			if err != nil || len(list) == 0 {
				return err
			}
			for _, d := range list {
				d.State = live.DeliveryDead
				if err := tx.FinishAttempt(ctx, d, live.Attempt{}); err != nil {
					return err
				}
			}
		}
	})
}

// waits reports whether d must wait for an earlier one, or for its URL to be resumed.
func (m *model) waits(d *modelDelivery) bool {
	if slices.Contains(m.parked, d.URL) {
		return true
	}
	if d.Attempts > burst {
		return false
	}
	at := slices.Index(m.pending, d)
	for i, e := range m.pending {
		if e.Event.Key == d.Event.Key && e.URL == d.URL && e.Attempts <= burst &&
			(e.Event.Seq < d.Event.Seq || e.Event.Seq == d.Event.Seq && i < at) {
			return true
		}
	}
	return false
}

// claimable returns what could be claimed if it were due, the next first.
func (m *model) claimable(skip []string) []*modelDelivery {
	var list []*modelDelivery
	for _, d := range m.pending {
		if !m.waits(d) && !slices.Contains(skip, live.Origin(d.URL)) {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b *modelDelivery) int { return a.free.Compare(b.free) })
	return list
}

func (m *model) add(t *rapid.T) {
	key := live.StreamKey{Domain: "play.example.com", App: fmt.Sprint(m.run), Stream: rapid.SampledFrom([]string{"s", "t"}).Draw(t, "stream")}
	urls := rapid.SliceOfN(rapid.SampledFrom([]string{urlA, urlA2, urlB}), 0, 3).Draw(t, "urls")
	due := m.now.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "due")) * time.Second)
	m.update(t, func(ctx context.Context, tx store.Tx) error {
		m.added++
		e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(fmt.Sprintf("evt_%d_%d", m.run, m.added)), Key: key})
		if err != nil {
			return err
		}
		for i, url := range urls {
			d := live.Delivery{ID: live.DeliveryID(fmt.Sprintf("dlv_%d_%d_%d", m.run, m.added, i)),
				Event: e, URL: url, State: live.DeliveryPending, DueAt: due}
			if err := tx.AddDelivery(ctx, d); err != nil {
				return err
			}
			m.pending = append(m.pending, &modelDelivery{d, due})
		}
		return nil
	})
}

func (m *model) wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "seconds")) * time.Second)
}

var skips = [][]string{nil, nil, {live.Origin(urlA)}, {live.Origin(urlB)}, {live.Origin(urlA), live.Origin(urlB)}}

func (m *model) claim(t *rapid.T) {
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	skip := rapid.SampledFrom(skips).Draw(t, "skip")
	lease := m.now.Add(3 * time.Second)
	var want, got []live.DeliveryID
	for _, d := range m.claimable(skip) {
		if len(want) == limit || d.free.After(m.now) {
			break
		}
		want = append(want, d.ID)
		d.free = lease
	}
	m.update(t, func(ctx context.Context, tx store.Tx) error {
		list, err := tx.ClaimDeliveries(ctx, m.now, lease, burst, limit, skip)
		for _, d := range list {
			got = append(got, d.ID)
		}
		return err
	})
	if !slices.Equal(got, want) {
		t.Fatalf("claim of %d but of %q:\n got %v\nwant %v", limit, skip, got, want)
	}
}

// finish ends an attempt, be it of a delivery that nobody holds.
func (m *model) finish(t *rapid.T) {
	if len(m.pending) == 0 {
		t.Skip("nothing is pending")
	}
	d := rapid.SampledFrom(m.pending).Draw(t, "delivery")
	d.State = rapid.SampledFrom([]live.DeliveryState{live.DeliveryPending, live.DeliveryPending, live.DeliveryDelivered, live.DeliveryDead}).Draw(t, "state")
	d.Attempts += rapid.IntRange(1, 2).Draw(t, "attempts")
	d.DueAt = m.now.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "delay")) * time.Second)
	d.free = d.DueAt
	m.update(t, func(ctx context.Context, tx store.Tx) error {
		return tx.FinishAttempt(ctx, d.Delivery, live.Attempt{Delivery: d.ID, Number: d.Attempts})
	})
	if d.State != live.DeliveryPending {
		m.pending = slices.DeleteFunc(m.pending, func(e *modelDelivery) bool { return e == d })
	}
}

func (m *model) release(t *rapid.T) {
	m.update(t, func(ctx context.Context, tx store.Tx) error { return tx.ReleaseClaims(ctx) })
	for _, d := range m.pending {
		d.free = d.DueAt
	}
}

func (m *model) park(t *rapid.T) {
	url := rapid.SampledFrom([]string{urlA, urlA2, urlB}).Draw(t, "url")
	m.update(t, func(ctx context.Context, tx store.Tx) error {
		return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: url, ParkedAt: m.now})
	})
	if !slices.Contains(m.parked, url) {
		m.parked = append(m.parked, url)
	}
}

func (m *model) resume(t *rapid.T) {
	if len(m.parked) == 0 {
		t.Skip("nothing is parked")
	}
	url := rapid.SampledFrom(m.parked).Draw(t, "url")
	m.update(t, func(ctx context.Context, tx store.Tx) error { return tx.ResumeEndpoint(ctx, url) })
	m.parked = slices.DeleteFunc(m.parked, func(s string) bool { return s == url })
}

func (m *model) compareNextDue(t *rapid.T) {
	for _, skip := range skips {
		var got, want time.Time
		if list := m.claimable(skip); len(list) > 0 {
			want = list[0].free
		}
		ctx := t.Context()
		err := m.s.View(ctx, func(r store.Reader) error {
			due, ok, err := r.NextDue(ctx, burst, skip)
			if ok {
				got = due
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) {
			t.Fatalf("next due but of %q: got %s, want %s", skip, got, want)
		}
	}
}
