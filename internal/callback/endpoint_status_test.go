package callback

import (
	"reflect"
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestTheNodeThatTriedLastTellsHowAReceiverDoes(t *testing.T) {
	t.Parallel()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	const a, b = "http://a.example.com", "http://b.example.com"
	got := healthOfAll([]live.ReceiverHealth{
		{Origin: a, Node: "1", ProbeWait: time.Minute, Unanswered: 12, SucceededAt: at(1), FailedAt: at(9), FailedErr: "timeout"},
		{Origin: a, Node: "2", Concurrency: 8, SucceededAt: at(20), FailedAt: at(5), FailedStatus: 503},
		{Origin: a, Node: "3", Concurrency: 2, SucceededAt: at(10)},
		{Origin: b, Node: "3", FailedAt: at(2), FailedStatus: 404},
	})
	want := map[string]live.ReceiverHealth{
		a: {Origin: a, Concurrency: 8, SucceededAt: at(20), FailedAt: at(9), FailedErr: "timeout"},
		b: {Origin: b, FailedAt: at(2), FailedStatus: 404},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("healthOfAll:\n got %+v\nwant %+v", got, want)
	}
}
