package callback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// mannerOf returns how the receiver at an address behaves now.
func (t *trial) mannerOf(address string) manner {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.manners[address]
}

// ServeHTTP is every receiver.
func (t *trial) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := t.mannerOf(r.Host)
	if m.refuses { // a connection from better times
		panic(http.ErrAbortHandler)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	req, err := t.arrived(r)
	if err != nil {
		t.fail("%s: %v", r.UserAgent(), err)
		return
	}
	select {
	case <-time.After(m.delay):
	case <-r.Context().Done():
		return
	}
	status := m.status(req.attempt)
	if m.breaks || status == 0 {
		panic(http.ErrAbortHandler)
	}
	t.mu.Lock()
	req.status, req.answered = status, time.Now()
	t.mu.Unlock()
	if m.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(m.retryAfter.Seconds())))
	}
	w.WriteHeader(status)
}

// arrived notes a request and says what rule it breaks.
func (t *trial) arrived(r *http.Request) (*modelRequest, error) {
	attempt, err := strconv.Atoi(r.Header.Get(wire.HeaderAttempt))
	if err != nil {
		return nil, err
	}
	url := "http://" + r.Host + r.URL.Path
	t.mu.Lock()
	d := t.byUse[url+" "+r.Header.Get(wire.HeaderWebhookID)]
	t.mu.Unlock()
	if d == nil {
		return nil, errors.New("nobody owed that event to this URL")
	}
	t.note("%s: %s, attempt %d", r.UserAgent(), d.name, attempt)
	var stored live.Delivery
	err = t.observer.View(context.Background(), func(rd store.Reader) error {
		var err error
		if stored, err = rd.Delivery(context.Background(), d.id); err != nil {
			return err
		}
		if err := t.inTurn(rd, d, stored); err != nil {
			return err
		}
		return asItAsked(rd, stored)
	})
	switch {
	case err != nil:
	case stored.State != live.DeliveryPending:
		err = fmt.Errorf("%s is %s", d.name, stored.State)
	case attempt != stored.NextAttempt():
		err = fmt.Errorf("%s: attempt %d, want %d", d.name, attempt, stored.NextAttempt())
	case r.Header.Get(wire.HeaderEventSeq) != strconv.FormatInt(stored.Event.Seq, 10):
		err = fmt.Errorf("%s: number %s in its stream, want %d", d.name, r.Header.Get(wire.HeaderEventSeq), stored.Event.Seq)
	case (r.Header.Get(wire.HeaderReplay) != "") != stored.Replayed():
		err = fmt.Errorf("%s: marked as a replay %q, replayed %t", d.name, r.Header.Get(wire.HeaderReplay), stored.Replayed())
	case time.Now().Before(stored.DueAt):
		err = fmt.Errorf("%s: %s before it was due", d.name, time.Until(stored.DueAt))
	}
	if err != nil {
		return nil, err
	}
	return t.keep(d, &modelRequest{life: r.UserAgent(), attempt: attempt})
}

// keep adds a request to those of its delivery. An attempt is made again only where
// the life that made it has ended before its outcome was recorded.
func (t *trial) keep(d *modelDelivery, r *modelRequest) (*modelRequest, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, before := range d.requests {
		if before.attempt != r.attempt {
			continue
		}
		if t.alive[before.life] {
			return nil, fmt.Errorf("%s: attempt %d comes again, and %s that made it has not ended", d.name, r.attempt, before.life)
		}
		t.tally.repeats++
	}
	t.tally.requests++
	d.requests = append(d.requests, r)
	return r, nil
}

// inTurn says whether a delivery in its burst came before an earlier one of its line
// that is in its burst, too.
func (t *trial) inTurn(r store.Reader, d *modelDelivery, stored live.Delivery) error {
	if stored.Attempts > burstRetries {
		return nil
	}
	t.mu.Lock()
	var line []*modelDelivery
	for _, o := range t.byUse {
		if o != d && o.url == d.url && o.event.Key == d.event.Key {
			line = append(line, o)
		}
	}
	t.mu.Unlock()
	for _, o := range line {
		other, err := r.Delivery(context.Background(), o.id)
		if errors.Is(err, live.ErrNotFound) {
			continue // pruned, or never committed
		}
		if err != nil {
			return err
		}
		sameLine := other.Replayed() == stored.Replayed() && !other.ReplayedAt.After(stored.ReplayedAt) // a later replay comes too late to be waited for
		if sameLine && other.Event.Seq < stored.Event.Seq && other.State == live.DeliveryPending && other.Attempts <= burstRetries {
			return fmt.Errorf("%s comes before %s", d.name, o.name)
		}
	}
	return nil
}

