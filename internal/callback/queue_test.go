package callback

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
)

// claims returns claims named a1, a2, … of origin "a".
func claims(origin string, n int) []*claim {
	list := make([]*claim, n)
	for i := range list {
		list[i] = &claim{Delivery: live.Delivery{ID: live.DeliveryID(fmt.Sprint(origin, i+1))}, origin: origin, startBy: time.Unix(100, 0)}
	}
	return list
}

func started(q *queue, now time.Time) (list []*claim, names string) {
	for c := q.next(now); c != nil; c = q.next(now) {
		list = append(list, c)
		names += string(c.ID) + " "
	}
	return list, strings.TrimSpace(names)
}

// finish ends the attempt at c, and its record.
func finish(q *queue, c *claim) {
	l := q.ended(c)
	q.forget(c)
	q.giveTurn(l)
	q.tidy(l)
}

func addAll(q *queue, list ...*claim) {
	for _, c := range list {
		q.add(c)
	}
}

func TestOriginsTakeTurnsUpToTheirPace(t *testing.T) {
	t.Parallel()
	q := newQueue(5, 2)
	addAll(q, claims("a", 4)...)
	addAll(q, claims("b", 3)...)
	now := time.Unix(50, 0)
	running, names := started(q, now)
	if names != "a1 b1 a2 b2" {
		t.Fatalf("started %s, want two of each in turn", names)
	}
	addAll(q, claims("c", 2)...)
	if _, names := started(q, now); names != "c1" {
		t.Errorf("started %s, want c1 with the last worker", names)
	}
	finish(q, running[0]) // a1
	if _, names := started(q, now); names != "c2" {
		t.Errorf("started %s, want c2, whose turn it is", names)
	}
	finish(q, running[2]) // a2
	if _, names := started(q, now); names != "a3" {
		t.Errorf("started %s, want a3", names)
	}
}

func TestRepeatedAttemptsHaveAQuarterOfTheWorkers(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 32)
	for _, origin := range []string{"a", "b", "c"} {
		for _, c := range claims(origin, 3) {
			c.Attempts = 1
			q.add(c)
		}
	}
	now := time.Unix(50, 0)
	running, names := started(q, now)
	if names != "a1 b1" {
		t.Fatalf("started %s, want two of eight", names)
	}
	addAll(q, claims("d", 8)...)
	if _, names := started(q, now); names != "d1 d2 d3 d4 d5 d6" {
		t.Errorf("started %s, want first attempts with all the others", names)
	}
	finish(q, running[0])
	if _, names := started(q, now); names != "c1" {
		t.Errorf("started %s, want the retry whose turn it is", names)
	}
}

func TestOriginsOfWhichEnoughWaitsAreFull(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2) // so that twice waitingPerWorker may wait
	addAll(q, claims("a", waitingPerWorker-1)...)
	if full := q.full(); full != nil {
		t.Errorf("full = %v, one short of it", full)
	}
	q.add(claims("a", waitingPerWorker)[waitingPerWorker-1])
	if full := fmt.Sprint(q.full()); full != "[a]" {
		t.Errorf("full = %s, want a", full)
	}
	for len(q.held) > 0 {
		running, _ := started(q, time.Unix(50, 0))
		for _, c := range running {
			finish(q, c)
		}
		if l := q.origins["a"]; l != nil && l.low() {
			l.left = false // as the dispatcher does when it refills
		}
	}
	if q.running != 0 || len(q.held) != 0 {
		t.Errorf("queue is not empty at the end: %+v", q)
	}
}

func TestAClaimWhoseLeaseRunsOutIsNotStarted(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2)
	list := claims("a", 3)
	list[2].startBy = time.Unix(200, 0)
	addAll(q, list...)
	if _, names := started(q, time.Unix(101, 0)); names != "a3" {
		t.Errorf("started %s, want a3 alone", names)
	}
	if q.holds(list[0].ID) || !q.holds(list[2].ID) {
		t.Errorf("held: %v, want a3 alone", q.held)
	}
}

func TestADeliveryIsHeldUntilItsOutcomeIsRecorded(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2)
	c := claims("a", 1)[0]
	q.add(c)
	started(q, time.Unix(50, 0))
	q.ended(c)
	if !q.holds(c.ID) {
		t.Error("it is not held although its outcome is not recorded")
	}
	q.forget(c)
	if q.holds(c.ID) {
		t.Error("it is held although its outcome is recorded")
	}
}

func TestAPaceGrowsWithAnswersAndShrinksWithoutThem(t *testing.T) {
	t.Parallel()
	p := newPace(32)
	for range 100 {
		p.faster(p.cap)
	}
	if p.cap != 32 {
		t.Errorf("cap = %d after many answers, want 32", p.cap)
	}
	for _, want := range []int{16, 8, 4, 2, 1, 1} {
		if p.slower(); p.cap != want {
			t.Errorf("cap = %d, want %d", p.cap, want)
		}
	}
	for range 100 {
		p.faster(1)
	}
	if p.cap != firstCap {
		t.Errorf("cap = %d after answers to single attempts, want %d", p.cap, firstCap)
	}
}

func TestABreakerOpensAndProbesEverMoreSeldom(t *testing.T) {
	t.Parallel()
	var b breaker
	now := time.Unix(0, 0)
	for i := range breakAfter {
		if opened := b.silent(now); opened != (i == breakAfter-1) {
			t.Fatalf("silence %d: opened = %v", i+1, opened)
		}
	}
	wait := firstProbe
	for range 12 {
		if b.due(now.Add(wait - 1)) {
			t.Fatalf("a probe is due before %v", wait)
		}
		now = now.Add(wait)
		if !b.due(now) {
			t.Fatalf("no probe is due after %v", wait)
		}
		b.probe(now)
		if b.due(now) {
			t.Fatal("two probes at a time")
		}
		b.silent(now)
		b.silent(now) // one that was under way
		wait = min(2*wait, lastProbe)
	}
	if !b.answered() || !b.closed() || b.answered() {
		t.Error("an answer does not close the breaker once")
	}
}
