package callback

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
)

// claims returns claims named a1, a2, … of origin "a".
func claims(origin string, n int) []claim {
	list := make([]claim, n)
	for i := range list {
		list[i] = claim{Delivery: live.Delivery{ID: live.DeliveryID(fmt.Sprint(origin, i+1))}, origin: origin, startBy: time.Unix(100, 0)}
	}
	return list
}

func started(q *queue, now time.Time) (list []claim, names string) {
	for c, ok := q.next(now); ok; c, ok = q.next(now) {
		list = append(list, c)
		names += string(c.ID) + " "
	}
	return list, strings.TrimSpace(names)
}

func TestOriginsTakeTurnsUpToTheirLimit(t *testing.T) {
	t.Parallel()
	q := newQueue(5, 2)
	for _, c := range append(claims("a", 4), claims("b", 3)...) {
		q.add(c)
	}
	now := time.Unix(50, 0)
	running, names := started(q, now)
	if names != "a1 b1 a2 b2" {
		t.Fatalf("started %s, want two of each in turn", names)
	}
	q.add(claims("c", 2)[0])
	q.add(claims("c", 2)[1])
	if _, names := started(q, now); names != "c1" {
		t.Errorf("started %s, want c1 with the last worker", names)
	}
	q.done(running[0]) // a1
	if _, names := started(q, now); names != "c2" {
		t.Errorf("started %s, want c2, whose turn it is", names)
	}
	q.done(running[2]) // a2
	if _, names := started(q, now); names != "a3" {
		t.Errorf("started %s, want a3", names)
	}
}

func TestOriginsWithEnoughClaimsAreBusy(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2)
	list := claims("a", 2)
	q.add(list[0])
	if busy := q.busy(); busy != nil {
		t.Errorf("busy = %v with one claim of two", busy)
	}
	q.add(list[1])
	if busy := fmt.Sprint(q.busy()); busy != "[a]" {
		t.Errorf("busy = %s, want a", busy)
	}
	running, _ := started(q, time.Unix(50, 0))
	if busy := fmt.Sprint(q.busy()); busy != "[a]" {
		t.Errorf("busy = %s while both run, want a", busy)
	}
	q.done(running[0])
	q.done(running[1])
	if busy := q.busy(); busy != nil || len(q.origins) != 0 || len(q.held) != 0 || q.running != 0 {
		t.Errorf("queue is not empty at the end: %+v", q)
	}
}

func TestAClaimWhoseLeaseRunsOutIsNotStarted(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2)
	list := claims("a", 3)
	list[2].startBy = time.Unix(200, 0)
	for _, c := range list {
		q.add(c)
	}
	if _, names := started(q, time.Unix(101, 0)); names != "a3" {
		t.Errorf("started %s, want a3 alone", names)
	}
	q.add(list[0])
	if len(q.held) != 2 {
		t.Errorf("a dropped claim is still held: %v", q.held)
	}
}

func TestADeliveryIsHeldOnce(t *testing.T) {
	t.Parallel()
	q := newQueue(8, 2)
	c := claims("a", 1)[0]
	q.add(c)
	q.add(c)
	now := time.Unix(50, 0)
	if _, names := started(q, now); names != "a1" {
		t.Errorf("started %s, want a1 once", names)
	}
	q.add(c)
	if _, names := started(q, now); names != "" {
		t.Errorf("started %s while it runs", names)
	}
	q.done(c)
	q.add(c)
	if _, names := started(q, now); names != "a1" {
		t.Errorf("started %q after it was done, want a1 again", names)
	}
}
