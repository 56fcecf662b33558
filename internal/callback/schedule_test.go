package callback

import (
	"testing"
	"time"
)

func TestScheduleIsABurstThenATail(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	tail := []time.Duration{0, 1 * time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second} // the burst
	for _, interval := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * h, 5 * h, 10 * h, 12 * h, 12 * h, 12 * h, 12 * h} {
		tail = append(tail, tail[len(tail)-1]+interval)
	}
	tail = append(tail, 72*h)
	for _, tt := range []struct {
		name     string
		schedule schedule
		random   float64
		took     time.Duration // by each attempt
		want     []time.Duration
	}{
		{"attempts that fail at once", schedule{}, 0, 0, tail},
		{"the burst alone without tail", schedule{tailOff: true}, 0, 0, tail[:6]},
		{"intervals count from the end of an attempt", schedule{tailOff: true}, 0, 5 * time.Second,
			[]time.Duration{0, 6 * time.Second, 12 * time.Second, 18 * time.Second, 24 * time.Second, 30 * time.Second}},
		{"jitter stretches the burst by a fifth at most", schedule{tailOff: true}, 0.5, 0,
			[]time.Duration{0, 1100 * time.Millisecond, 2200 * time.Millisecond, 3300 * time.Millisecond, 4400 * time.Millisecond, 5500 * time.Millisecond}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			occurred := time.Unix(1_700_000_000, 0)
			due, ok := occurred, true
			for i, want := range tt.want {
				if got := due.Sub(occurred); !ok || got != want {
					t.Fatalf("attempt %d is due after %v, %t; want %v", i+1, got, ok, want)
				}
				due, ok = tt.schedule.next(i+1, occurred, due.Add(tt.took), 0, tt.random)
			}
			if ok {
				t.Errorf("attempt %d is due after %v, want none", len(tt.want)+1, due.Sub(occurred))
			}
		})
	}
}

func TestTailJitterStaysWithinATenth(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	due, ok := schedule{}.next(6, now, now, 0, 0.999)
	if got := due.Sub(now); !ok || got <= 65*time.Second || got > 66*time.Second {
		t.Errorf("first attempt of the tail is due after %v, want between 65 s and 66 s", got)
	}
}

func TestTheLastAttemptIsNoLaterThanThreeDaysAfterTheEvent(t *testing.T) {
	t.Parallel()
	occurred := time.Unix(1_700_000_000, 0)
	for _, random := range []float64{0, 0.3, 0.999} {
		ended, made := occurred, 0
		for {
			due, ok := schedule{}.next(made+1, occurred, ended, 0, random)
			if !ok {
				break
			}
			if due.Before(ended) {
				t.Fatalf("attempt %d is due before the last one ended", made+2)
			}
			ended, made = due, made+1
		}
		if got := ended.Sub(occurred); got != 72*time.Hour {
			t.Errorf("random %v: last attempt after %v, want 72 h", random, got)
		}
	}
}

func TestAnEventOlderThanThreeDaysStillGetsItsBurst(t *testing.T) {
	t.Parallel()
	occurred := time.Unix(1_700_000_000, 0)
	now := occurred.Add(100 * time.Hour)
	if due, ok := (schedule{}).next(5, occurred, now, 0, 0); !ok || due != now.Add(time.Second) {
		t.Errorf("sixth attempt is due %v, %t; want a second later", due, ok)
	}
	if due, ok := (schedule{}).next(6, occurred, now, 0, 0); ok {
		t.Errorf("seventh attempt is due %v, want none", due)
	}
}

func TestTimeoutsAreFiveSecondsInTheBurstAndFifteenAfter(t *testing.T) {
	t.Parallel()
	for made, want := range map[int]time.Duration{0: 5 * time.Second, 5: 5 * time.Second, 6: 15 * time.Second, 40: 15 * time.Second} {
		if got := (schedule{}).timeout(made); got != want {
			t.Errorf("timeout after %d attempts = %v, want %v", made, got, want)
		}
	}
}
