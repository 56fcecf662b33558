package console

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// totalsAge is for how long totals are taken as current: counting reads many
	// rows.
	totalsAge = 10 * time.Second
	// totalsWindow is how long files count.
	totalsWindow = 24 * time.Hour
	// maxFilesCounted and maxDeliveriesCounted bound what is counted, deliveries for
	// each state.
	maxFilesCounted      = 100_000
	maxDeliveriesCounted = 10_000
)

// totals are those of all domains, counted once for all visitors.
type totals struct {
	mu      sync.Mutex
	current counted
}

// counted is what was counted at a time.
type counted struct {
	at          time.Time // zero: nothing was
	stored      []live.StoredTotal
	undelivered []live.UndeliveredTotal
}

// read returns the totals, counted at most totalsAge ago.
func (t *totals) read(ctx context.Context, st stateStore, now time.Time) (counted, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := now.Sub(t.current.at); age >= 0 && age < totalsAge {
		return t.current, nil
	}
	c := counted{at: now}
	err := st.View(ctx, func(r store.Reader) (err error) {
		if c.stored, err = r.StoredTotals(ctx, now.Add(-totalsWindow), maxFilesCounted); err != nil {
			return err
		}
		c.undelivered, err = r.UndeliveredTotals(ctx, maxDeliveriesCounted)
		return err
	})
	if err != nil {
		return counted{}, fmt.Errorf("count files and deliveries: %w", err)
	}
	t.current = c
	return c, nil
}

// files sums up the files of domains.
func (c counted) files(domains []live.Domain) *fileCounts {
	var n fileCounts
	all := 0
	for _, s := range c.stored {
		all += s.Files
		if holds(domains, s.Domain) {
			n.Files += s.Files
			n.Size += s.Size
		}
	}
	n.More = all >= maxFilesCounted
	return &n
}

// deliveries sums up the deliveries of domains.
func (c counted) deliveries(domains []live.Domain) *deliveryCounts {
	var n deliveryCounts
	var pending, dead int
	for _, u := range c.undelivered {
		pending += u.Pending
		dead += u.Dead
		if holds(domains, u.Domain) {
			n.Pending += u.Pending
			n.Dead += u.Dead
		}
	}
	n.MorePending, n.MoreDead = pending >= maxDeliveriesCounted, dead >= maxDeliveriesCounted
	return &n
}
