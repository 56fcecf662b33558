package callback

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// known returns what is stored of the receiver of hook.
func (s *memStore) known() live.ReceiverHealth {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health[live.Origin(hook)]
}

func (s *memStore) timesSaved() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

func TestARestartGoesOnProbingAReceiverThatIsDown(t *testing.T) {
	t.Parallel()
	for _, orderly := range []bool{true, false} {
		t.Run(fmt.Sprintf("orderly end %v", orderly), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{})
				for i := range 100 {
					b.owe(fmt.Sprint("s", i), hook) // nobody listens
				}
				wait(5 * time.Minute)
				h := b.store.known()
				if !h.Probed() || h.Unanswered < breakAfter || h.Concurrency != minCap || h.FailedErr == "" || !h.Fails() {
					t.Fatalf("stored after five minutes: %+v", h)
				}
				if !orderly {
					b.store.setFault(func(*memTx) (error, bool) { return errKilled, false })
				}
				if err := b.stop(); err != nil {
					t.Fatal(err)
				}
				b.store.setFault(nil)
				dialled := b.net.dialled()
				again := run(t, b.store, b.net, Config{})
				defer again.stop()
				for i := range 100 {
					again.handOver(fmt.Sprint("n", i), hook)
				}
				wait(time.Minute)
				if n := b.net.dialled() - dialled; n > 1 {
					t.Errorf("%d attempts in the minute after the restart, want a probe at most", n)
				}
				if n := again.d.Stats().Probed; n != 1 {
					t.Errorf("%d receivers are probed, want 1", n)
				}
				var s sink
				defer b.net.serve(sinkAddress, &s)()
				wait(lastProbe + 2*time.Second)
				if n := b.store.pending(); n != 0 {
					t.Errorf("%d pending after the receiver was back", n)
				}
				if h := b.store.known(); h.Probed() || h.Fails() || again.d.Stats().Probed != 0 {
					t.Errorf("stored after it was back: %+v", h)
				}
			})
		})
	}
}

func TestARestartKeepsHowMuchAReceiverCanDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		slow := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(burstTimeout + time.Second) })
		shut := b.net.serve(sinkAddress, slow)
		for i := range 5 {
			b.owe(fmt.Sprint("s", i), hook)
		}
		wait(burstTimeout + time.Millisecond)
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
		shut()
		learned := b.store.known().Concurrency
		if learned >= firstCap {
			t.Fatalf("learned that %d attempts can run at a time", learned)
		}
		var s sink
		shut = b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.ServeHTTP(w, r)
			time.Sleep(4 * time.Second)
		}))
		defer shut()
		again := run(t, b.store, b.net, Config{})
		defer again.stop()
		for i := range 20 {
			again.owe(fmt.Sprint("n", i), hook)
		}
		wait(time.Second)
		if n := len(s.all()); n != learned {
			t.Errorf("%d attempts run after the restart, want %d", n, learned)
		}
	})
}

func TestHealthIsSavedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		fail := false
		s := sink{answer: func(received) int {
			if fail = !fail; fail {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}}
		defer b.net.serve(sinkAddress, &s)()
		for i := range 3000 { // for five minutes, every other attempt in vain
			b.handOver(fmt.Sprint("s", i), hook)
			wait(100 * time.Millisecond)
		}
		if n := b.store.timesSaved(); n < 10 || n > 22 {
			t.Errorf("saved %d times in five minutes, want twice each half a minute at most", n)
		}
		wait(6 * time.Hour) // until all have arrived
		saved := b.store.timesSaved()
		wait(time.Hour)
		if n := b.store.timesSaved(); n != saved {
			t.Errorf("saved %d times although nothing was attempted", n-saved)
		}
		b.handOver("last", hook)
		wait(time.Second)
		at := time.Now()
		b.handOver("last", hook)
		wait(time.Millisecond)
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
		if h := b.store.known(); h.SucceededAt.Before(at) && h.FailedAt.Before(at) {
			t.Errorf("the end did not save the last attempt: %+v", h)
		}
	})
}

// TestHealthIsSavedInSpiteOfAStoreThatFails has an Update that saves the health fail.
func TestHealthIsSavedInSpiteOfAStoreThatFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		written bool
	}{
		{"failed, not written", store.ErrUnavailable, false},
		{"failed, yet written", store.ErrUncertain, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{})
				defer b.stop()
				failed := 0
				b.store.setFault(func(tx *memTx) (error, bool) {
					if len(tx.health) == 0 || failed == 3 {
						return nil, false
					}
					failed++
					return tt.err, tt.written
				})
				for i := range 20 {
					b.owe(fmt.Sprint("s", i), hook) // nobody listens
				}
				wait(20 * time.Second)
				if h := b.store.known(); failed != 3 || !h.Probed() || b.d.Stats().Probed != 1 {
					t.Errorf("stored after %d failures: %+v", failed, h)
				}
			})
		})
	}
}

func TestAStoreThatCannotKeepHealthDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		b.store.setFault(func(tx *memTx) (error, bool) {
			if len(tx.health) > 0 {
				return store.ErrDamaged, false
			}
			return nil, false
		})
		d := b.handOver("show", hook)
		wait(time.Second)
		if got := b.store.delivery(d.ID); got.State != live.DeliveryDelivered {
			t.Errorf("delivery = %+v, want it recorded without the health", got)
		}
		start := time.Now()
		if err := b.stop(); err != nil || time.Since(start) > time.Second {
			t.Errorf("Run = %v after %v", err, time.Since(start))
		}
	})
}

func TestReceiversThatAnswerAreForgottenInMemory(t *testing.T) {
	t.Parallel()
	b, now := newHealthBook(), time.Unix(0, 0)
	well, ill := &line{origin: "http://well"}, &line{origin: "http://ill"}
	ill.breaker.wait = time.Second
	b.attempted(well, live.Attempt{Status: 200}, now)
	b.attempted(ill, live.Attempt{Err: "timeout"}, now)
	if list := b.take(); len(list) != 2 {
		t.Errorf("to be saved at once: %+v, want both", list)
	}
	now = now.Add(healthIdle + saveInterval)
	if !b.sweep(now) || b.receivers[well.origin] != nil || b.receivers[ill.origin] == nil {
		t.Errorf("known after a while: %v", b.receivers)
	}
	if list := b.take(); len(list) != 0 {
		t.Errorf("to be saved although nothing changed: %+v", list)
	}
	b.unsaved([]live.ReceiverHealth{{Origin: well.origin}, {Origin: ill.origin}})
	if list := b.take(); len(list) != 1 || list[0].Origin != ill.origin {
		t.Errorf("to be saved again: %+v", list)
	}
}

func TestARoundSavesABatch(t *testing.T) {
	t.Parallel()
	b := newHealthBook()
	for i := range saveBatch + 1 {
		b.attempted(&line{origin: fmt.Sprint(i)}, live.Attempt{Status: 200}, time.Unix(0, 0))
	}
	if n, m := len(b.take()), len(b.take()); n != saveBatch || m != 1 {
		t.Errorf("saved %d and %d", n, m)
	}
}

func TestABreakerIsRestoredWhateverTheClockDid(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for name, tt := range map[string]struct {
		stored live.ReceiverHealth
		want   breaker
	}{
		"closed":            {live.ReceiverHealth{Unanswered: 7}, breaker{unanswered: 7}},
		"open":              {live.ReceiverHealth{Unanswered: 12, ProbeWait: 8 * time.Second, ProbeAt: now.Add(time.Second)}, breaker{12, 8 * time.Second, now.Add(time.Second), false}},
		"due long ago":      {live.ReceiverHealth{Unanswered: 12, ProbeWait: time.Minute, ProbeAt: now.Add(-time.Hour)}, breaker{12, time.Minute, now.Add(-time.Hour), false}},
		"due in the future": {live.ReceiverHealth{Unanswered: 12, ProbeWait: time.Minute, ProbeAt: now.Add(time.Hour)}, breaker{12, time.Minute, now.Add(time.Minute), false}},
		"a longer wait":     {live.ReceiverHealth{Unanswered: 12, ProbeWait: time.Hour, ProbeAt: now.Add(time.Hour)}, breaker{12, lastProbe, now.Add(lastProbe), false}},
	} {
		var got breaker
		if got.restore(tt.stored, now); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestAnOpenBreakerIsRestoredFromSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tallylight.db")
	synctest.Test(t, func(t *testing.T) {
		net := newPipeNet()
		for life := range 3 {
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			before := net.dialled()
			b := run(t, s, net, Config{})
			for i := range 20 {
				b.d.HandOver(oweOnSQLite(t, s, fmt.Sprint("s", i)))
			}
			wait(time.Second / 2)
			if n := net.dialled() - before; life > 0 && n > 1 {
				t.Errorf("life %d began with %d attempts at a receiver that is down", life+1, n)
			}
			wait(time.Minute)
			if err := b.stop(); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