// asItAsked says whether a delivery in its tail comes sooner than the answer to the
// attempt before asked for.
func asItAsked(r store.Reader, stored live.Delivery) error {
	attempts, err := r.Attempts(context.Background(), stored.ID)
	if err != nil || stored.Attempts <= burstRetries || len(attempts) == 0 {
		return err
	}
	last := attempts[len(attempts)-1]
	from := last.StartedAt.Add(last.Elapsed + comeBack)
	if end := stored.ScheduledFrom().Add(tailEnd); from.After(end) {
		from = end
	}
	if last.Status == http.StatusTooManyRequests && time.Now().Before(from) {
		return fmt.Errorf("it comes %s too soon for a receiver that asked to wait", time.Until(from))
	}
	return nil
}

// finish has everything work again and sees that all that is owed comes to its end.
func (t *trial) finish() {
	t.note("STEP: all works from now on")
	t.mu.Lock()
	clear(t.manners)
	for _, address := range []string{addressA, addressB} {
		t.manners[address] = manners[0]
	}
	t.mu.Unlock()
	for _, n := range t.nodes {
		n.startAt = time.Now()
		if n.life != nil {
			n.life.setFates()
		}
	}
	// What is due by now may wait for a lease, a probe and those before it.
	due := time.Now()
	t.settle()
	t.pass(lastProbe + 2*live.DeliveryLease + time.Minute)
	t.each(func(d *modelDelivery, stored live.Delivery, _ []live.Attempt) {
		if stored.State == live.DeliveryPending && stored.DueAt.Before(due) {
			t.fail("%s is stuck: due %s ago, after %d attempts", d.name, time.Since(stored.DueAt), stored.Attempts)
		}
	})
	if t.failed() {
		return
	}
	leap{15 * time.Hour}.play(t) // the tail's longest step
	t.settle()
	t.pass(lastProbe + 2*live.DeliveryLease + time.Minute)
	t.each(t.ended)
}

// each calls fn with each delivery as it is in the store.
func (t *trial) each(fn func(d *modelDelivery, stored live.Delivery, attempts []live.Attempt)) {
	t.view(func(ctx context.Context, r store.Reader) error {
		for _, d := range t.owed {
			if d.pruned {
				continue
			}
			stored, err := r.Delivery(ctx, d.id)
			if errors.Is(err, live.ErrNotFound) {
				t.fail("%s is lost", d.name)
				continue
			}
			if err != nil {
				return err
			}
			attempts, err := r.Attempts(ctx, d.id)
			if err != nil {
				return err
			}
			fn(d, stored, attempts)
		}
		return nil
	})
}

// ended checks what became of a delivery.
func (t *trial) ended(d *modelDelivery, stored live.Delivery, attempts []live.Attempt) {
	if len(attempts) != stored.Earlier+stored.Attempts || len(attempts) == 0 {
		t.fail("%s: %d attempts are recorded, want %d", d.name, len(attempts), stored.Earlier+stored.Attempts)
		return
	}
	for i, a := range attempts {
		answered := slices.ContainsFunc(d.requests, func(r *modelRequest) bool { return r.attempt == a.Number && r.status == a.Status })
		switch {
		case a.Number != i+1:
			t.fail("%s: attempt %d stands where %d is wanted", d.name, a.Number, i+1)
		case a.Status != 0 && !answered:
			t.fail("%s: attempt %d was not answered %d", d.name, a.Number, a.Status)
		}
	}
	last := attempts[len(attempts)-1]
	switch stored.State {
	case live.DeliveryDelivered:
		if !succeeded(last) || !d.taken(stored.ReplayedAt) {
			t.fail("%s is said to be delivered, and nobody has taken it", d.name)
		}
	case live.DeliveryDead:
		t.tally.dead++
		end := stored.ScheduledFrom().Add(tailEnd)
		if t.script.tailOff {
			end = stored.ScheduledFrom()
		}
		if succeeded(last) || stored.Attempts <= burstRetries || last.StartedAt.Add(last.Elapsed).Before(end.Add(-time.Microsecond)) {
			t.fail("%s was given up early: %d attempts, the last at %s", d.name, stored.Attempts, last.StartedAt)
		}
	default:
		t.fail("%s is still %s after %d attempts, due at %s", d.name, stored.State, stored.Attempts, stored.DueAt)
	}
}
