package callback

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkersStayForTheNextAttemptAndEndWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan outcome, 3)
		w := newWorkers(func(c *claim) outcome {
			time.Sleep(time.Second)
			return outcome{claim: c}
		}, ended)
		idle := func() int {
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.idle)
		}
		attempts := func(n int) {
			for range n {
				w.start(new(claim))
			}
			for range n {
				<-ended
			}
		}
		attempts(3)
		attempts(2)
		if n := idle(); n != 3 {
			t.Errorf("%d workers are idle after bursts of 3 and 2, want 3", n)
		}
		for range workerIdle/time.Second + 1 { // one at a time, always by the same worker
			attempts(1)
		}
		if n := idle(); n != 1 {
			t.Errorf("%d workers are idle although one was enough for %v, want 1", n, workerIdle)
		}
		time.Sleep(workerIdle + 1)
		synctest.Wait()
		if n := idle(); n != 0 {
			t.Errorf("%d workers are idle after %v without an attempt, want none", n, workerIdle)
		}
		w.start(new(claim))
		w.close()
		if len(ended) != 1 {
			t.Errorf("%d attempts had ended when the workers were closed, want 1", len(ended))
		}
	})
}
