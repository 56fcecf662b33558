package live

import (
	"testing"
	"time"
)

func TestEventIDsSortAroundATime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	bound := EventIDsFrom(at)
	for _, d := range []time.Duration{time.Millisecond, time.Second, 24 * time.Hour, 20 * 365 * 24 * time.Hour} {
		if before, after := NewEventID(at.Add(-d)), NewEventID(at.Add(d)); before >= bound || after < bound {
			t.Errorf("%s: %s, %s and %s do not sort", d, before, bound, after)
		}
	}
	if id := NewEventID(at); id < bound || len(id) != len(bound) {
		t.Errorf("%s sorts before %s", id, bound)
	}
	if EventIDsFrom(time.Time{}) > EventIDsFrom(time.UnixMilli(1)) {
		t.Error("the zero time is not the first")
	}
}

func TestDeliveriesOfAnEventHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	id := EventID("evt_1")
	if got := id.EndpointDeliveryID("end_2"); got != "dlv_1_2" || got == id.DeliveryID() {
		t.Errorf("got %s", got)
	}
}
