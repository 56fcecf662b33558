package callback

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

func TestTheMostSpecificLimitCounts(t *testing.T) {
	t.Parallel()
	m := newLimits([]Limit{
		{Match: "*", Concurrency: 1}, {Match: "A.example.com", Concurrency: 2}, {Match: "HTTPS://a.example.com:443", Concurrency: 3},
		{Match: "http://b.example.com:8080", Concurrency: 4}, {Match: "[2001:DB8::1]", Concurrency: 5},
	})
	for url, want := range map[string]int{
		"http://a.example.com/hook":         2,
		"http://a.example.com:8080/":        2,
		"https://A.example.com/hook?x=1":    3,
		"https://a.example.com:444/":        2,
		"http://b.example.com:8080/":        4,
		"http://b.example.com/":             1,
		"https://[2001:db8::1]:444/":        5,
		"http://sub.a.example.com/":         1,
		"http://a.example.com.example.org/": 1,
	} {
		if got := m.of(live.Origin(url)).Concurrency; got != want {
			t.Errorf("%s has the limit %d, want %d", url, got, want)
		}
	}
	if got := newLimits(nil).of("http://a.example.com"); got != (Limit{}) {
		t.Errorf("without limits: %+v", got)
	}
	if got := m.concurrency(32); got != 32 {
		t.Errorf("highest concurrency %d, want 32", got)
	}
}

func TestABurstIsATenthOfASecondUnlessItIsSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit Limit
		want  int
	}{{Limit{Rate: 0.1}, 1}, {Limit{Rate: 10}, 1}, {Limit{Rate: 11}, 2}, {Limit{Rate: 1000}, 100}, {Limit{Rate: 1000, Burst: 3}, 3}} {
		if got := tt.limit.limiter().Burst(); got != tt.want {
			t.Errorf("burst of %+v: %d, want %d", tt.limit, got, tt.want)
		}
	}
	if (Limit{Concurrency: 3}).limiter() != nil {
		t.Error("there is a limiter without rate")
	}
}

// TestAttemptsStartAtTheRateOfTheirLimit has far more events than a receiver may be
// told of: the claims of what waits must neither be lost nor run ahead.
func TestAttemptsStartAtTheRateOfTheirLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rate   float64
		burst  int
		events int
	}{{0.1, 1, 20}, {0.5, 3, 40}, {4, 1, 500}, {40, 10, 3000}} {
		t.Run(fmt.Sprintf("%v a second, %d at once", tt.rate, tt.burst), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{Limits: []Limit{{Match: AnyReceiver, Rate: tt.rate, Burst: tt.burst}}})
				defer b.stop()
				var s sink
				defer b.net.serve(sinkAddress, &s)()
				for i := range tt.events {
					if i%2 == 0 {
						b.handOver(fmt.Sprint("s", i), hook)
					} else {
						b.owe(fmt.Sprint("s", i), hook)
					}
				}
				interval := time.Duration(float64(time.Second) / tt.rate)
				wait(time.Duration(tt.events) * interval)
				got := s.all()
				if len(got) != tt.events {
					t.Fatalf("%d requests for %d events", len(got), tt.events)
				}
				start := got[0].at
				for i, c := range got {
					want := time.Duration(max(i+1-tt.burst, 0)) * interval
					if at := c.at.Sub(start); at < want-time.Microsecond || at > want+time.Millisecond {
						t.Fatalf("request %d came after %v, want %v", i+1, at, want)
					}
				}
			})
		})
	}
}

func TestARateHoldsAcrossPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Limits: []Limit{{Match: "93.184.216.34", Rate: 0.1}}})
		defer b.stop()
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		var start time.Time
		for i := range 6 { // one after the other, each of an origin that has nothing else to do
			b.handOver("show", hook)
			if i == 0 {
				start = time.Now()
			}
			wait(3 * time.Second)
		}
		wait(time.Hour)
		for i, c := range s.all() {
			if at, want := c.at.Sub(start), time.Duration(i)*10*time.Second; at < want-time.Microsecond || at > want+time.Millisecond {
				t.Errorf("request %d came after %v, want %v", i+1, at, want)
			}
		}
		if n := len(s.all()); n != 6 {
			t.Errorf("%d requests, want 6", n)
		}
	})
}

func TestALimitedReceiverDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const other = "http://93.184.216.35/hook"
		b := newBench(t, Config{Workers: 4, Limits: []Limit{{Match: "http://93.184.216.34", Rate: 0.5, Concurrency: 1}}})
		defer b.stop()
		var limited, free sink
		defer b.net.serve(sinkAddress, &limited)()
		defer b.net.serve("93.184.216.35:80", &free)()
		for i := range 600 {
			b.owe(fmt.Sprint("s", i), hook)
		}
		wait(time.Second)
		for i := range 100 {
			at := time.Now()
			if i%2 == 0 {
				b.handOver("show", other)
			} else {
				b.owe("show", other)
			}
			wait(100 * time.Millisecond)
			if got := free.all(); len(got) != i+1 || got[i].at.Sub(at) > minPoll {
				t.Fatalf("event %d: %d arrived", i+1, len(got))
			}
		}
		if n := len(limited.all()); n != 6 {
			t.Errorf("%d requests in 11 s at the limited receiver, want 6", n)
		}
		asked := b.store.timesAsked()
		wait(20 * time.Second)
		if n := b.store.timesAsked() - asked; n > 60 {
			t.Errorf("the store was asked %d times in 20 s for 10 attempts", n)
		}
	})
}

func TestConcurrencyIsThatOfTheLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 100} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{Limits: []Limit{{Match: AnyReceiver, Concurrency: limit}}})
				defer b.stop()
				var running, most atomic.Int64
				defer b.net.serve(sinkAddress, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(100 * time.Millisecond)
					running.Add(-1)
				}))()
				for i := range 2000 {
					b.owe(fmt.Sprint("s", i), hook)
				}
				wait(5 * time.Minute)
				if got := most.Load(); got != int64(limit) || b.store.pending() != 0 {
					t.Errorf("%d attempts ran at a time, want %d; %d are pending", got, limit, b.store.pending())
				}
			})
		})
	}
}
